//! A call of a service's method, from the request to what the service's trait wants, in one future.
//!
//! The compiler checks such a future here, once for all methods: whether it is `Send`, and what it borrows. Where a method of the mount
//! awaits its policy itself, the compiler looks at all of that again in each method.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;

use tonic::Request;

use super::frame::{HandlerEdge, Home, Innermost, Links, MethodFrame, NoLooks, run_rest};
use super::reply::{Answer, Reply, ResultType};
use super::rpc::{Handler, Rpc};
use crate::core::abilities::AbilitiesOf;
use crate::core::behind::Behind;
use crate::core::call::Call;
use crate::core::chain::Next;
use crate::core::frame::{Opaque, OpaqueAnswer};
use crate::core::plan::MethodPlan;

/// The part of a policy that looks at no message, of all methods of a service with the same list.
///
/// `P` is the list. The trait is one of the service, so that the parameters of its `impl` are at hand.
pub trait PolicyOf<P> {
    fn run(
        &self,
        call: &mut Call<Opaque>,
        behind: Behind<'_>,
    ) -> impl Future<Output = OpaqueAnswer> + Send;
}

impl<F, R> Innermost<Handler<F, R>> {
    /// Takes a call through a policy with nothing but the handler behind it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn through<'a, P, S, M, Ret, Fut>(
        self,
        _: P,
        service: &'a S,
        rpc: Rpc<Request<M>, Ret, R>,
        plan: &'static MethodPlan,
        abilities: AbilitiesOf<M>,
        request: Request<M>,
    ) -> impl Future<Output = Answer<R::Out>> + Send + use<'a, P, S, M, Ret, Fut, F, R>
    where
        S: PolicyOf<P> + Sync + ?Sized,
        M: Send,
        Ret: ResultType,
        R: Reply<Ret::Body> + Copy,
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<Ret::Body>> + Send,
    {
        let (mut call, message) = rpc.enter(plan, abilities(), request);
        async move {
            let edge: HandlerEdge<_, R> = HandlerEdge {
                handler: self.0.call,
                reply: PhantomData,
            };
            let running = pin!(None);
            let mut frame = MethodFrame::new(message, abilities, edge, NoLooks, running);
            let answer = service.run(&mut call, Behind::new(&mut frame)).await;
            rpc.leave(&mut frame, answer, &mut call)
        }
    }
}

impl<N> Links<N> {
    /// Takes a call through a policy with more of the list behind it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn through<'a, P, S, M, Ret, R>(
        self,
        _: P,
        service: &'a S,
        rpc: Rpc<Request<M>, Ret, R>,
        plan: &'static MethodPlan,
        abilities: AbilitiesOf<M>,
        request: Request<M>,
    ) -> impl Future<Output = Answer<R::Out>> + Send + use<'a, P, S, M, Ret, N, R>
    where
        S: PolicyOf<P> + Sync + ?Sized,
        M: Send,
        Ret: ResultType,
        R: Reply<Ret::Body> + Copy,
        N: Next<M, R::Body>,
    {
        let (mut call, message) = rpc.enter(plan, abilities(), request);
        async move {
            let mut stage = None;
            let home = Home::of_lent();
            let edge = self.edge(&home, &mut stage, run_rest);
            let running = pin!(None);
            let mut frame = MethodFrame::new(message, abilities, edge, NoLooks, running);
            let answer = service.run(&mut call, Behind::new(&mut frame)).await;
            rpc.leave(&mut frame, answer, &mut call)
        }
    }
}
