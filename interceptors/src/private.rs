//! Everything that generated code may name. Not a stable interface.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use tonic::{Request, Response, Status, Streaming};

pub use tonic;
#[cfg(any(feature = "logging", feature = "payload"))]
pub use tracing;

pub use crate::Interceptor;
pub use crate::call::Call;
#[cfg(feature = "client")]
use crate::call::CallPath;
pub use crate::call::{Kind, Side};
pub use crate::chain::{Chain, Next};
#[cfg(feature = "client")]
use crate::client::{RequestStream, of_tonic};
use crate::deadline::Inherited;
use crate::inbound::{Received, counted, rebuilt};
pub use crate::once::{Once, evaluate_once, evaluate_path};
pub use crate::plan::{EntryPlan, Intercepted, MethodPlan, Name, Plan, Setting, Value};
pub use crate::stream::ResponseStream;
#[cfg(feature = "client")]
pub use crate::turn::Anew;

#[cfg(feature = "logging")]
pub use crate::__finish_event as finish_event;
pub use crate::__path as path;
#[cfg(feature = "auth")]
pub use crate::auth;
#[cfg(all(feature = "auth", feature = "client"))]
pub use crate::auth::client as client_auth;
#[cfg(feature = "authorize")]
pub use crate::authorize;
#[cfg(feature = "catch-panic")]
pub use crate::catch_panic;
#[cfg(feature = "circuit-breaker")]
pub use crate::circuit_breaker;
#[cfg(feature = "client")]
pub use crate::client;
#[cfg(feature = "client")]
pub use crate::client::__private::*;
#[cfg(feature = "client")]
use crate::client::send;
#[cfg(feature = "concurrency")]
pub use crate::concurrency;
#[cfg(feature = "deadline")]
pub use crate::deadline;
#[cfg(feature = "client")]
pub use crate::deadline::inherit;
#[cfg(feature = "hedge")]
pub use crate::hedge;
#[cfg(feature = "logging")]
pub use crate::logging;
#[cfg(feature = "metadata")]
pub use crate::metadata;
#[cfg(feature = "metrics")]
pub use crate::metrics;
#[cfg(feature = "payload")]
pub use crate::payload;
#[cfg(feature = "rate-limit")]
pub use crate::rate_limit;
#[cfg(feature = "request-id")]
pub use crate::request_id;
#[cfg(feature = "retry")]
pub use crate::retry;
#[cfg(feature = "timeout")]
pub use crate::timeout;
#[cfg(feature = "trace")]
pub use crate::trace;
#[cfg(feature = "validate")]
pub use crate::validate;
#[cfg(feature = "garde")]
pub use garde;

/// Answers questions about a type whose text the attribute cannot read (an alias may hide it).
///
/// An inherent constant wins over one of a trait. So `Probe::<T>::CONST` is the inherent one
/// where `T` fits an inherent implementation, and the [`Otherwise`] one where it does not.
pub struct Probe<T>(PhantomData<fn(T)>);

pub trait Otherwise {
    /// The request is one message.
    const REQUEST_IS_STREAM: bool = false;
    /// The reply is one message.
    const REPLY: Single = Single;
}

impl<T> Otherwise for Probe<T> {}

/// How a request is copied, to be sent again.
pub struct Resend<M> {
    /// A copy, unless more than so many bytes would have to be kept for it.
    pub copy: fn(&mut M, usize) -> Option<M>,
    /// Whether a copy is still all of the request.
    pub is_whole: fn(&M) -> bool,
    /// Takes it over from the attempt before. Whether all of it is there to be sent.
    pub begin: fn(&mut M) -> bool,
    /// Whether all of it is here, and nothing is still to come.
    pub is_complete: fn(&mut M, usize) -> bool,
}

impl<M> Clone for Resend<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Resend<M> {}

/// Counts the messages of a request stream.
pub type Count<M> = fn(M, Received) -> M;

/// Apart from [`Otherwise`], because its type depends on the message.
pub trait NoResend {
    type Message;
    const RESEND: Option<Resend<Self::Message>> = None;
    const COUNT: Option<Count<Self::Message>> = None;
    const SIZE_OF: Option<SizeOf<Self::Message>> = None;
}

impl<M> NoResend for Probe<Request<M>> {
    type Message = M;
}

impl<S: Stream> Probe<Request<S>> {
    pub const REQUEST_IS_STREAM: bool = true;
}

impl<M: Send + 'static> Probe<Request<Streaming<M>>> {
    pub const COUNT: Option<Count<Streaming<M>>> = Some(counted);
}

