//! The part of a policy that looks at no message, as generated code puts it together.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::frame::{Innermost, Links};
use super::link::{Lent, Link, Made};

use crate::core::call::Call;
use crate::core::chain::{Interceptor, Next};
use crate::core::frame::{Opaque, OpaqueAnswer, OpaqueReply};

/// The calls of all methods with the same list, as far as nobody looks at a message.
pub struct Policy;

impl Policy {
    /// Fails to compile at the caller's span where `I` does not intercept any message.
    pub const fn covers<I>(&self, _: &I)
    where
        I: Interceptor<Opaque, OpaqueReply> + ?Sized,
    {
    }

    /// As [`covers`](Self::covers), of what this makes.
    pub const fn covers_made<I>(&self, _: impl Fn() -> I + Copy)
    where
        I: Interceptor<Opaque, OpaqueReply>,
    {
    }

    /// As [`covers`](Self::covers), of what this lends.
    pub const fn covers_lent<'a, I>(&self, _: impl Fn() -> &'a I + Copy)
    where
        I: Interceptor<Opaque, OpaqueReply> + ?Sized + 'a,
    {
    }

    /// An interceptor that is to be put into the chain.
    pub const fn link<'a, I: ?Sized>(
        &self,
        interceptor: &'a I,
    ) -> Link<&'a I, I, Opaque, OpaqueReply> {
        Link::new(interceptor)
    }

    /// One that is made at its turn.
    pub const fn made<F: Fn() -> I, I>(&self, make: F) -> Link<Made<F>, I, Opaque, OpaqueReply> {
        Link::made(make)
    }

    /// One that is lent at its turn.
    pub const fn lent<'a, F, I>(&self, lend: F) -> Link<Lent<F>, I, Opaque, OpaqueReply>
    where
        F: Fn() -> &'a I,
        I: ?Sized + 'a,
    {
        Link::lent(lend)
    }

    /// Takes a call of a service through the chain.
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

    /// Takes one through the entries that are left to it, where a server has run the first of them.
    pub fn go_on<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<Opaque>,
    ) -> Apart<impl Future<Output = OpaqueAnswer> + Send + use<'a, N>>
    where
        N: Next<Opaque, OpaqueReply>,
    {
        Apart {
            future: chain.run(call),
        }
    }
}

pin_project_lite::pin_project! {
    /// A future that few calls have. It is polled apart from the others, which would have its code in the middle of theirs.
    pub struct Apart<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Apart<F> {
    type Output = F::Output;

    #[cold]
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

/// Asks whether an interceptor takes any message. As with [`Probe`](super::probe::Probe), the inherent function wins.
pub struct Asked<I: ?Sized>(PhantomData<fn(&I)>);

/// Asks about what a closure lends.
pub const fn asked<'a, F, I>(_: &F) -> Asked<I>
where
    F: Fn() -> &'a I,
    I: ?Sized + 'a,
{
    Asked(PhantomData)
}

/// Asks about a value.
pub const fn asked_value<I: ?Sized>(_: &I) -> Asked<I> {
    Asked(PhantomData)
}

impl<I: Interceptor<Opaque, OpaqueReply> + ?Sized> Asked<I> {
    pub const fn verdict(&self) -> Blind {
        Blind
    }
}

/// What an [`Asked`] falls back on.
pub trait LooksAtMessages {
    fn verdict(&self) -> Typed {
        Typed
    }
}

impl<I: ?Sized> LooksAtMessages for Asked<I> {}

/// The interceptor takes any message.
#[derive(Clone, Copy)]
pub struct Blind;

/// The interceptor looks at messages, or the compiler does not know.
#[derive(Clone, Copy)]
pub struct Typed;

/// All take any message, and what is behind them is borrowed by each attempt.
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

/// The verdict on what a function gives, which is never called.
pub const fn is_blind<S: ?Sized, F, V>(ask: F) -> bool
where
    F: FnOnce(&S) -> V,
    V: Verdict,
{
    std::mem::forget(ask);
    V::IS_BLIND
}

/// The link of an interceptor that is not in this part of the chain.
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

    /// and so does what follows it.
    pub fn inner<B, N>(self, inner: impl FnOnce(B) -> N, behind: B) -> N {
        inner(behind)
    }

    /// What the rest is depends on the next of these.
    pub fn and<V>(self, further_in: V) -> V {
        further_in
    }

    /// There is no rest: behind the policy is the handler.
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
    /// There is no rest: behind the policy is what sends the request.
    pub fn around<I, N>(self, innermost: I, _: impl Fn(I) -> N) -> Innermost<I> {
        Innermost(innermost)
    }
}

impl Typed {
    /// The link is the first of the rest.
    pub fn link<L>(self, _: L) -> NotHere {
        NotHere
    }

    /// What follows it is in the rest too.
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
