//! The call of a service's method, and its innermost link.
#![allow(
    clippy::mem_replace_option_with_none,
    clippy::redundant_pattern_matching,
    reason = "each function that is called is one more instance for each method"
)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::ServerFacts;
use super::frame::{Answered, EachLook, HandlerEdge, LooksOf, MethodFrame, superseded_response};
use super::link::{Lent, Link, Made};
use super::reply::{Answer, Reply, ResultType};
use crate::core::abilities::{Abilities, AbilitiesOf};
use crate::core::call::Call;
use crate::core::chain::{Interceptor, Next};
use crate::core::fitted::fit;
use crate::core::frame::{Opaque, OpaqueAnswer, Seen, opaque};
use crate::core::kind::Side;
use crate::core::plan::MethodPlan;
use crate::core::time::Inherited;

/// The innermost link: calls the user's own method.
pub struct Handler<F, R> {
    pub(super) call: F,
    reply: PhantomData<R>,
}

#[diagnostic::do_not_recommend]
impl<F, Fut, Req, T, R> Next<Req, R::Body> for Handler<F, R>
where
    Req: Send,
    R: Reply<T>,
    F: FnMut(Request<Req>) -> Fut + Send,
    Fut: Future<Output = Result<Response<T>, Status>> + Send,
{
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<R::Body>, Status> {
        let deadline = call.inheritable_deadline();
        call.notice_cut_off();
        let request = match call.take_request() {
            Ok(request) => request,
            Err(status) => return Err(status),
        };
        let handler = (self.call)(request);
        let handler = std::pin::pin!(handler);
        let handler = Inherited::new(deadline, handler);
        let answer = handler.await;
        call.set_answered(answer.is_ok());
        match answer {
            Ok(response) => Ok(response.map(R::body)),
            Err(status) => Err(status),
        }
    }
}

/// The types of a method: `Req` is its argument, `Ret` its return type, and `R` the conversion of its response. It has
/// no size, so it costs nothing to keep while the call runs.
pub struct Rpc<Req, Ret, R>(pub(crate) PhantomData<fn(Req, R) -> Ret>);

