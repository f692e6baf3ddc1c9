use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http::uri::PathAndQuery;
use tonic::client::{Grpc, GrpcService};
use tonic::codec::Codec;
use tonic::metadata::MetadataMap;
use tonic::{CancellationHandle, Code, GrpcMethod, Request, Response, Status, Streaming};

use super::fix_tonic_status;
use super::frame::Transport;
use super::one_piece::{InOnePiece, is_peek};
use super::{RequestStream, failed};
use crate::core::call::{Call, already_sent};
use crate::core::chain::Next;
use crate::core::messages::{MessageStream, rebuilt};
use crate::core::stream::ResponseStream;
use crate::wire::status::{self, BoxError};

/// A method of a generated client, with the names in its module.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    /// A function in generated code, where the text is known: the compiler checks the path, and calls need not.
    pub path: fn() -> PathAndQuery,
    pub service: &'static str,
    pub method: &'static str,
}

/// The innermost link of a generated client's chain. It sends the request as tonic's own code does. It also reports
/// when the response begins, which tonic's `unary` does not do.
///
/// `In` is [`One`] or [`Many`], and so is `Out`.
pub struct Outgoing<'a, T, C, In, Out> {
    grpc: Link<'a, InOnePiece<T>>,
    method: &'static Method,
    codec: fn() -> C,
    fork: Option<Fork<T>>,
    kind: PhantomData<fn(In) -> Out>,
}

type Fork<T> = fn(&Grpc<InOnePiece<T>>) -> Grpc<InOnePiece<T>>;

enum Link<'a, T> {
    Borrowed(&'a mut Grpc<T>),
    Owned(Box<Grpc<T>>),
}

impl<T> Link<'_, T> {
    fn get(&self) -> &Grpc<T> {
        match self {
            Self::Borrowed(grpc) => grpc,
            Self::Owned(grpc) => grpc,
        }
    }

    fn get_mut(&mut self) -> &mut Grpc<T> {
        match self {
            Self::Borrowed(grpc) => grpc,
            Self::Owned(grpc) => grpc,
        }
    }
}

/// One message in this direction.
pub struct One;

/// A stream of messages in this direction.
pub struct Many;

impl<'a, T, C, In, Out> Outgoing<'a, T, C, In, Out> {
    pub fn new(
        grpc: &'a mut Grpc<InOnePiece<T>>,
        method: &'static Method,
        codec: fn() -> C,
    ) -> Self {
        Self {
            grpc: Link::Borrowed(grpc),
            method,
            codec,
            fork: None,
            kind: PhantomData,
        }
    }

    /// Allows several attempts at once.
    #[must_use]
    pub fn forking(mut self) -> Self
    where
        T: Clone,
    {
        self.fork = Some(Grpc::clone);
        self
    }
}

/// How a request is given to tonic.
pub trait Outbound<Req>: Send {
    type Messages: Stream<Item = Self::Message> + Send + 'static;
    type Message: Send + Sync + 'static;

    /// A request that can still be cancelled is only yielded when it can be sent.
    fn messages(request: Req, is_cancellable: bool) -> Self::Messages;

    /// Whether the request stream continues after its attempt is dropped, unless it is cancelled.
    fn outlives_its_call(request: &Req) -> bool;
}

impl<M: Send + Sync + 'static> Outbound<M> for One {
    type Messages = Single<M>;
    type Message = M;

    fn messages(request: M, is_cancellable: bool) -> Single<M> {
        Single {
            message: Some(request),
            waits: is_cancellable,
        }
    }

    fn outlives_its_call(_: &M) -> bool {
        false
    }
}

impl<S> Outbound<RequestStream<S>> for Many
where
    S: Stream + Send + 'static,
    S::Item: Send + Sync + 'static,
{
    type Messages = RequestStream<S>;
    type Message = S::Item;

    fn messages(request: RequestStream<S>, _: bool) -> RequestStream<S> {
        request
    }

    fn outlives_its_call(request: &RequestStream<S>) -> bool {
        request.is_replayed()
    }
}

/// A stream of one message.
pub struct Single<M> {
    message: Option<M>,
    /// Yield the message only when it can be sent.
    waits: bool,
}

