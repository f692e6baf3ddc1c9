use std::fmt;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::Instant;
use tonic::{Code, Status};

use super::id::RequestId;
use super::kind::{Kind, Side};
use super::name::CallName;
use super::received::RequestMessages;

/// How a call ended, apart from its status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The call returned `OK`. If the response is a stream, it was read to its end.
    Ok,
    /// The call ended with a status other than `OK`.
    Error,
    /// The other side went away, or the call was dropped, before the whole response was sent or received.
    Cancelled,
    /// The handler, its response stream or an inner interceptor panicked.
    Panicked,
}

impl Outcome {
    /// `ok`, `error`, `cancelled` or `panicked`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The end of a call, as [`Next::observe`](crate::Next::observe) reports it.
#[derive(Clone, Copy)]
pub struct End<'a> {
    name: &'a CallName,
    outcome: Outcome,
    status: Option<&'a Status>,
    elapsed: Duration,
    waited: Duration,
    messages: u64,
    request_messages: Option<u64>,
    attempts: u32,
    sent: bool,
}

impl End<'_> {
    /// How the call ended, apart from its status code.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The final status code: `OK`, the code of the error, `CANCELLED` for a call that was dropped or cancelled, `INTERNAL` for a panic.
    #[must_use]
    pub fn code(&self) -> Code {
        match (self.outcome, self.status) {
            (Outcome::Ok, _) => Code::Ok,
            (Outcome::Panicked, _) => Code::Internal,
            (Outcome::Cancelled, _) => Code::Cancelled,
            (Outcome::Error, status) => status.map_or(Code::Unknown, Status::code),
        }
    }

    /// The status, if the call ended with an error. Also the status of a panic that `catch_panic` caught.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        self.status
    }

    /// The time since the call reached the observer.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The time without the waits for the sender of the request stream. Measured only after
    /// [`Call::measure_waits`](crate::Call::measure_waits).
    #[doc(hidden)]
    #[must_use]
    pub fn elapsed_without_waits(&self) -> Duration {
        self.elapsed.saturating_sub(self.waited)
    }

    /// How many attempts the call took. 1 if there was no retry.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many response messages were sent or received. 0 or 1 for a single response.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many messages of a request stream the handler has read, or the client has sent. 1 if there is no request stream. 0 for the request streams
    /// of a hand-written client, which cannot be counted.
    #[must_use]
    pub fn request_messages(&self) -> u64 {
        self.request_messages.unwrap_or(0)
    }

    /// The same. `None` if the type of the request stream does not tell.
    #[doc(hidden)]
    #[must_use]
    pub fn known_request_messages(&self) -> Option<u64> {
        self.request_messages
    }

    /// Whether the kind of the call is known. A channel knows it only from a descriptor set.
    #[doc(hidden)]
    #[must_use]
    pub fn knows_kind(&self) -> bool {
        self.name.plan().knows_kind()
    }

    /// Whether the request of the last attempt has left the interceptors. If not, the end says nothing about the
    /// server.
    #[doc(hidden)]
    #[must_use]
    pub fn is_sent(&self) -> bool {
        self.sent
    }

    /// The address of the caller, if `client_ip` found one. It may be listed before or after the observing entry.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.name.client_ip()
    }

    /// The names of the call.
    #[doc(hidden)]
    #[must_use]
    pub fn name(&self) -> &CallName {
        self.name
    }

    /// The ID that `request_id` gave the call. It may be listed before or after the observing entry.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.name.request_id()
    }

    /// The full path of the call, such as `/user.v1.UserService/Login`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.name.path()
    }

    /// The full name of the service.
    #[must_use]
    pub fn service(&self) -> &str {
        self.name.service()
    }

    /// The name of the RPC.
    #[must_use]
    pub fn method(&self) -> &str {
        self.name.method()
    }

    /// Which of the four kinds of RPC this was.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.name.kind()
    }

    /// Whether the call was received by a service or made by a client.
    #[doc(hidden)]
    #[must_use]
    pub fn side(&self) -> Side {
        self.name.side()
    }
}

impl fmt::Debug for End<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("path", &self.path())
            .field("outcome", &self.outcome)
            .field("code", &self.code())
            .field("elapsed", &self.elapsed)
            .field("messages", &self.messages)
            .field("request_messages", &self.request_messages)
            .finish_non_exhaustive()
    }
}

/// Gets the end of a call. Implemented for `FnOnce(&End<'_>)`.
///
/// Give one to [`Next::observe`](crate::Next::observe) to count, measure or log calls in an interceptor of your own.
///
/// It is called exactly once, and then dropped. It may be called while a panic unwinds, so it should not panic itself; its own panic is lost then.
///
/// ```
/// use interceptors::{Call, End, Interceptor, Next, Observer};
/// use tonic::{Response, Status};
///
/// struct Printed(String);
///
/// impl Observer for Printed {
///     fn end(self, end: &End<'_>) {
///         println!("{}: {} ended with {:?}", self.0, end.path(), end.code());
///     }
/// }
///
/// struct Print;
///
/// impl<Req: Send, Res: Send> Interceptor<Req, Res> for Print {
///     async fn intercept(
///         &self,
///         call: &mut Call<Req>,
///         next: &mut impl Next<Req, Res>,
///     ) -> Result<Response<Res>, Status> {
///         next.observe(call, Printed("audit".to_owned())).await
///     }
/// }
/// ```
pub trait Observer: Send + 'static {
    /// The call has ended.
    fn end(self, end: &End<'_>);
}

impl<F: FnOnce(&End<'_>) + Send + 'static> Observer for F {
    fn end(self, end: &End<'_>) {
        self(end);
    }
}

/// How a response stream ended. Each observer then adds its own elapsed time.
pub(crate) struct StreamEnd<'a> {
    pub(crate) name: &'a CallName,
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<&'a Status>,
    pub(crate) messages: u64,
    pub(crate) request_messages: RequestMessages,
    pub(crate) attempts: u32,
    pub(crate) sent: bool,
}

impl<'a> StreamEnd<'a> {
    pub(crate) fn since(&self, started: Instant) -> End<'a> {
        End {
            name: self.name,
            outcome: self.outcome,
            status: self.status,
            elapsed: started.elapsed(),
            waited: self.request_messages.waited(),
            messages: self.messages,
            request_messages: self.request_messages.count(),
            attempts: self.attempts,
            sent: self.sent,
        }
    }
}

/// Reports the end of a dropped call to observers. During a panic, a panic of an observer would abort the process, so
/// it is caught.
pub(crate) fn tell_in_drop(tell: impl FnOnce()) {
    let mut tell = Some(tell);
    tell_guarded(&mut || {
        if let Some(tell) = tell.take() {
            tell();
        }
    });
}

/// In its own function, so that it is compiled once and not for each message type.
fn tell_guarded(tell: &mut dyn FnMut()) {
    if std::thread::panicking() {
        let _ = catch_unwind(AssertUnwindSafe(tell));
    } else {
        tell();
    }
}
