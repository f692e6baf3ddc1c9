//! Ends the streams of a call when its token expires.

use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use tokio::time::Instant;
use tonic::Status;

use crate::Call;
use crate::core::end::Outcome;
use crate::core::layer::{Inner, Layer, Layers, Node, Step};
use crate::core::name::CallName;
use crate::core::time::Limit;

/// The status of expired streams. The reader had a valid token, so the message may be specific.
#[cold]
fn expired() -> Status {
    Status::unauthenticated("the token of this call has expired")
}

/// The layer that ends a call's response stream. Boxed, because the future of each call has space for it and few calls
/// have one.
pub(super) type Until = Option<Box<Node<UntilExpiry>>>;

/// Ends the call's request stream when the token expires. Returns the layer that ends the response stream.
///
/// Reads the time of day once, so a later change of this machine's clock does not change the deadline.
#[cold]
#[allow(clippy::disallowed_methods)] // tokens expire by the time of day
pub(super) fn begin<Req>(call: &mut Call<Req>, expires_at: SystemTime) -> Result<Until, Status> {
    let now = Instant::now();
    let at = match expires_at.duration_since(SystemTime::now()) {
        Ok(left) if !left.is_zero() => now.checked_add(left),
        _ => return Err(expired()),
    };
    // `None` is too far in the future to represent.
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

/// Ends the call's response stream with this layer. Does not depend on the message, so it is compiled once.
#[cold]
pub(super) fn end_responses(layers: &mut Layers, until: Box<Node<UntilExpiry>>) {
    layers.push_node(until);
}

/// The layer around a response stream until its token expires.
pub(super) struct UntilExpiry {
    limit: Limit,
    /// Whether a message that comes after the expiry is cut off. Where kinds are not known, the first message may be
    /// the response of a unary call.
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
