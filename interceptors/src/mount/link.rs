//! Interceptors before they are put into a chain, and interceptors that are made when the call reaches them.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use tonic::{Response, Status};

use crate::core::call::Call;
use crate::core::chain::{Chain, Interceptor, Next};
use crate::core::frame::{Frame, Looks, Seen};

/// An interceptor before it is put into a chain. If it does not intercept the method's messages, `covers` reports one
/// error. In a chain, the compiler would report it again everywhere the chain's type occurs.
pub struct Link<S, I: ?Sized, Req, Res>(S, PhantomData<fn(Req, &I) -> Res>);

/// Makes an interceptor.
#[derive(Clone, Copy)]
pub struct Made<F>(F);

/// Lends an interceptor.
#[derive(Clone, Copy)]
pub struct Lent<F>(F);

impl<'a, I: ?Sized, Req, Res> Link<&'a I, I, Req, Res> {
    pub(crate) const fn new(interceptor: &'a I) -> Self {
        Self(interceptor, PhantomData)
    }
}

impl<F, I, Req, Res> Link<Made<F>, I, Req, Res> {
    pub(crate) const fn made(make: F) -> Self {
        Self(Made(make), PhantomData)
    }
}

impl<F, I: ?Sized, Req, Res> Link<Lent<F>, I, Req, Res> {
    pub(crate) const fn lent(lend: F) -> Self {
        Self(Lent(lend), PhantomData)
    }
}

impl<'a, I, Req, Res> Link<&'a I, I, Req, Res>
where
    I: Interceptor<Req, Res> + ?Sized,
{
    pub fn before<N>(self, next: N) -> Chain<'a, I, N> {
        Chain::new(self.0, next)
    }
}

impl<I, Req, Res> Link<&I, I, Req, Res>
where
    I: Looks<Req, Res> + ?Sized,
{
    /// Lets an entry that only looks at messages look at a message in a frame.
    pub fn look(self, seen: Seen<'_, Req, Res>) -> Result<(), Status> {
        self.0.look(seen)
    }
}

impl<F, I, Req, Res> Link<Made<F>, I, Req, Res>
where
    F: Fn() -> I,
    I: Interceptor<Req, Res>,
{
    pub fn before<N>(self, next: N) -> MadeInChain<F, I, N> {
        MadeInChain {
            make: self.0.0,
            made: None,
            next,
        }
    }
}

impl<'a, F, I, Req, Res> Link<Lent<F>, I, Req, Res>
where
    F: Fn() -> &'a I,
    I: Interceptor<Req, Res> + ?Sized + 'a,
{
    pub fn before<N>(self, next: N) -> LentToChain<F, N> {
        LentToChain {
            lend: self.0.0,
            next,
        }
    }
}

/// The fallback of a [`Link`], in code that does not compile.
pub trait Uncovered: Sized {
    fn before<N>(self, _: N) -> Refused {
        Refused
    }

    fn look<Seen>(self, _: Seen) -> Result<(), Status> {
        Ok(())
    }

    fn fits(&self) -> DoesNotFit {
        DoesNotFit
    }
}

impl<S, I: ?Sized, Req, Res> Uncovered for Link<S, I, Req, Res> {}

/// All methods so far fit.
#[derive(Clone, Copy)]
pub struct Fits;

/// One of the methods so far does not fit. The compiler has reported it.
#[derive(Clone, Copy)]
pub struct DoesNotFit;

impl Fits {
    pub fn and<V>(self, next: V) -> V {
        next
    }
}

impl DoesNotFit {
    pub fn and<V>(self, _: V) -> Self {
        self
    }
}

impl<S, I, Req, Res> Link<S, I, Req, Res>
where
    I: Interceptor<Req, Res> + ?Sized,
{
    /// Whether the interceptor accepts these messages. As with `before`, the inherent function wins.
    pub const fn fits(&self) -> Fits {
        Fits
    }
}

/// Checks whether an interceptor accepts these messages. After a first failure it checks nothing.
pub trait Lets<I: ?Sized, Req, Res> {}

impl<I: Interceptor<Req, Res> + ?Sized, Req, Res> Lets<I, Req, Res> for Fits {}

impl<I: ?Sized, Req, Res> Lets<I, Req, Res> for DoesNotFit {}

/// Replaces a type that is not an interceptor. It rejects every call.
pub struct Refused;

#[diagnostic::do_not_recommend]
impl<Req: Send, Res: Send> Next<Req, Res> for Refused {
    async fn run(&mut self, _: &mut Call<Req>) -> Result<Response<Res>, Status> {
        Err(Status::internal(
            "one of the interceptors does not accept this call",
        ))
    }
}

/// An interceptor that is made when the call reaches it, before the rest of its chain. If making it panics, outer
/// interceptors see a panic of the call.
pub struct MadeInChain<F, I, N> {
    make: F,
    /// Shared by the attempts of one call.
    made: Option<I>,
    next: N,
}

#[diagnostic::do_not_recommend]
impl<Req, Res, F, I, N> Next<Req, Res> for MadeInChain<F, I, N>
where
    F: Fn() -> I + Copy + Send,
    I: Interceptor<Req, Res>,
    N: Next<Req, Res>,
{
    fn run(
        &mut self,
        call: &mut Call<Req>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        let interceptor = self.made.get_or_insert_with(self.make);
        interceptor.intercept(call, &mut self.next)
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.next.frame()
    }

    fn fork(&self) -> Option<Self> {
        Some(Self {
            make: self.make,
            made: None,
            next: self.next.fork()?,
        })
    }
}

/// The same, for an interceptor that an expression lends.
pub struct LentToChain<F, N> {
    lend: F,
    next: N,
}

#[diagnostic::do_not_recommend]
impl<'a, Req, Res, F, I, N> Next<Req, Res> for LentToChain<F, N>
where
    F: Fn() -> &'a I + Copy + Send,
    I: Interceptor<Req, Res> + ?Sized + 'a,
    N: Next<Req, Res>,
{
    fn run(
        &mut self,
        call: &mut Call<Req>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        (self.lend)().intercept(call, &mut self.next)
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.next.frame()
    }

    fn fork(&self) -> Option<Self> {
        Some(Self {
            lend: self.lend,
            next: self.next.fork()?,
        })
    }
}

/// A value that had to be made before its turn, or the panic of its expression.
pub struct Evaluated<T>(Result<T, Mutex<Option<Box<dyn Any + Send>>>>);

/// Evaluates an expression that borrows a value which the method is about to borrow mutably.
pub fn evaluate_now<T>(expression: impl FnOnce() -> T) -> Evaluated<T> {
    let value = catch_unwind(AssertUnwindSafe(expression));
    Evaluated(value.map_err(|payload| Mutex::new(Some(payload))))
}

impl<T> Evaluated<T> {
    /// The value. If the expression panicked, the panic resumes here, at the value's turn.
    pub fn get(&self) -> &T {
        match &self.0 {
            Ok(value) => value,
            Err(payload) => {
                let mut payload = payload.lock().unwrap_or_else(PoisonError::into_inner);
                let again = || Box::new("an expression of `#[intercept]` has panicked");
                resume_unwind(payload.take().unwrap_or_else(|| again()))
            }
        }
    }
}