impl<M: Clone> Probe<Request<M>> {
    pub const RESEND: Option<Resend<M>> = Some(Resend {
        copy: |message, _| Some(message.clone()),
        is_whole: |_| true,
        begin: |_| true,
        is_complete: |_, _| true,
    });
}

type BoxStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

impl<M> Probe<Result<Response<BoxStream<M>>, Status>> {
    pub const REPLY: BoxedStream = BoxedStream;
}

impl<M> Probe<Result<Response<Streaming<M>>, Status>> {
    pub const REPLY: TonicStream = TonicStream;
}

/// What can be done with a request; the attribute asks its type.
pub struct Abilities<Req> {
    /// Copies it, so that it can be sent again.
    pub(crate) resend: Option<Resend<Req>>,
    /// Counts the messages of the stream that it is.
    pub(crate) count: Option<Count<Req>>,
    /// How long it is on the wire.
    pub(crate) size_of: Option<SizeOf<Req>>,
}

impl<Req> Clone for Abilities<Req> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Req> Copy for Abilities<Req> {}

impl<Req> Abilities<Req> {
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

/// The message type of a request, and the body type of a result.
pub trait RequestType {
    type Message;
}

impl<M> RequestType for Request<M> {
    type Message = M;
}

#[diagnostic::on_unimplemented(
    message = "an RPC returns `Result<Response<_>, Status>`, not `{Self}`",
    label = "not `Result<tonic::Response<_>, tonic::Status>`"
)]
pub trait ResultType {
    type Body;
}

impl<B> ResultType for Result<Response<B>, Status> {
    type Body = B;
}

type Answer<T> = Result<Response<T>, Status>;

/// How a handler's reply travels through the chain: what the handler gives becomes `Body`, which
/// the interceptors see, which becomes `Out`, which the service's trait wants.
pub trait Reply<T>: Send {
    const IS_STREAM: bool;
    type Body: Send;
    type Out;

    fn enter(given: Answer<T>) -> Answer<Self::Body>;
    fn leave<Req>(call: &mut Call<Req>, body: Answer<Self::Body>) -> Answer<Self::Out>;
}

/// One message.
#[derive(Clone, Copy)]
pub struct Single;

impl<T: Send> Reply<T> for Single {
    const IS_STREAM: bool = false;
    type Body = T;
    type Out = T;

    fn enter(given: Answer<T>) -> Answer<T> {
        given
    }

    fn leave<Req>(_: &mut Call<Req>, body: Answer<T>) -> Answer<T> {
        body
    }
}

/// A stream of the service's own associated type.
#[derive(Clone, Copy)]
pub struct AssociatedStream;

impl<S: Send> Reply<S> for AssociatedStream {
    const IS_STREAM: bool = true;
    type Body = ResponseStream<S>;
    type Out = ResponseStream<S>;

    fn enter(given: Answer<S>) -> Answer<ResponseStream<S>> {
        Ok(given?.map(ResponseStream::new))
    }

    fn leave<Req>(
        call: &mut Call<Req>,
        body: Answer<ResponseStream<S>>,
    ) -> Answer<ResponseStream<S>> {
        let response = body?;
        let inherited = match call.side() {
            Side::Server => call.known_deadline(),
            Side::Client => None,
        };
        let bounds = call.take_bounds();
        let at = bounds.as_ref().and_then(|bounds| bounds.at);
        let response = response.map(|body| {
            let body = body.inherited(inherited);
            match bounds {
                Some(bounds) => body.bounded(bounds),
                None => body,
            }
        });
        let Some(watch) = call.take_watch() else {
            return Ok(response);
        };
        Ok(response.map(|body| body.watched(watch.until(at))))
    }
}

/// tonic's own stream, which a client answers with.
#[derive(Clone, Copy)]
pub struct TonicStream;

impl<M: Send + 'static> Reply<Streaming<M>> for TonicStream {
    const IS_STREAM: bool = true;
    type Body = ResponseStream<Streaming<M>>;
    type Out = Streaming<M>;

    fn enter(given: Answer<Streaming<M>>) -> Answer<ResponseStream<Streaming<M>>> {
        AssociatedStream::enter(given)
    }

    fn leave<Req>(
        call: &mut Call<Req>,
        body: Answer<ResponseStream<Streaming<M>>>,
    ) -> Answer<Streaming<M>> {
        let response = AssociatedStream::leave(call, body)?;
        let response = match (call.side(), call.known_deadline()) {
            (Side::Client, Some(at)) => response.map(|body| body.ending(at)),
            _ => response,
        };
        Ok(response.map(|body| body.plain_or_else(rebuilt)))
    }
}

