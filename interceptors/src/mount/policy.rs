//! The blind part of a policy, as generated code builds it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::frame::{Innermost, Links};
use super::link::{Lent, Link, Made};

use crate::core::call::Call;
use crate::core::chain::{Interceptor, Next};
use crate::core::frame::{Opaque, OpaqueAnswer, OpaqueReply};

/// Functions for all methods with the same list, in the blind part.
pub struct Policy;

impl Policy {
    /// Fails to compile at the caller's span where `I` does not intercept any message.
    pub const fn covers<I>(&self, _: &I)
    where
        I: Interceptor<Opaque, OpaqueReply> + ?Sized,
    {
    }

    /// As [`covers`](Self::covers), for the interceptor that the closure makes.
    pub const fn covers_made<I>(&self, _: impl Fn() -> I + Copy)
    where
        I: Interceptor<Opaque, OpaqueReply>,
    {
    }

    /// As [`covers`](Self::covers), for the interceptor that the closure lends.
    pub const fn covers_lent<'a, I>(&self, _: impl Fn() -> &'a I + Copy)
    where
        I: Interceptor<Opaque, OpaqueReply> + ?Sized + 'a,
    {
    }

    /// The link of an interceptor.
    pub const fn link<'a, I: ?Sized>(
        &self,
        interceptor: &'a I,
    ) -> Link<&'a I, I, Opaque, OpaqueReply> {
        Link::new(interceptor)
    }

    /// The link of an interceptor that is made when the call reaches it.
    pub const fn made<F: Fn() -> I, I>(&self, make: F) -> Link<Made<F>, I, Opaque, OpaqueReply> {
        Link::made(make)
    }

    /// The link of an interceptor that is lent when the call reaches it.
    pub const fn lent<'a, F, I>(&self, lend: F) -> Link<Lent<F>, I, Opaque, OpaqueReply>
    where
        F: Fn() -> &'a I,
        I: ?Sized + 'a,
    {
        Link::lent(lend)
    }

    /// Runs a service's call through the chain.
    pub fn run<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<Opaque>,
    ) -> impl Future<Output = OpaqueAnswer> + Send + use<'a, N>
    where
        N: Next<Opaque, OpaqueReply>,
    {
        chain.run(call)
    }

    /// Runs a call through the remaining entries, after a generated server ran the first ones.
    pub fn go_on<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<Opaque>,
    ) -> PolledOutOfLine<impl Future<Output = OpaqueAnswer> + Send + use<'a, N>>
    where
        N: Next<Opaque, OpaqueReply>,
    {
        PolledOutOfLine {
            future: chain.run(call),
        }
    }
}

pin_project_lite::pin_project! {
    /// A future that few calls need. Its poll is not inlined, so that its code does not separate the code of the common
    /// case.
    pub struct PolledOutOfLine<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for PolledOutOfLine<F> {
    type Output = F::Output;

    #[cold]
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

/// Checks whether an interceptor accepts any message. As with [`Probe`](super::probe::Probe), the inherent function
/// wins.
pub struct Asked<I: ?Sized>(PhantomData<fn(&I)>);

/// Checks the interceptor that a closure lends.
pub const fn asked<'a, F, I>(_: &F) -> Asked<I>
where
    F: Fn() -> &'a I,
    I: ?Sized + 'a,
{
    Asked(PhantomData)
}

/// Checks a value.
pub const fn asked_value<I: ?Sized>(_: &I) -> Asked<I> {
    Asked(PhantomData)
}

impl<I: Interceptor<Opaque, OpaqueReply> + ?Sized> Asked<I> {
    pub const fn verdict(&self) -> Blind {
        Blind
    }
}

/// The fallback of an [`Asked`].
pub trait LooksAtMessages {
    fn verdict(&self) -> Typed {
        Typed
    }
}

impl<I: ?Sized> LooksAtMessages for Asked<I> {}

/// The interceptor accepts any message.
#[derive(Clone, Copy)]
pub struct Blind;

/// The interceptor looks at messages, or the compiler does not know.
#[derive(Clone, Copy)]
pub struct Typed;

/// All interceptors accept any message, and each attempt borrows the part behind them.
#[derive(Clone, Copy)]
pub struct Lends;

pub trait Verdict {
    const IS_BLIND: bool;
}

impl Verdict for Blind {
    const IS_BLIND: bool = true;
}

impl Verdict for Typed {
    const IS_BLIND: bool = false;
}

/// The verdict in the return type of a function. The function is never called.
pub const fn is_blind<S: ?Sized, F, V>(ask: F) -> bool
where
    F: FnOnce(&S) -> V,
    V: Verdict,
{
    std::mem::forget(ask);
    V::IS_BLIND
}

/// The link of an interceptor that is not in the blind part.
pub struct NotHere;

impl NotHere {
    pub fn before<N>(self, next: N) -> N {
        next
    }
}

impl Blind {
    /// The link stays where it is listed,
    pub fn link<L>(self, link: L) -> L {
        link
    }

    /// and so do the links that follow it.
    pub fn inner<B, N>(self, inner: impl FnOnce(B) -> N, behind: B) -> N {
        inner(behind)
    }

    /// Where the rest begins depends on the further verdicts.
    pub fn and<V>(self, further_in: V) -> V {
        further_in
    }

    /// There is no rest: the handler is behind the policy.
    pub fn around<I, N>(self, innermost: I, _: impl Fn(I) -> N) -> Innermost<I> {
        Innermost(innermost)
    }

    /// The rest begins further in.
    pub fn or<I, N, B>(
        self,
        innermost: I,
        _: impl Fn(I) -> N,
        further_in: impl FnOnce(I) -> B,
    ) -> B {
        further_in(innermost)
    }
}

impl Lends {
    /// There is no rest: the code that sends the request is behind the policy.
    pub fn around<I, N>(self, innermost: I, _: impl Fn(I) -> N) -> Innermost<I> {
        Innermost(innermost)
    }
}

impl Typed {
    /// The link is the first of the rest.
    pub fn link<L>(self, _: L) -> NotHere {
        NotHere
    }

    /// The links that follow it are in the rest too.
    pub fn inner<B, N>(self, _: impl FnOnce(B) -> N, behind: B) -> B {
        behind
    }

    /// There is a rest.
    pub fn and<V>(self, _: V) -> Self {
        self
    }

    /// The rest begins here.
    pub fn around<I, N>(self, innermost: I, links: impl Fn(I) -> N) -> Links<N> {
        Links(links(innermost))
    }

    /// The rest begins here too.
    pub fn or<I, N, B>(
        self,
        innermost: I,
        links: impl Fn(I) -> N,
        _: impl FnOnce(I) -> B,
    ) -> Links<N> {
        Links(links(innermost))
    }
}
