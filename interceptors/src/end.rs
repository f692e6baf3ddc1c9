use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::Instant;
use tonic::{Code, Status};

use crate::call::{Call, CallDetails, CallPath, Kind};
use crate::deadline::exceeded;
use crate::id::RequestId;
use crate::inbound::{Received, RequestMessages};
use crate::layer::{Layer, Layers};
use crate::turn::now;

/// How a call ended, apart from its status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The handler answered, and a response stream was read to its end.
    Ok,
    /// The call was answered with a status other than `OK`.
    Error,
    /// The other side went away, or the call was given up, before it was answered in full.
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
    path: &'a CallPath,
    outcome: Outcome,
    status: Option<&'a Status>,
    elapsed: Duration,
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

    /// The final status code: `OK`, the code of the error, `CANCELLED` for a call that was given
    /// up, `INTERNAL` for a panic.
    #[must_use]
    pub fn code(&self) -> Code {
        match (self.outcome, self.status) {
            (Outcome::Ok, _) => Code::Ok,
            (Outcome::Panicked, _) => Code::Internal,
            (Outcome::Cancelled, _) => Code::Cancelled,
            (Outcome::Error, status) => status.map_or(Code::Unknown, Status::code),
        }
    }

    /// The status, where the call was answered with an error; also that of a panic which `catch_panic` caught.
    #[must_use]
    pub fn status(&self) -> Option<&Status> {
        self.status
    }

    /// The time since the observer began to watch.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How many attempts the call took: 1 where nothing was tried again.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How many response messages were handed over: 0 or 1 for a single response.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// How many messages of a request stream were taken: by the handler, or to be sent. 1 where there
    /// is no stream, and 0 for the streams of a hand-written stub, whose types do not tell.
    #[must_use]
    pub fn request_messages(&self) -> u64 {
        self.request_messages.unwrap_or(0)
    }

    pub(crate) fn known_request_messages(&self) -> Option<u64> {
        self.request_messages
    }

    pub(crate) fn is_of_channel(&self) -> bool {
        self.path.plan.is_of_channel()
    }

    /// Whether the request has gone beyond the interceptors: what they refuse says nothing of the server.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent
    }

    pub(crate) fn call_path(&self) -> &CallPath {
        self.path
    }

    /// The ID that `request_id` gave the call, whichever of the two was listed first.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.path.request_id()
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
        self.path.plan.kind()
    }

    pub(crate) fn side(&self) -> crate::Side {
        self.path.plan.side()
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

/// Whoever wants to know how a call ended. Implemented for `FnOnce(&End<'_>)`.
///
/// It is told exactly once, and dropped then. It may be told while a panic unwinds, so it should not
/// panic itself; what it panics with is lost there.
pub trait Observer: Send + 'static {
    /// The call has ended.
    fn end(self, end: &End<'_>);
}

impl<F: FnOnce(&End<'_>) + Send + 'static> Observer for F {
    fn end(self, end: &End<'_>) {
        self(end);
    }
}

/// How a response stream ended, before each watcher adds the time it has watched.
pub(crate) struct StreamEnd<'a> {
    pub(crate) path: &'a CallPath,
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
            path: self.path,
            outcome: self.outcome,
            status: self.status,
            elapsed: started.elapsed(),
            messages: self.messages,
            request_messages: self.request_messages.count(),
            attempts: self.attempts,
            sent: self.sent,
        }
    }
}

/// Tells observers of a call that is dropped. Where that is because something panics, a panic of
/// theirs would abort the process; there it is kept.
pub(crate) fn tell_in_drop(tell: impl FnOnce()) {
    let mut tell = Some(tell);
    tell_guarded(&mut || {
        if let Some(tell) = tell.take() {
            tell();
        }
    });
}

/// Apart, so that it is compiled once and not for each message.
fn tell_guarded(tell: &mut dyn FnMut()) {
    if std::thread::panicking() {
        let _ = catch_unwind(AssertUnwindSafe(tell));
    } else {
        tell();
    }
}

/// Holds a layer while the call runs, and tells it even if the call's future is dropped.
pub(crate) struct Watch<'a, Req, L: Layer> {
    pub(crate) call: &'a mut Call<Req>,
    watcher: Watcher<L>,
}