impl<M> Unpin for Single<M> {}

impl<M> Stream for Single<M> {
    type Item = M;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<M>> {
        if self.waits && is_peek(cx) {
            return Poll::Pending;
        }
        Poll::Ready(self.message.take())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.message.is_some());
        (left, Some(left))
    }
}

/// How a response enters the chain.
pub trait Inbound<M>: Send {
    type Body: Send;
    /// The part of the response that is read before the chain gets it.
    type Read: Send;

    /// Does not move the response, because it is large.
    fn read(
        response: &mut Response<Streaming<M>>,
        answered: impl FnMut(bool) + Send,
    ) -> impl Future<Output = Result<Self::Read, Status>> + Send;

    fn receive(response: Response<Streaming<M>>, read: Self::Read) -> Response<Self::Body>;
}

impl<M: Send + 'static> Inbound<M> for Many {
    type Body = ResponseStream<Streaming<M>>;
    type Read = Option<M>;

    async fn read(
        response: &mut Response<Streaming<M>>,
        mut answered: impl FnMut(bool) + Send,
    ) -> Result<Option<M>, Status> {
        let is_grpc = status::is_grpc(response.metadata().as_ref());
        answered(is_grpc);
        if is_grpc {
            return Ok(None);
        }
        // tonic returns a proxy's own answer as a stream that fails at once.
        let first = response.get_mut().message().await;
        let first = first.map_err(|status| with_headers(status, response.metadata()))?;
        answered(true);
        Ok(first)
    }

    fn receive(response: Response<Streaming<M>>, first: Option<M>) -> Response<Self::Body> {
        response.map(|messages| match first {
            None => ResponseStream::new(messages),
            first => ResponseStream::new(rebuilt(Peeked { first, messages })),
        })
    }
}

/// A response stream whose first message has been taken.
struct Peeked<M> {
    first: Option<M>,
    messages: Streaming<M>,
}

impl<M> Unpin for Peeked<M> {}

impl<M: Send + 'static> MessageStream for Peeked<M> {
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(first))),
            None => Pin::new(&mut self.messages).poll_next(cx),
        }
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        &mut self.messages
    }
}

impl<M: Send + 'static> Inbound<M> for One {
    type Body = M;
    type Read = M;

    async fn read(
        response: &mut Response<Streaming<M>>,
        mut answered: impl FnMut(bool) + Send,
    ) -> Result<M, Status> {
        let mut first = true;
        let next = poll_fn(|cx| {
            let polled = Pin::new(response.get_mut()).poll_next(cx);
            // A message that is already there proves more than the headers do.
            if std::mem::take(&mut first) && !matches!(polled, Poll::Ready(Some(Ok(_)))) {
                answered(status::is_grpc(response.metadata().as_ref()));
            }
            polled
        });
        let message = match next.await {
            Some(Ok(message)) => message,
            Some(Err(status)) => {
                return Err(fix_tonic_status(with_headers(status, response.metadata())));
            }
            None => return Err(Status::internal("the response has no message")),
        };
        answered(true);
        if let Some(trailers) = response.get_mut().trailers().await? {
            let headers = response.metadata_mut().as_mut();
            headers.extend(trailers.into_headers());
        }
        Ok(message)
    }

    fn receive(response: Response<Streaming<M>>, message: M) -> Response<M> {
        response.map(|_| message)
    }
}

/// Adds the headers to the trailers, as tonic does. On a conflict the headers win.
#[cold]
fn with_headers(mut status: Status, headers: &MetadataMap) -> Status {
    let trailers = status.metadata_mut().as_mut();
    trailers.extend(headers.clone().into_headers());
    status
}

/// Access to the state that an attempt needs while it runs. `None` if it is no longer available.
pub(super) trait Reaches<S>: Send {
    fn reach(&mut self) -> Option<&mut S>;
}

impl<S: Send> Reaches<S> for &mut S {
    fn reach(&mut self) -> Option<&mut S> {
        Some(self)
    }
}

