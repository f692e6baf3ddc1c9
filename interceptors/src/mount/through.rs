//! Runs a call of a service's method in one future, from the request to the result of the service's trait.
//!
//! The compiler checks this future (`Send`, borrows) here, once for all methods. If a mount's method awaited its policy
//! itself, the compiler would repeat the check in each method.

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

/// The blind part of a policy, shared by all methods of a service with the same list.
///
/// `P` is the list. The service implements the trait, so that the parameters of its `impl` are in scope.
pub trait PolicyOf<P> {
    fn run(
        &self,
        call: &mut Call<Opaque>,
        behind: Behind<'_>,
    ) -> impl Future<Output = OpaqueAnswer> + Send;
}

impl<F, R> Innermost<Handler<F, R>> {
    /// Runs a call through a policy with only the handler behind it.
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
    /// Runs a call through a policy with the rest of the list behind it.
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
            let home = Home::without_stage();
            let edge = self.edge(&home, &mut stage, run_rest);
            let running = pin!(None);
            let mut frame = MethodFrame::new(message, abilities, edge, NoLooks, running);
            let answer = service.run(&mut call, Behind::new(&mut frame)).await;
            rpc.leave(&mut frame, answer, &mut call)
        }
    }
}