/// A boxed stream, as `generate_default_stubs` has it: there is no associated type to replace.
#[derive(Clone, Copy)]
pub struct BoxedStream;

impl<M: 'static> Reply<BoxStream<M>> for BoxedStream {
    const IS_STREAM: bool = true;
    type Body = ResponseStream<BoxStream<M>>;
    type Out = BoxStream<M>;

    fn enter(given: Answer<BoxStream<M>>) -> Answer<ResponseStream<BoxStream<M>>> {
        AssociatedStream::enter(given)
    }

    fn leave<Req>(
        call: &mut Call<Req>,
        body: Answer<ResponseStream<BoxStream<M>>>,
    ) -> Answer<BoxStream<M>> {
        let response = AssociatedStream::leave(call, body)?;
        let response = match (call.side(), call.known_deadline()) {
            (Side::Client, Some(at)) => response.map(|body| body.ending(at)),
            _ => response,
        };
        Ok(response.map(|body| Box::pin(body) as BoxStream<M>))
    }
}

/// `R::IS_STREAM`, for a reply that only its constant names.
pub const fn reply_is_stream<Ret: ResultType, R: Reply<Ret::Body> + Copy>(_: R) -> bool {
    R::IS_STREAM
}

/// The innermost link: calls the user's own method.
pub struct Handler<F, R> {
    call: F,
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
        let deadline = call.details.inheritable_deadline();
        #[cfg(feature = "server")]
        call.notice_cancellation();
        let request = match call.take_request() {
            Ok(request) => request,
            Err(status) => return Err(status),
        };
        let handler = (self.call)(request);
        let handler = std::pin::pin!(handler);
        let handler = Inherited::new(deadline, handler);
        let answer = handler.await;
        call.details.answered = answer.is_ok();
        R::enter(answer)
    }
}

/// A method, as its call sees it: `Req` is its argument, `Ret` what the user's method returns, and
/// `R` how the reply travels. Without a size, it costs nothing to keep while the call runs.
pub struct Rpc<Req, Ret, R>(PhantomData<fn(Req, R) -> Ret>);

impl<M, Ret, R> Rpc<Request<M>, Ret, R>
where
    M: Send,
    Ret: ResultType,
    R: Reply<Ret::Body> + Copy,
{
    pub const fn new(_: R) -> Self {
        Self(PhantomData)
    }

    /// The method that this request is for.
    #[cfg(feature = "client")]
    pub const fn of(_: &Request<M>, _: R) -> Self {
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

    /// An interceptor that is to be put into this method's chain.
    pub const fn link<'a, I: ?Sized>(&self, interceptor: &'a I) -> Link<'a, I, M, R::Body> {
        Link(interceptor, PhantomData)
    }

    /// The innermost link of the chain: the stub's own method.
    #[cfg(feature = "client")]
    pub const fn stub<F>(&self, call: F) -> StubHandler<F, R> {
        StubHandler {
            call,
            reply: PhantomData,
        }
    }

    /// The same, of a method that takes `&mut self`.
    #[cfg(feature = "client")]
    pub fn stub_mut<'a, T: ?Sized, Method>(
        &self,
        _: Method,
        stub: &'a mut T,
    ) -> StubHandlerMut<'a, T, Method, R> {
        StubHandlerMut {
            stub,
            method: PhantomData,
        }
    }

    /// The call that this request begins, as its caller makes it.
    #[cfg(feature = "client")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn outgoing(
        &self,
        plan: &'static MethodPlan,
        abilities: Abilities<M>,
        request: Request<M>,
    ) -> Call<M> {
        Call::outgoing(CallPath::outgoing(plan, None), abilities, request)
    }

    /// Takes a call that is being made through a chain, no longer than its deadline allows.
    #[cfg(feature = "client")]
    pub fn send<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<M>,
    ) -> impl Future<Output = Answer<R::Body>> + Send + use<'a, M, Ret, R, N>
    where
        N: Next<M, R::Body>,
    {
        send(chain, call)
    }

    /// The call that this request begins.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn call(
        &self,
        plan: &'static MethodPlan,
        abilities: Abilities<M>,
        request: Request<M>,
    ) -> Call<M> {
        Call::new(plan, abilities, request)
    }

    /// Takes a call through a chain.
    ///
    /// `Send` is promised here, not found out from the future's inside: where the compiler looks
    /// inside, it forgets that the lifetimes in a stream's type are the same in all places.
    pub fn run<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<M>,
    ) -> impl Future<Output = Answer<R::Body>> + Send + use<'a, M, Ret, R, N>
    where
        N: Next<M, R::Body>,
    {
        chain.run(call)
    }

    /// What the service's trait wants of what came out of the chain.
    pub fn leave(&self, result: Answer<R::Body>, call: &mut Call<M>) -> Answer<R::Out> {
        R::leave(call, result)
    }
}

