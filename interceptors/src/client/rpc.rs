//! The calls of hand-written clients and channels, as generated code makes them.

use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tonic::{Request, Response, Status};

use super::status::fix_tonic_status;
use super::{Body, RequestStream, send};
use crate::core::abilities::{Abilities, AbilitiesOf, Resend, SizeOf};
use crate::core::call::Call;
use crate::core::chain::Next;
use crate::core::frame::{Opaque, OpaqueAnswer, OpaqueReply, opaque};
use crate::core::malformed;
use crate::core::name::{CallName, name_in};
use crate::core::plan::MethodPlan;
use crate::core::time::{InTurns, exceeded, timeout_at};
use crate::mount::policy::Policy;
use crate::mount::probe::Probe;
use crate::mount::reply::{Answer, Reply, ResultType};
use crate::mount::rpc::Rpc;
use crate::wire::WireRpc;

impl<M, Ret, R> Rpc<Request<M>, Ret, R>
where
    M: Send,
    Ret: ResultType,
    R: Reply<Ret::Body> + Copy,
{
    /// The method of this request.
    pub const fn of(_: &Request<M>, _: R) -> Self {
        Self(PhantomData)
    }

    /// The innermost link of the chain: the method of the hand-written client.
    pub const fn hand_written<F>(&self, call: F) -> HandWrittenMethod<F, R> {
        HandWrittenMethod {
            call,
            reply: PhantomData,
        }
    }

    /// The same, for a method that takes `&mut self`.
    pub fn hand_written_mut<'a, T: ?Sized, Method>(
        &self,
        _: Method,
        client: &'a mut T,
    ) -> HandWrittenMethodMut<'a, T, Method, R> {
        HandWrittenMethodMut {
            client,
            method: PhantomData,
        }
    }

    /// Makes the call from the caller's request. The message is returned apart, and stays in the frame.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn outgoing(
        &self,
        plan: &'static MethodPlan,
        abilities: Abilities<M>,
        request: Request<M>,
    ) -> (Call<Opaque>, M) {
        let (metadata, extensions, message) = request.into_parts();
        let size = abilities.size_of.map_or(0, |size_of| size_of(&message));
        let opaque = opaque(abilities.resend.is_some(), abilities.count.is_some());
        let request = Request::from_parts(metadata, extensions, Opaque::new(size));
        let call = Call::outgoing(CallName::new(plan, None), opaque, request);
        (call, message)
    }
}

impl Policy {
    /// Runs the call through the chain, and times out at its deadline.
    pub fn send<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<Opaque>,
    ) -> impl Future<Output = OpaqueAnswer> + Send + use<'a, N>
    where
        N: Next<Opaque, OpaqueReply>,
    {
        send(chain, call)
    }
}

/// Runs a method that somebody wrote by hand. tonic reads the response in it, and its panics are caught.
async fn catch_malformed<T>(
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<Response<T>, Status> {
    let mut answer = pin!(answer);
    let polled =
        |cx: &mut Context<'_>| match malformed::catch_malformed(|| answer.as_mut().poll(cx)) {
            Ok(polled) => polled,
            Err(status) => Poll::Ready(Err(status)),
        };
    poll_fn(polled).await
}

/// The innermost link of a hand-written client's chain.
pub struct HandWrittenMethod<F, R> {
    pub(super) call: F,
    reply: PhantomData<R>,
}

#[diagnostic::do_not_recommend]
impl<F, Fut, Req, T, R> Next<Req, R::Body> for HandWrittenMethod<F, R>
where
    Req: Send,
    R: Reply<T>,
    F: FnMut(Request<Req>) -> Fut + Clone + Send,
    Fut: Future<Output = Result<Response<T>, Status>> + Send,
{
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<R::Body>, Status> {
        let request = call.outgoing_request()?;
        let answer = catch_malformed((self.call)(request)).await;
        call.set_answered(answer.is_ok());
        match answer {
            Ok(response) => Ok(response.map(R::body)),
            Err(status) => Err(fix_tonic_status(status)),
        }
    }

    fn fork(&self) -> Option<Self> {
        Some(Self {
            call: self.call.clone(),
            reply: PhantomData,
        })
    }
}

impl<M: prost::Message> Probe<Request<M>> {
    pub const SIZE_OF: Option<SizeOf<M>> = Some(M::encoded_len);
}

