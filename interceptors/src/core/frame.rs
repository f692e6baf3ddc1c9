//! The part of a policy that looks at no message is compiled once for the policy, not once for each method.
//!
//! The message, the future behind the policy and its answer stay in the frame of the mount. The interceptors get
//! [`Opaque`] in the place of the message, and answer with [`OpaqueReply`]. The innermost link of their chain is
//! `Behind`, which asks the frame through a trait object. Nothing is allocated.

use std::any::Any;
use std::task::{Context, Poll};

use tonic::{Response, Status};

use super::abilities::{Abilities, AbilitiesOf, Count, KeptRequest, Resend};
use super::call::Call;
use super::details::CallDetails;

/// Stands for a message that is in the frame.
///
/// It has no traits but the automatic ones, so that an interceptor with a bound on its message is none for this.
#[allow(
    missing_debug_implementations,
    reason = "an interceptor bounded on `Debug` wants the message"
)]
pub struct Opaque {
    /// The frame keeps the message when it is sent: it may be sent once more.
    pub(crate) is_kept: bool,
    /// How much may be kept of it, in bytes.
    limit: u32,
    /// How long it is on the wire, if that matters.
    size: u32,
}

impl Opaque {
    /// The same message once more: it was not sent.
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

    /// How much may be kept of it, in bytes.
    pub(crate) const fn limit(&self) -> usize {
        self.limit as usize
    }
}

/// Stands for a response message, or a response stream, that is in the frame.
#[allow(
    missing_debug_implementations,
    reason = "an interceptor bounded on `Debug` wants the message"
)]
pub struct OpaqueReply {
    /// Tells the answers of several attempts from each other.
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

/// The frame copies when it sends. The copy stands for the same message, and so do its own.
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

/// What can be done with a message that is in a frame. The frame counts the messages of a stream: it has the stream.
pub(crate) const fn opaque(can_resend: bool, can_count: bool) -> AbilitiesOf<Opaque> {
    const COUNT: Count<Opaque> = |message, _| message;
    match (can_resend, can_count) {
        (false, false) => || Abilities::new(None, None),
        (true, false) => || Abilities::new(Some(RESEND), None),
        (false, true) => || Abilities::new(None, Some(COUNT)),
        (true, true) => || Abilities::new(Some(RESEND), Some(COUNT)),
    }
}

/// What a mount holds for the part of its policy that looks at no message.
pub trait Frame: Send {
    /// Makes the future that is behind the policy, with what the call has now.
    fn begin(&mut self, call: &mut Call<Opaque>) -> Result<Begun, Status>;

    /// Polls that future, and drops it once it is ready; without a context it drops it at once.
    fn poll(&mut self, call: &mut Call<Opaque>, cx: Option<&mut Context<'_>>)
    -> Poll<OpaqueAnswer>;

    /// Lets an entry of the list look at a message.
    fn look(&mut self, entry: usize, look: Look<'_>) -> Result<(), Status>;

    /// The request, if there is more to know of it than that it can be copied.
    fn request(&mut self) -> Option<&mut dyn KeptRequest>;
}

/// What has begun behind the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The handler: calls that it makes inherit the deadline.
    Handler,
    /// The rest of the list.
    Rest,
}

/// A look at a message that is in a frame.
#[allow(missing_debug_implementations)]
pub struct Look<'a> {
    pub call: &'a mut Call<Opaque>,
    pub at: Way,
    /// Where a look leaves what it has taken out of the message.
    pub taken: &'a mut dyn Any,
}

/// On its way to the handler, or back.
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

/// A message that an entry looks at. `M` is the request, and `B` what the answer has in it.
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
    /// Looks at the request, or at the answer. It may refuse either.
    fn look(&self, seen: Seen<'_, M, B>) -> Result<(), Status>;
}
