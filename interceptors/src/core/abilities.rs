use std::fmt;

use super::received::Received;

/// How a request is copied in order to be resent.
pub struct Resend<M> {
    /// A copy of the request. `None` if it would need more than this many bytes.
    pub copy: fn(&mut M, usize) -> Option<M>,
    /// Further operations on a request that is not a single message.
    pub kept: Option<fn(&mut M) -> &mut dyn KeptRequest>,
}

/// A request that is kept to be resent and is not a single message.
pub trait KeptRequest {
    /// Allows copies to be sent in any order, and more than once.
    fn share(&mut self) {}

    /// Whether the kept request is still complete.
    fn is_whole(&mut self) -> bool;

    /// Takes the request over from the attempt before. Returns whether it is still complete.
    fn take_over(&mut self) -> bool;

    /// Whether the whole request has arrived.
    fn is_complete(&mut self, limit: usize) -> bool;
}

impl<M> fmt::Debug for Resend<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resend").finish_non_exhaustive()
    }
}

impl<M> Clone for Resend<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Resend<M> {}

/// Counts the messages of a request stream.
pub type Count<M> = fn(M, Received) -> M;

/// Returns the abilities of a request. A function pointer, because it is small and calls are moved.
pub(crate) type AbilitiesOf<Req> = fn() -> Abilities<Req>;

/// What can be done with a request. The attribute derives this from its type.
pub struct Abilities<Req> {
    /// Copies the request, so that it can be resent.
    pub(crate) resend: Option<Resend<Req>>,
    /// Counts the messages of a request stream.
    pub(crate) count: Option<Count<Req>>,
    /// The encoded length of the request.
    pub(crate) size_of: Option<SizeOf<Req>>,
}

impl<Req> fmt::Debug for Abilities<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Abilities").finish_non_exhaustive()
    }
}

impl<Req> Clone for Abilities<Req> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Req> Copy for Abilities<Req> {}

impl<Req> Abilities<Req> {
    /// The abilities of a request that `resend` copies and whose messages `count` counts.
    pub const fn new(resend: Option<Resend<Req>>, count: Option<Count<Req>>) -> Self {
        Self {
            resend,
            count,
            size_of: None,
        }
    }

    /// Adds the encoded length, for which a limit on kept requests applies.
    #[must_use]
    pub const fn sized(mut self, size_of: Option<SizeOf<Req>>) -> Self {
        self.size_of = size_of;
        self
    }
}

/// The encoded length of a message.
pub type SizeOf<M> = fn(&M) -> usize;
