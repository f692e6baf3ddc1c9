//! Types for the blind part of a policy, which is compiled once for the policy and not once for each method.
//!
//! The message, the future behind the policy and its response stay in the mount's frame. The interceptors get
//! [`Opaque`] instead of the message, and return [`OpaqueReply`]. The innermost link of their chain is `Behind`, which
//! calls the frame through a trait object. Nothing is allocated.

use std::any::Any;
use std::task::{Context, Poll};

use tonic::{Response, Status};

use super::abilities::{Abilities, AbilitiesOf, Count, KeptRequest, Resend};
use super::call::Call;
use super::details::CallDetails;

/// Placeholder for a message in the frame.
///
/// It has only auto traits, so that an interceptor with a bound on its message does not intercept it.
#[allow(
    missing_debug_implementations,
    reason = "an interceptor bounded on `Debug` wants the message"
)]
pub struct Opaque {
    /// The frame keeps a copy when it sends the message, because the message may be resent.
    pub(crate) is_kept: bool,
    /// The maximum size of the copy in bytes.
    limit: u32,
    /// The encoded length, if it matters.
    size: u32,
}

impl Opaque {
    /// A new placeholder for the same message, which was not sent.
    pub(crate) const fn again(&self) -> Self {
        Self { ..*self }
    }

    pub(crate) fn new(size: usize) -> Self {
        Self {
            is_kept: false,
            limit: 0,
            size: small(size),
        }
    }

    /// The maximum size of the copy in bytes.
    pub(crate) const fn limit(&self) -> usize {
        self.limit as usize
    }
}

/// Placeholder for a response message or stream in the frame.
#[allow(
    missing_debug_implementations,
    reason = "an interceptor bounded on `Debug` wants the message"
)]
pub struct OpaqueReply {
    /// Distinguishes the responses of several attempts.
    number: u32,
}

pub type OpaqueAnswer = Result<Response<OpaqueReply>, Status>;

impl OpaqueReply {
    pub(crate) const fn new(number: u32) -> Self {
        Self { number }
    }

    pub(crate) const fn number(&self) -> u32 {
        self.number
    }
}

/// No message is larger than 4 GiB.
fn small(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The frame makes the copy when it sends. All copies of the placeholder stand for the same message.
const RESEND: Resend<Opaque> = Resend {
    copy: |message, limit| {
        let limit = small(limit);
        if message.size > limit {
            return None;
        }
        message.limit = message.limit.max(limit);
        Some(Opaque {
            is_kept: std::mem::replace(&mut message.is_kept, true),
            ..*message
        })
    },
    kept: Some(|message| message),
};

impl KeptRequest for Opaque {
    fn share(&mut self) {
        self.is_kept = true;
    }

    fn is_whole(&mut self) -> bool {
        true
    }

    fn take_over(&mut self) -> bool {
        true
    }

    fn is_complete(&mut self, _: usize) -> bool {
        true
    }
}

/// The abilities of a message in a frame. The frame counts the messages of a stream, because it holds the stream.
pub(crate) const fn opaque(can_resend: bool, can_count: bool) -> AbilitiesOf<Opaque> {
    const COUNT: Count<Opaque> = |message, _| message;
    match (can_resend, can_count) {
        (false, false) => || Abilities::new(None, None),
        (true, false) => || Abilities::new(Some(RESEND), None),
        (false, true) => || Abilities::new(None, Some(COUNT)),
        (true, true) => || Abilities::new(Some(RESEND), Some(COUNT)),
    }
}

/// The state that a mount keeps for the blind part of its policy.
pub trait Frame: Send {
    /// Starts the future behind the policy with the call's current request.
    fn begin(&mut self, call: &mut Call<Opaque>) -> Result<Started, Status>;

    /// Polls the future, and drops it once it is ready. Without a context, drops it at once.
    fn poll(&mut self, call: &mut Call<Opaque>, cx: Option<&mut Context<'_>>)
    -> Poll<OpaqueAnswer>;

    /// Lets an entry of the list look at a message.
    fn look(&mut self, entry: usize, look: Look<'_>) -> Result<(), Status>;

    /// The request, if it is more than a single message.
    fn request(&mut self) -> Option<&mut dyn KeptRequest>;
}

/// What was started behind the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// The handler: its own calls inherit the deadline.
    Handler,
    /// The rest of the list.
    Rest,
}

/// An entry's look at a message in a frame.
#[allow(missing_debug_implementations)]
pub struct Look<'a> {
    pub call: &'a mut Call<Opaque>,
    pub at: Way,
    /// Receives what the look takes from the message.
    pub taken: &'a mut dyn Any,
}

/// The direction: to the handler, or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

impl Look<'_> {
    #[must_use]
    pub fn details(&self) -> &CallDetails {
        self.call
    }
}

/// A message for an entry to look at. `M` is the request type, and `B` the body type of the response.
#[allow(missing_debug_implementations)]
pub struct Seen<'a, M, B> {
    pub look: Look<'a>,
    pub request: &'a mut Option<M>,
    pub reply: &'a mut Option<B>,
}

impl<M, B> Seen<'_, M, B> {
    #[must_use]
    pub fn is_on_way_in(&self) -> bool {
        self.look.at == Way::In
    }
}

/// An interceptor that only looks at messages.
pub trait Looks<M, B> {
    /// Looks at the request or the response. It may reject either.
    fn look(&self, seen: Seen<'_, M, B>) -> Result<(), Status>;
}