impl<'a, Req, L: Layer> Watch<'a, Req, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(call: &'a mut Call<Req>, layer: L) -> Self {
        call.count_received();
        Self {
            call,
            watcher: Watcher::new(layer),
        }
    }

    /// The chain has answered: that is the end, or the observer goes along with the stream.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn settle(mut self, error: Option<&Status>) {
        self.watcher.settle(self.call.parts(), error);
    }
}

impl<Req, L: Layer> Drop for Watch<'_, Req, L> {
    #[inline]
    fn drop(&mut self) {
        self.watcher.tell_of_drop(self.call.parts());
    }
}

// What follows depends on the layer at most, and where that is a type by itself it is compiled once and not for each method.

struct Watcher<L> {
    layer: Option<L>,
    started: Instant,
}

impl<L: Layer> Watcher<L> {
    #[inline]
    fn new(layer: L) -> Self {
        Self {
            layer: Some(layer),
            started: now(),
        }
    }

    #[inline]
    fn settle(&mut self, parts: Parts<'_>, error: Option<&Status>) {
        match error {
            Some(status) => {
                let outcome = match parts.details.has_panicked() && status.code() == Code::Internal
                {
                    true => Outcome::Panicked,
                    false => Outcome::Error,
                };
                self.tell(parts, outcome, Some(status), 0);
            }
            None if parts.details.kind().response_is_stream() => self.attach_to(parts.layers),
            None => self.tell(parts, Outcome::Ok, None, 1),
        }
    }

    fn tell(
        &mut self,
        mut parts: Parts<'_>,
        outcome: Outcome,
        status: Option<&Status>,
        messages: u64,
    ) {
        if let Some(mut layer) = self.layer.take() {
            // What was thrown away on its way here has ended too, and those further in before us.
            parts.abandon_stream();
            layer.end(&parts.end(outcome, status, messages).since(self.started));
        }
    }

    fn attach_to(&mut self, layers: &mut Layers) {
        if let Some(layer) = self.layer.take() {
            layers.push(layer, self.started);
        }
    }

    #[inline]
    fn tell_of_drop(&mut self, parts: Parts<'_>) {
        if self.layer.is_some() {
            tell_how_it_was_dropped(parts, &mut |parts, outcome, status| {
                self.tell(parts, outcome, status, 0);
            });
        }
    }
}

#[cold]
fn tell_how_it_was_dropped(
    parts: Parts<'_>,
    tell: &mut dyn FnMut(Parts<'_>, Outcome, Option<&Status>),
) {
    if std::thread::panicking() {
        tell_in_drop(|| tell(parts, Outcome::Panicked, None));
        return;
    }
    // Where the time was kept further out, this is how the call ends for its caller.
    if parts.details.has_run_out() {
        tell(parts, Outcome::Error, Some(&exceeded()));
        return;
    }
    tell(parts, Outcome::Cancelled, None);
}

/// What observers need of a call, whatever its message is.
pub(crate) struct Parts<'a> {
    pub(crate) details: &'a CallDetails,
    pub(crate) received: &'a Option<Received>,
    pub(crate) layers: &'a mut Layers,
}

impl<'a> Parts<'a> {
    /// How many request messages the handler has taken.
    pub(crate) fn request_messages(&self) -> RequestMessages {
        match self.received {
            Some(received) => received.messages(),
            None if self.details.kind().request_is_stream() => RequestMessages::Unknown,
            None => RequestMessages::One,
        }
    }

    /// A response stream that layers are around will not leave the chain.
    #[inline]
    pub(crate) fn abandon_stream(&mut self) {
        if !self.layers.is_empty() {
            self.abandon();
        }
    }

    #[cold]
    fn abandon(&mut self) {
        let mut layers = std::mem::take(self.layers);
        layers.end(&self.end(Outcome::Cancelled, None, 0));
    }

    fn end<'b>(
        &'b self,
        outcome: Outcome,
        status: Option<&'b Status>,
        messages: u64,
    ) -> StreamEnd<'b> {
        StreamEnd {
            path: &self.details.path,
            outcome,
            status,
            messages,
            request_messages: self.request_messages(),
            attempts: self.details.attempt(),
            sent: self.details.sent,
        }
    }
}