/// The innermost link of a hand-written stub's chain.
#[cfg(feature = "client")]
pub struct StubHandler<F, R> {
    call: F,
    reply: PhantomData<R>,
}

#[cfg(feature = "client")]
#[diagnostic::do_not_recommend]
impl<F, Fut, Req, T, R> Next<Req, R::Body> for StubHandler<F, R>
where
    Req: Send,
    R: Reply<T>,
    F: FnMut(Request<Req>) -> Fut + Clone + Send,
    Fut: Future<Output = Result<Response<T>, Status>> + Send,
{
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<R::Body>, Status> {
        let request = call.outgoing_request()?;
        let answer = (self.call)(request).await;
        call.details.answered = answer.is_ok();
        R::enter(answer.map_err(of_tonic))
    }

    fn fork(&self) -> Option<Self> {
        Some(Self {
            call: self.call.clone(),
            reply: PhantomData,
        })
    }
}

#[cfg(feature = "client")]
impl<M: prost::Message> Probe<Request<M>> {
    pub const SIZE_OF: Option<SizeOf<M>> = Some(M::encoded_len);
}

/// Whether the request stream of a generated client can be sent again; the attribute asks the
/// message's type.
#[cfg(feature = "client")]
pub struct StreamProbe<M>(PhantomData<fn(M)>);

/// What a [`StreamProbe`] falls back on.
#[cfg(feature = "client")]
pub trait SentOnce {
    const CAN_REPLAY: bool = false;
    const REPLAY: Unreplayable = Unreplayable;
}

#[cfg(feature = "client")]
impl<M> SentOnce for StreamProbe<M> {}

#[cfg(feature = "client")]
impl<M: Clone + prost::Message> StreamProbe<M> {
    pub const CAN_REPLAY: bool = true;
    pub const REPLAY: Replayable = Replayable;
}

/// What can be done with a stream of such messages.
#[cfg(feature = "client")]
pub trait StreamAbilities<M> {
    fn of<S>() -> Abilities<RequestStream<S>>
    where
        S: Stream<Item = M> + Send + 'static;
}

/// It is sent once.
#[cfg(feature = "client")]
pub struct Unreplayable;

#[cfg(feature = "client")]
impl<M> StreamAbilities<M> for Unreplayable {
    fn of<S>() -> Abilities<RequestStream<S>>
    where
        S: Stream<Item = M> + Send + 'static,
    {
        Abilities::new(None, Some(RequestStream::counted))
    }
}

/// It is kept, and sent again.
#[cfg(feature = "client")]
pub struct Replayable;

#[cfg(feature = "client")]
impl<M: Clone + prost::Message> StreamAbilities<M> for Replayable {
    fn of<S>() -> Abilities<RequestStream<S>>
    where
        S: Stream<Item = M> + Send + 'static,
    {
        let resend = Resend {
            copy: |stream: &mut RequestStream<S>, limit| stream.copy(kept_size, limit),
            is_whole: RequestStream::is_whole,
            begin: RequestStream::begin,
            is_complete: |_, _| false,
        };
        Abilities::new(Some(resend), Some(RequestStream::counted))
    }
}

/// What a message counts for in the buffer. One without a byte is not kept for nothing, or there would be no
/// end to how many are: it counts for the five bytes in front of it on the wire.
#[cfg(feature = "client")]
fn kept_size<M: prost::Message>(message: &M) -> usize {
    message.encoded_len().max(5)
}

/// A request stream on its way into a chain.
#[cfg(feature = "client")]
type Entered<S> = (Request<RequestStream<S>>, Abilities<RequestStream<S>>);

/// The request of a generated client's method that sends a stream.
#[cfg(feature = "client")]
pub fn request_stream<R, A>(request: R, _: A) -> Entered<R::Stream>
where
    R: tonic::IntoStreamingRequest,
    A: StreamAbilities<R::Message>,
{
    let request = request.into_streaming_request().map(RequestStream::new);
    (request, A::of())
}

/// Whether a request's path names this method: `/service/Method`, under whatever prefix the channel's
/// origin has.
#[cfg(feature = "client")]
#[must_use]
pub fn is_path(path: &str, method: &str) -> bool {
    path.ends_with(method)
}

/// The call of a channel.
#[cfg(feature = "client")]
pub struct ChannelRpc;

