//! What becomes of streams when the token of their call expires.

use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use tokio::time::Instant;
use tonic::Status;

use crate::Call;
use crate::core::call::Parts;
use crate::core::end::Outcome;
use crate::core::layer::{Inner, Layer, Step};
use crate::core::name::CallName;
use crate::core::time::Limit;

/// How streams end then. Whoever reads it had a good token, so it may say what the matter is.
#[cold]
fn expired() -> Status {
    Status::unauthenticated("the token of this call has expired")
}

/// The moment at which the streams of the call end, `None` if it is too far away to be told.
///
/// The time of day is asked once: a clock that is set later, on this machine, does not move the moment.
#[cold]
#[allow(clippy::disallowed_methods)] // tokens expire by the time of day
pub(super) fn moment(expires_at: SystemTime) -> Result<Option<Instant>, Status> {
    match expires_at.duration_since(SystemTime::now()) {
        Ok(left) if !left.is_zero() => Ok(Instant::now().checked_add(left)),
        _ => Err(expired()),
    }
}

/// The request stream of the call, if it has one, ends then.
#[cold]
pub(super) fn end_requests<Req>(call: &mut Call<Req>, at: Instant) {
    let plan = call.plan();
    if !plan.knows_kind() || plan.kind().request_is_stream() {
        call.end_requests_at(at, expired);
    }
}

/// The response stream of the call, if it has one, ends then. It depends on no message, so it is compiled once.
#[cold]
pub(super) fn end_responses(
    Parts {
        details, layers, ..
    }: Parts<'_>,
    at: Instant,
) {
    let plan = details.plan();
    if plan.response_is_polled() {
        let until = UntilExpiry {
            limit: Limit::new(at),
            is_stream: plan.knows_kind(),
        };
        layers.push(until, Instant::now);
    }
}

/// Is around a response stream until its token expires.
struct UntilExpiry {
    limit: Limit,
    /// A message more would be one of a stream: where kinds are not known, the first may be the answer of a unary call.
    is_stream: bool,
}

impl Layer for UntilExpiry {
    fn wants_end(&self) -> bool {
        false
    }

    fn poll(&mut self, _: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        let polled = inner(cx);
        let is_stream = self.is_stream;
        let is_message = |step: &Step| is_stream && matches!(step, Step::Message | Step::Part);
        let Some(step) = ready!(self.limit.hold(polled, is_message, cx)) else {
            return Poll::Ready(Step::Cut(Outcome::Error, expired()));
        };
        self.is_stream |= matches!(step, Step::Message);
        Poll::Ready(step)
    }
}
