//! What becomes of streams when the token of their call expires.

use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use tokio::time::Instant;
use tonic::Status;

use crate::Call;
use crate::core::end::Outcome;
use crate::core::layer::{Inner, Layer, Layers, Node, Step};
use crate::core::name::CallName;
use crate::core::time::Limit;

/// How streams end then. Whoever reads it had a good token, so it may say what the matter is.
#[cold]
fn expired() -> Status {
    Status::unauthenticated("the token of this call has expired")
}

/// What ends the response stream of a call, in its box: the future of each call has room for it, and few have one.
pub(super) type Until = Option<Box<Node<UntilExpiry>>>;

/// The request stream of the call, if it has one, ends when the token expires. What is given ends the response stream.
///
/// The time of day is asked once: a clock that is set later, on this machine, does not move the moment.
#[cold]
#[allow(clippy::disallowed_methods)] // tokens expire by the time of day
pub(super) fn begin<Req>(call: &mut Call<Req>, expires_at: SystemTime) -> Result<Until, Status> {
    let now = Instant::now();
    let at = match expires_at.duration_since(SystemTime::now()) {
        Ok(left) if !left.is_zero() => now.checked_add(left),
        _ => return Err(expired()),
    };
    // `None` is too far away to be told.
    let Some(at) = at else {
        return Ok(None);
    };
    let plan = call.plan();
    if !plan.knows_kind() || plan.kind().request_is_stream() {
        call.end_requests_at(at, expired);
    }
    Ok(plan.response_is_polled().then(|| {
        let until = UntilExpiry {
            limit: Limit::new(at),
            is_stream: plan.knows_kind(),
        };
        Node::new(until, now)
    }))
}

/// The response stream of the call ends then. It depends on no message, so it is compiled once.
#[cold]
pub(super) fn end_responses(layers: &mut Layers, until: Box<Node<UntilExpiry>>) {
    layers.push_node(until);
}

/// Is around a response stream until its token expires.
pub(super) struct UntilExpiry {
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
