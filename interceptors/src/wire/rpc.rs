use std::future::Future;

use tonic::{Response, Status};

use super::Body;
use crate::core::call::Call;
use crate::core::chain::{Interceptor, Next};
use crate::mount::link::{Lent, Link, Made};

/// The call of a channel or a server, whose messages are encoded.
pub struct WireRpc;

impl WireRpc {
    /// Fails to compile at the caller's span where `I` does not intercept encoded messages.
    pub const fn covers<I>(&self, _: &I)
    where
        I: Interceptor<Body, Body> + ?Sized,
    {
    }

    /// As [`covers`](Self::covers), for the interceptor that the closure makes.
    pub const fn covers_made<I>(&self, _: impl Fn() -> I + Copy)
    where
        I: Interceptor<Body, Body>,
    {
    }

    /// As [`covers`](Self::covers), for the interceptor that the closure lends.
    pub const fn covers_lent<'a, I>(&self, _: impl Fn() -> &'a I + Copy)
    where
        I: Interceptor<Body, Body> + ?Sized + 'a,
    {
    }

    /// The link of an interceptor.
    pub const fn link<'a, I: ?Sized>(&self, interceptor: &'a I) -> Link<&'a I, I, Body, Body> {
        Link::new(interceptor)
    }

    /// The link of an interceptor that is made when the call reaches it.
    pub const fn made<F: Fn() -> I, I>(&self, make: F) -> Link<Made<F>, I, Body, Body> {
        Link::made(make)
    }

    /// The link of an interceptor that is lent when the call reaches it.
    pub const fn lent<'a, F, I>(&self, lend: F) -> Link<Lent<F>, I, Body, Body>
    where
        F: Fn() -> &'a I,
        I: ?Sized + 'a,
    {
        Link::lent(lend)
    }

    /// Runs a received call through a chain.
    pub fn run<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<Body>,
    ) -> impl Future<Output = Result<Response<Body>, Status>> + Send + use<'a, N>
    where
        N: Next<Body, Body>,
    {
        chain.run(call)
    }
}