impl<T, C, In, Out> Outgoing<'_, T, C, In, Out>
where
    C: Codec + Send,
    C::Encode: Send + Sync + 'static,
    C::Decode: Send + Sync + 'static,
    T: GrpcService<tonic::body::Body> + Send,
    T::Future: Send,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    /// Sends the request over a transport that is ready for it, and reads the response.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) async fn exchange<Req>(
        mut this: impl Reaches<Self>,
        mut request: Request<Req>,
        answered: impl FnMut(bool) + Send,
    ) -> Result<Response<Out::Body>, Status>
    where
        Req: Send,
        In: Outbound<Req, Message = C::Encode>,
        Out: Inbound<C::Decode>,
    {
        let Some(this) = this.reach() else {
            return Err(already_sent());
        };
        let Method {
            path,
            service,
            method,
        } = *this.method;
        let extensions = request.extensions_mut();
        let is_cancellable =
            !extensions.is_empty() && extensions.get::<CancellationHandle>().is_some();
        extensions.insert(GrpcMethod::new(service, method));
        // The caller's own handle would also cancel the attempts that follow.
        let may_outlive = In::outlives_its_call(request.get_ref()) && !is_cancellable;
        let mut cancel = CancelOnDrop(may_outlive.then(|| request.cancellation_handle()));
        let request = request.map(|request| In::messages(request, is_cancellable));
        let grpc = this.grpc.get_mut();
        let sending = grpc.streaming(request, path(), (this.codec)());
        let mut response = match sending.await {
            Ok(response) => response,
            Err(status) => return Err(status),
        };
        let reading = Out::read(&mut response, answered);
        let read = match reading.await {
            Ok(read) => read,
            Err(status) => return Err(status),
        };
        cancel.0 = None;
        Ok(Out::receive(response, read))
    }
}

impl<T, C, In, Out> Transport for Outgoing<'_, T, C, In, Out>
where
    In: Send,
    Out: Send,
    C: Send,
    T: GrpcService<tonic::body::Body> + Send,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        // `ready` keeps no state between two polls.
        let polled = pin!(self.grpc.get_mut().ready()).poll(cx);
        polled.map_err(|error| not_ready(error.into()))
    }
}

#[diagnostic::do_not_recommend]
impl<T, C, In, Out, Req> Next<Req, Out::Body> for Outgoing<'_, T, C, In, Out>
where
    Req: Send,
    In: Outbound<Req, Message = C::Encode>,
    Out: Inbound<C::Decode>,
    C: Codec + Send,
    C::Encode: Send + Sync + 'static,
    C::Decode: Send + Sync + 'static,
    T: GrpcService<tonic::body::Body> + Send,
    T::Future: Send,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    async fn run(&mut self, call: &mut Call<Req>) -> Result<Response<Out::Body>, Status> {
        // Checked before the transport reserves a slot for the request.
        if let Some(status) = call.refusal() {
            return Err(status);
        }
        let grpc = self.grpc.get_mut();
        let ready = grpc.ready().await.map_err(|error| not_ready(error.into()));
        // Not earlier: a call that never reaches the transport says nothing about the server.
        call.set_sent();
        if let Err(status) = ready {
            // The request is dropped even though it was not sent.
            drop(call.take_request());
            return Err(status);
        }
        let request = call.outgoing_request()?;
        let answer = Self::exchange(self, request, |answered| call.set_answered(answered));
        let answer = answer.await;
        answer.map_err(|status| failed(status, call.known_deadline()))
    }

    fn fork(&self) -> Option<Self> {
        let fork = self.fork?;
        Some(Self {
            grpc: Link::Owned(Box::new(fork(self.grpc.get()))),
            method: self.method,
            codec: self.codec,
            fork: self.fork,
            kind: PhantomData,
        })
    }
}

/// The status for a service that failed to become ready. tonic itself would always report `UNKNOWN`.
#[cold]
pub(crate) fn not_ready(error: BoxError) -> Status {
    Status::try_from_error(error).unwrap_or_else(|error| {
        Status::new(Code::Unknown, format!("Service was not ready: {error}"))
    })
}

struct CancelOnDrop(Option<CancellationHandle>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.cancel();
        }
    }
}

impl<T, C, In, Out> fmt::Debug for Outgoing<'_, T, C, In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