impl<M, Ret, R> Rpc<Request<M>, Ret, R>
where
    M: Send,
    Ret: ResultType,
    R: Reply<Ret::Body> + Copy,
{
    pub const fn new(_: R) -> Self {
        Self(PhantomData)
    }

    /// Fails to compile at the caller's span where `I` does not intercept this method's messages.
    pub const fn covers<I>(&self, _: &I)
    where
        I: Interceptor<M, R::Body> + ?Sized,
    {
    }

    /// The innermost link of the chain: the user's own method.
    pub const fn handler<F>(&self, call: F) -> Handler<F, R> {
        Handler {
            call,
            reply: PhantomData,
        }
    }

    /// The link of an interceptor of this method.
    pub const fn link<'a, I: ?Sized>(&self, interceptor: &'a I) -> Link<&'a I, I, M, R::Body> {
        Link::new(interceptor)
    }

    /// The link of an interceptor that is made when the call reaches it.
    pub const fn made<F: Fn() -> I, I>(&self, make: F) -> Link<Made<F>, I, M, R::Body> {
        Link::made(make)
    }

    /// The link of an interceptor that is lent when the call reaches it.
    pub const fn lent<'a, F, I>(&self, lend: F) -> Link<Lent<F>, I, M, R::Body>
    where
        F: Fn() -> &'a I,
        I: ?Sized + 'a,
    {
        Link::lent(lend)
    }

    /// As [`covers`](Self::covers), for the interceptor that the closure makes.
    pub const fn covers_made<I>(&self, _: impl Fn() -> I + Copy)
    where
        I: Interceptor<M, R::Body>,
    {
    }

    /// As [`covers`](Self::covers), for the interceptor that the closure lends.
    pub const fn covers_lent<'a, I>(&self, _: impl Fn() -> &'a I + Copy)
    where
        I: Interceptor<M, R::Body> + ?Sized + 'a,
    {
    }

    /// Makes the call from the request. The message is returned apart, and stays in the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn enter(
        &self,
        plan: &'static MethodPlan,
        abilities: Abilities<M>,
        request: Request<M>,
    ) -> (Call<Opaque>, M) {
        let (metadata, extensions, message) = request.into_parts();
        let opaque = opaque(
            matches!(abilities.resend, Some(_)),
            matches!(abilities.count, Some(_)),
        );
        let head = Request::from_parts(metadata, extensions, ());
        let call = Call::received::<ServerFacts>(plan, opaque, head, Opaque::new(0));
        (call, message)
    }

    /// Converts the handler's response, if the whole list ran before decoding.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn pass(&self, answer: Answer<Ret::Body>) -> Answer<R::Out> {
        match answer {
            Ok(response) => {
                let (metadata, given, extensions) = response.into_parts();
                Ok(Response::from_parts(metadata, R::passed(given), extensions))
            }
            Err(mut status) => {
                fit(&mut status);
                Err(status)
            }
        }
    }

    /// The same, for a handler that has not run yet.
    #[allow(
        clippy::manual_async_fn,
        reason = "`Send` is promised, so that the compiler does not look for it in each method"
    )]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn passed<Fut>(
        self,
        handler: Fut,
    ) -> impl Future<Output = Answer<R::Out>> + Send + use<M, Ret, R, Fut>
    where
        Fut: Future<Output = Answer<Ret::Body>> + Send,
    {
        async move { self.pass(handler.await) }
    }

    /// The frame that holds the message and the handler's future while the policy runs, if nothing else is behind the
    /// policy.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, F, Fut, L>(
        &self,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        handler: F,
    ) -> MethodFrame<'r, M, HandlerEdge<F, R>, Fut, R::Body, L>
    where
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<Ret::Body>> + Send,
        L: LooksOf<M, R::Body>,
    {
        let edge = HandlerEdge {
            handler,
            reply: PhantomData,
        };
        MethodFrame::new(message, abilities, edge, looks, running)
    }

    /// The functions by which this method's entries look at messages.
    pub const fn looks<L>(&self, look: L) -> EachLook<L>
    where
        L: FnMut(usize, Seen<'_, M, R::Body>) -> Result<(), Status>,
    {
        EachLook(look)
    }

    /// Converts the chain's response for the service's trait.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn leave<F: Answered<R::Body>>(
        &self,
        frame: &mut F,
        answer: OpaqueAnswer,
        call: &mut Call<Opaque>,
    ) -> Answer<R::Out> {
        match answer {
            Ok(response) => {
                let (metadata, reply, extensions) = response.into_parts();
                let place = frame.body_of(&reply);
                if let Some(body) = place {
                    R::settle(call, body);
                }
                match std::mem::replace(place, None) {
                    Some(body) => Ok(Response::from_parts(metadata, R::out(body), extensions)),
                    None => Err(superseded_response()),
                }
            }
            Err(mut status) => {
                if call.side() == Side::Server {
                    fit(&mut status);
                }
                Err(status)
            }
        }
    }
}

/// Clones the reference to a service whose methods take `self: Arc<Self>`.
pub fn share<T: ?Sized>(service: &Arc<T>) -> Arc<T> {
    Arc::clone(service)
}

/// The `Rpc` of a method from its types: `rpc!(Request, Result)`, or `rpc!(Request, Result, stream)` if the response is
/// a stream of an associated type. It keeps generated code short.
#[doc(hidden)]
#[macro_export]
macro_rules! __rpc {
    ($request:ty, $result:ty) => {
        $crate::__private::Rpc::<$request, $result, _>::new(
            $crate::__private::Probe::<$result>::REPLY,
        )
    };
    ($request:ty, $result:ty, stream) => {
        $crate::__private::Rpc::<$request, $result, _>::new($crate::__private::AssociatedStream)
    };
}

/// The kind of a method from its types.
#[doc(hidden)]
#[macro_export]
macro_rules! __kind {
    ($request:ty, $result:ty) => {
        $crate::__private::Kind::new(
            $crate::__private::Probe::<$request>::REQUEST_IS_STREAM,
            $crate::__private::reply_is_stream::<$result, _>(
                $crate::__private::Probe::<$result>::REPLY,
            ),
        )
    };
    ($request:ty, $result:ty, stream) => {
        $crate::__private::Kind::new(
            $crate::__private::Probe::<$request>::REQUEST_IS_STREAM,
            true,
        )
    };
}