/// Whether the request stream of a generated client can be replayed. This depends on the type of its messages.
pub struct StreamProbe<M>(PhantomData<fn(M)>);

/// The fallback of a [`StreamProbe`].
pub trait SentOnce {
    const CAN_REPLAY: bool = false;
    const REPLAY: Unreplayable = Unreplayable;
}

impl<M> SentOnce for StreamProbe<M> {}

impl<M: Clone + prost::Message> StreamProbe<M> {
    pub const CAN_REPLAY: bool = true;
    pub const REPLAY: Replayable = Replayable;
}

/// The abilities of a stream of these messages.
pub trait StreamAbilities<M> {
    fn of<S>() -> Abilities<RequestStream<S>>
    where
        S: Stream<Item = M> + Send + 'static;
}

/// The stream is sent once.
pub struct Unreplayable;

impl<M> StreamAbilities<M> for Unreplayable {
    fn of<S>() -> Abilities<RequestStream<S>>
    where
        S: Stream<Item = M> + Send + 'static,
    {
        Abilities::new(None, Some(RequestStream::counted))
    }
}

/// The stream is kept and can be sent again.
pub struct Replayable;

impl<M: Clone + prost::Message> StreamAbilities<M> for Replayable {
    fn of<S>() -> Abilities<RequestStream<S>>
    where
        S: Stream<Item = M> + Send + 'static,
    {
        let resend = Resend {
            copy: |stream: &mut RequestStream<S>, limit| stream.copy(buffered_size, limit),
            kept: Some(|stream| stream),
        };
        Abilities::new(Some(resend), Some(RequestStream::counted))
    }
}

/// The size of a message in the buffer. It is at least the five bytes of its prefix on the wire. Otherwise the buffer
/// could hold any number of empty messages.
fn buffered_size<M: prost::Message>(message: &M) -> usize {
    message.encoded_len().max(5)
}

/// A request stream for a chain, and its abilities.
type StreamRequest<S> = (Request<RequestStream<S>>, AbilitiesOf<RequestStream<S>>);

/// Converts the request of a client-streaming method.
pub fn request_stream<R, A>(request: R, _: A) -> StreamRequest<R::Stream>
where
    R: tonic::IntoStreamingRequest,
    A: StreamAbilities<R::Message>,
{
    let request = request.into_streaming_request().map(RequestStream::new);
    (request, A::of)
}

/// Whether a request's path names this method (`/service/Method`), or any method of `/service/*`. The channel's origin
/// may have added a prefix.
#[must_use]
pub fn is_path(path: &str, method: &str) -> bool {
    match method.strip_suffix('*') {
        Some(service) => name_in(path).starts_with(service.trim_start_matches('/')),
        None => path.ends_with(method),
    }
}

impl WireRpc {
    /// Runs a call through a chain, and times out at its deadline. If the call ends before it was sent, the channel
    /// marks that, because it also knows the caller's handle.
    pub fn send<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<Body>,
    ) -> impl Future<Output = Answer<Body>> + Send + use<'a, N>
    where
        N: Next<Body, Body>,
    {
        let deadline = call.known_deadline();
        timeout_at(deadline, InTurns::new(chain.run(call)), exceeded)
    }
}

/// A method of a hand-written client that takes `&mut self`. `Method` tells the methods of one client from each other.
pub trait CallMut<Method> {
    type Request;
    type Result;

    fn call_mut(&mut self, request: Self::Request) -> impl Future<Output = Self::Result> + Send;
}

/// The innermost link of the chain of a method that takes `&mut self`.
pub struct HandWrittenMethodMut<'a, T: ?Sized, Method, R> {
    pub(super) client: &'a mut T,
    method: PhantomData<fn(Method) -> R>,
}

#[diagnostic::do_not_recommend]
impl<T, Method, Req, B, R> Next<Req, R::Body> for HandWrittenMethodMut<'_, T, Method, R>
where
    Req: Send,
    R: Reply<B>,
    B: Send,
    T: CallMut<Method, Request = Request<Req>, Result = Result<Response<B>, Status>>
        + Send
        + ?Sized,
{
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<R::Body>, Status> {
        let request = call.outgoing_request()?;
        let answer = catch_malformed(self.client.call_mut(request)).await;
        call.set_answered(answer.is_ok());
        match answer {
            Ok(response) => Ok(response.map(R::body)),
            Err(status) => Err(fix_tonic_status(status)),
        }
    }
}
