use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use tonic::Status;

use crate::Kind;
use crate::core::id::RequestId;
use crate::core::name::CallName;

/// A caught panic.
pub struct Panic<'a> {
    path: &'a CallName,
    payload: &'a (dyn Any + Send),
    location: Option<&'a Location>,
}

impl<'a> Panic<'a> {
    /// The message of the panic, if it is text, as with `panic!("…")`.
    #[must_use]
    pub fn message(&self) -> Option<&'a str> {
        let text = self.payload.downcast_ref::<&'static str>().copied();
        text.or_else(|| self.payload.downcast_ref::<String>().map(String::as_str))
    }

    /// The value with which the code panicked, of any type.
    #[must_use]
    pub fn payload(&self) -> &'a (dyn Any + Send) {
        self.payload
    }

    /// Where the code panicked. `None` unless [`record_locations`] was called.
    #[must_use]
    pub fn location(&self) -> Option<&'a Location> {
        self.location
    }

    /// The full path of the call, such as `/user.v1.UserService/Login`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.path()
    }

    /// The full name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        self.path.service()
    }

    /// The name of the RPC.
    #[must_use]
    pub fn method(&self) -> &str {
        self.path.method()
    }

    /// Which of the four kinds of RPC this was.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.path.kind()
    }

    /// The ID that `request_id` gave the call. It may be listed before or after `catch_panic`.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.path.request_id()
    }
}

/// Leaves out the payload, which may hold anything.
impl fmt::Debug for Panic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic")
            .field("path", &self.path())
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}

/// The location of a panic, displayed as `src/users.rs:7:9`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    file: String,
    line: u32,
    column: u32,
}

impl Location {
    /// The path of the source file, as it was given to the compiler.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column, counted from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.column
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column } = self;
        write!(f, "{file}:{line}:{column}")
    }
}

/// Handles caught panics instead of logging them. Implemented for `Fn(&Panic<'_>)`.
///
/// It is cloned for each call with a response stream, so keep state behind an `Arc`. If the handler itself panics, the original panic is logged.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use interceptors::catch_panic::{Panic, PanicHandler};
///
/// #[derive(Clone, Default)]
/// struct Count(Arc<AtomicU64>);
///
/// impl PanicHandler for Count {
///     fn panicked(&self, panic: &Panic<'_>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///         eprintln!("{} panicked: {:?}", panic.path(), panic.message());
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0816] `{Self}` cannot handle panics",
    label = "does not implement `PanicHandler`",
    note = "name a function such as `fn on_panic(panic: &Panic<'_>)`, or implement `PanicHandler` for it"
)]
pub trait PanicHandler: Send + Sync {
    /// Called after a call has panicked.
    fn panicked(&self, panic: &Panic<'_>);
}

impl<F: Fn(&Panic<'_>) + Send + Sync> PanicHandler for F {
    fn panicked(&self, panic: &Panic<'_>) {
        self(panic);
    }
}

thread_local! {
    static LAST: RefCell<Option<Location>> = const { RefCell::new(None) };
}

static RECORDING: AtomicBool = AtomicBool::new(false);

/// Makes the location of later panics available to the log and to hooks.
///
/// It installs a panic hook that also runs the previous hook. Call it once, at the start of `main`, after you have set your own hooks. Further calls
/// do nothing.
///
/// ```
/// use interceptors::catch_panic;
///
/// fn main() {
///     catch_panic::record_locations();
///     // …
/// }
/// ```
///
/// # Panics
///
/// If the thread is panicking.
pub fn record_locations() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let location = info.location().map(|location| Location {
                file: location.file().to_owned(),
                line: location.line(),
                column: location.column(),
            });
            // A thread that is ending has no thread-local storage.
            let _ = LAST.try_with(|last| last.replace(location));
            before(info);
        }));
        RECORDING.store(true, Ordering::Relaxed);
    });
}

pub(super) type Payload = Box<dyn Any + Send>;

/// Runs code that may panic.
#[inline]
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Payload> {
    if RECORDING.load(Ordering::Relaxed) {
        // Clears the location of an earlier panic that was not reported.
        LAST.take();
    }
    catch_unwind(AssertUnwindSafe(run))
}

/// Reports a panic, and returns the status for the client.
#[cold]
pub(super) fn report(path: &CallName, payload: Payload, handler: &dyn PanicHandler) -> Status {
    let location = LAST.take();
    let panic = Panic {
        path,
        payload: &*payload,
        location: location.as_ref(),
    };
    // The handler may panic too, and so may dropping the payload.
    swallowed(|| handler.panicked(&panic)).unwrap_or_else(|()| {
        let _ = swallowed(|| log(&panic));
    });
    let _ = swallowed(|| drop(payload));
    Status::internal("internal error")
}

fn swallowed(run: impl FnOnce()) -> Result<(), ()> {
    catch_unwind(AssertUnwindSafe(run)).map_err(std::mem::forget)
}

pub(super) fn log(panic: &Panic<'_>) {
    let request_id = panic.request_id().map(RequestId::as_str);
    tracing::event!(
        target: "interceptors::catch_panic",
        tracing::Level::ERROR,
        grpc.service = panic.service(),
        grpc.method = panic.method(),
        request_id,
        exception.message = panic.message(),
        code.file.path = panic.location().map(Location::file),
        code.line.number = panic.location().map(Location::line),
        "a call panicked"
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::*;

    /// No other test of this process sets panic hooks.
    #[test]
    fn previous_panic_hook_still_runs() {
        const TEXT: &str = "for the hook";
        let told = Arc::new(AtomicU32::new(0));
        let (tell, others) = (Arc::clone(&told), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |info| match info.payload_as_str() {
            Some(TEXT) => _ = tell.fetch_add(1, Ordering::Relaxed),
            _ => others(info),
        }));
        for _ in 0..2 {
            record_locations();
        }
        assert!(caught(|| panic!("{TEXT}")).is_err());
        let place = LAST.take().expect("the place is known");
        assert_eq!(place.file(), file!());
        assert_eq!(told.load(Ordering::Relaxed), 1);
    }
}
