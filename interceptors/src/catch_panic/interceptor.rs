use std::fmt;
use std::pin::pin;
use std::task::{Context, Poll};

use tonic::{Response, Status};

use super::caught::Caught;
use super::panic::{Panic, PanicHandler, caught, log, report};
use crate::core::layer::{Inner, Layer, Step};
use crate::core::name::CallName;
use crate::{Call, Interceptor, Next, Outcome};

/// Writes panics to the log; see the [module documentation](super).
#[derive(Debug, Clone, Copy, Default)]
pub struct Logged;

impl PanicHandler for Logged {
    fn panicked(&self, panic: &Panic<'_>) {
        log(panic);
    }
}

/// Ends a call that panics with `INTERNAL`: the interceptor behind `catch_panic`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.guard)`, or to test other
/// interceptors together with it.
///
/// ```
/// use interceptors::catch_panic::{CatchPanic, Panic};
///
/// fn on_panic(panic: &Panic<'_>) {
///     eprintln!("{} panicked", panic.path());
/// }
///
/// let guard = CatchPanic::with_hook(&on_panic);
/// # let _ = guard;
/// ```
pub struct CatchPanic<'a, H = Logged> {
    handler: &'a H,
}

impl CatchPanic<'_> {
    /// Catches panics and logs them.
    #[must_use]
    pub const fn new() -> Self {
        Self { handler: &Logged }
    }
}

impl Default for CatchPanic<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, H: PanicHandler + Clone + 'static> CatchPanic<'a, H> {
    /// Catches panics and calls this hook instead of logging them.
    #[must_use]
    pub const fn with_hook(handler: &'a H) -> Self {
        Self { handler }
    }
}

impl<H> fmt::Debug for CatchPanic<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatchPanic").finish_non_exhaustive()
    }
}

impl<H, Req, Res> Interceptor<Req, Res> for CatchPanic<'_, H>
where
    H: PanicHandler + Clone + 'static,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        // `next` may also panic before it returns a future.
        let run = async { next.run(call).await };
        let caught = Caught::new(pin!(run)).await;
        match caught {
            Ok(answer) => {
                // The handler is cloned only for streams.
                if answer.is_ok() && call.plan().response_is_polled() {
                    call.push_layer(Guard(self.handler.clone()));
                }
                answer
            }
            Err(payload) => {
                call.set_panicked();
                let mut status = report(call.name(), payload, self.handler);
                // The panic skipped `request_id`, so the ID is added to the error here.
                call.name_answer(&mut status);
                Err(status)
            }
        }
    }
}

/// Catches panics of a response stream. If the handler has no size, as a function has none, the guard has none either,
/// and its box needs no allocation.
struct Guard<H>(H);

impl<H: PanicHandler + 'static> Layer for Guard<H> {
    fn poll(&mut self, call: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        caught(|| inner(cx)).unwrap_or_else(|payload| {
            let status = report(call, payload, &self.0);
            Poll::Ready(Step::Cut(Outcome::Panicked, status))
        })
    }

    fn wants_end(&self) -> bool {
        false
    }

    /// A panic of an inner observer is reported, but does not change how the call ended.
    fn within(&mut self, call: &CallName, run: &mut dyn FnMut()) {
        if let Err(payload) = caught(run) {
            report(call, payload, &self.0);
        }
    }
}
