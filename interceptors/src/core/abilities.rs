use std::fmt;

use super::received::Received;

/// How a request is copied, to be sent again.
pub struct Resend<M> {
    /// A copy, unless more than so many bytes would have to be kept for it.
    pub copy: fn(&mut M, usize) -> Option<M>,
    /// What more there is to know of the request, if it is not one message.
    pub kept: Option<fn(&mut M) -> &mut dyn KeptRequest>,
}

/// A request that is kept to be sent once more, and is not one message.
pub trait KeptRequest {
    /// Its copies may be sent in any order, and each more than once.
    fn share(&mut self) {}

    /// Whether all of it is still there.
    fn is_whole(&mut self) -> bool;

    /// Takes it over from the attempt before. Whether all of it is still there to be sent.
    fn take_over(&mut self) -> bool;

    /// Whether all of it is here, and nothing is still to come.
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

/// Gives what can be done with a request. A call is moved about, and this is small.
pub(crate) type AbilitiesOf<Req> = fn() -> Abilities<Req>;

/// What can be done with a request; the attribute asks its type.
pub struct Abilities<Req> {
    /// Copies it, so that it can be sent again.
    pub(crate) resend: Option<Resend<Req>>,
    /// Counts the messages of the stream that it is.
    pub(crate) count: Option<Count<Req>>,
    /// How long it is on the wire.
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
    /// Of a request that can be sent again as `resend` says, and whose messages `count` counts.
    pub const fn new(resend: Option<Resend<Req>>, count: Option<Count<Req>>) -> Self {
        Self {
            resend,
            count,
            size_of: None,
        }
    }

    /// Of a request that takes space on the wire, which is not kept beyond a limit.
    #[must_use]
    pub const fn sized(mut self, size_of: Option<SizeOf<Req>>) -> Self {
        self.size_of = size_of;
        self
    }
}

/// The encoded length of a message.
pub type SizeOf<M> = fn(&M) -> usize;