#[cfg(feature = "client")]
impl ChannelRpc {
    /// Fails to compile at the caller's span where `I` does not intercept what a channel carries.
    pub const fn covers<I>(&self, _: &I)
    where
        I: Interceptor<client::Body, client::Body> + ?Sized,
    {
    }

    /// An interceptor that is to be put into the chain.
    pub const fn link<'a, I: ?Sized>(
        &self,
        interceptor: &'a I,
    ) -> Link<'a, I, client::Body, client::Body> {
        Link(interceptor, PhantomData)
    }

    /// Takes a call through a chain, no longer than its deadline allows.
    pub fn send<'a, N>(
        &self,
        chain: &'a mut N,
        call: &'a mut Call<client::Body>,
    ) -> impl Future<Output = Answer<client::Body>> + Send + use<'a, N>
    where
        N: Next<client::Body, client::Body>,
    {
        send(chain, call)
    }
}

/// A method of a stub that takes `&mut self`. `Method` tells the methods of a stub from each other.
#[cfg(feature = "client")]
pub trait CallMut<Method> {
    type Request;
    type Result;

    fn call_mut(&mut self, request: Self::Request) -> impl Future<Output = Self::Result> + Send;
}

/// The innermost link of the chain of such a method.
#[cfg(feature = "client")]
pub struct StubHandlerMut<'a, T: ?Sized, Method, R> {
    stub: &'a mut T,
    method: PhantomData<fn(Method) -> R>,
}

#[cfg(feature = "client")]
#[diagnostic::do_not_recommend]
impl<T, Method, Req, B, R> Next<Req, R::Body> for StubHandlerMut<'_, T, Method, R>
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
        let answer = self.stub.call_mut(request).await;
        call.details.answered = answer.is_ok();
        R::enter(answer.map_err(of_tonic))
    }
}

/// An interceptor on its way into a chain. What does not intercept the method's messages is told so once, by
/// `covers`; a chain with it in it would be told once more for each place where the chain is named.
pub struct Link<'a, I: ?Sized, Req, Res>(&'a I, PhantomData<fn(Req) -> Res>);

impl<'a, I, Req, Res> Link<'a, I, Req, Res>
where
    I: Interceptor<Req, Res> + ?Sized,
{
    pub fn before<N>(self, next: N) -> Chain<'a, I, N> {
        Chain::new(self.0, next)
    }
}

/// What a [`Link`] falls back on, in code that does not compile.
pub trait Uncovered: Sized {
    fn before<N>(self, _: N) -> Refused {
        Refused
    }
}

impl<I: ?Sized, Req, Res> Uncovered for Link<'_, I, Req, Res> {}

/// It stands for an interceptor that is none, and lets no call through.
pub struct Refused;

#[diagnostic::do_not_recommend]
impl<Req: Send, Res: Send> Next<Req, Res> for Refused {
    async fn run(&mut self, _: &mut Call<Req>) -> Result<Response<Res>, Status> {
        Err(Status::internal(
            "one of the interceptors intercepts no such call",
        ))
    }
}

/// Another reference to a service whose methods take `self: Arc<Self>`.
pub fn share<T: ?Sized>(service: &Arc<T>) -> Arc<T> {
    Arc::clone(service)
}

/// `%expr`, kept until the call ends.
pub fn display_text(value: &impl std::fmt::Display) -> String {
    value.to_string()
}

/// `?expr`, kept until the call ends.
pub fn debug_text(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}

/// The length of [`join_path`].
#[must_use]
pub const fn path_len(service: &str, method: &str) -> usize {
    service.len() + method.len() + 2
}

/// `/service/method`, at compile time.
#[must_use]
pub const fn join_path<const N: usize>(service: &str, method: &str) -> [u8; N] {
    let mut path = [b'/'; N];
    let (service, method) = (service.as_bytes(), method.as_bytes());
    let mut i = 0;
    while i < service.len() {
        path[1 + i] = service[i];
        i += 1;
    }
    let mut j = 0;
    while j < method.len() {
        path[2 + i + j] = method[j];
        j += 1;
    }
    path
}

/// Whether two strings are the same, at compile time.
#[must_use]
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A service and a method as one path, at compile time.
#[doc(hidden)]
#[macro_export]
macro_rules! __path {
    ($service:expr, $method:expr) => {{
        const BYTES: &[u8] = &$crate::__private::join_path::<
            { $crate::__private::path_len($service, $method) },
        >($service, $method);
        match ::core::str::from_utf8(BYTES) {
            ::core::result::Result::Ok(path) => path,
            ::core::result::Result::Err(_) => "",
        }
    }};
}
