//! Converts a handler's response for the chain and for the service's trait.

use std::pin::Pin;

use futures_core::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::core::call::Call;
use crate::core::kind::Side;
use crate::core::messages::rebuilt;
use crate::core::stream::ResponseStream;

pub(crate) type BoxStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

/// The message type of a request, and the body type of a result.
pub trait RequestType {
    type Message;
}

impl<M> RequestType for Request<M> {
    type Message = M;
}

#[diagnostic::on_unimplemented(
    message = "[I0815] an RPC returns `Result<Response<_>, Status>`, not `{Self}`",
    label = "not `Result<tonic::Response<_>, tonic::Status>`"
)]
pub trait ResultType {
    type Body;
}

impl<B> ResultType for Result<Response<B>, Status> {
    type Body = B;
}

pub(crate) type Answer<T> = Result<Response<T>, Status>;

/// The types of a handler's response on its way through the chain. The handler's value becomes `Body` for the
/// interceptors, and then `Out` for the service's trait.
pub trait Reply<T>: Send {
    const IS_STREAM: bool;
    type Body: Send;
    type Out;

    fn body(given: T) -> Self::Body;
    /// Prepares the body to leave the chain. It is changed in place: a stream is large, and a move takes as long as a
    /// few interceptors.
    fn settle<Req>(call: &mut Call<Req>, body: &mut Self::Body);
    fn out(body: Self::Body) -> Self::Out;
    /// Converts the handler's value directly, if the whole chain ran before decoding.
    fn passed(given: T) -> Self::Out;
}

/// One message.
#[derive(Clone, Copy)]
pub struct Single;

impl<T: Send> Reply<T> for Single {
    const IS_STREAM: bool = false;
    type Body = T;
    type Out = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body(given: T) -> T {
        given
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn settle<Req>(_: &mut Call<Req>, _: &mut T) {}

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn out(body: T) -> T {
        body
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn passed(given: T) -> T {
        given
    }
}

/// A stream of the service's own associated type.
#[derive(Clone, Copy)]
pub struct AssociatedStream;

impl<S: Send> Reply<S> for AssociatedStream {
    const IS_STREAM: bool = true;
    type Body = ResponseStream<S>;
    type Out = ResponseStream<S>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body(given: S) -> ResponseStream<S> {
        ResponseStream::new(given)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn settle<Req>(call: &mut Call<Req>, stream: &mut ResponseStream<S>) {
        let side = call.side();
        stream.leave(side);
        if let (Side::Server, Some(at)) = (side, call.known_deadline()) {
            stream.inherit(at);
        }
        let bounds = call.take_bounds();
        let at = bounds.as_ref().and_then(|bounds| bounds.at);
        if let Some(bounds) = bounds {
            stream.bound(bounds);
        }
        if let Some(watch) = call.take_tail() {
            stream.watch(watch.until(at));
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn out(stream: ResponseStream<S>) -> ResponseStream<S> {
        stream
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn passed(given: S) -> ResponseStream<S> {
        let mut stream = ResponseStream::new(given);
        stream.leave(Side::Server);
        stream
    }
}

/// tonic's own stream, which clients return.
#[derive(Clone, Copy)]
pub struct TonicStream;

impl<M: Send + 'static> Reply<Streaming<M>> for TonicStream {
    const IS_STREAM: bool = true;
    type Body = ResponseStream<Streaming<M>>;
    type Out = Streaming<M>;

    fn body(given: Streaming<M>) -> ResponseStream<Streaming<M>> {
        ResponseStream::new(given)
    }

    fn settle<Req>(call: &mut Call<Req>, stream: &mut ResponseStream<Streaming<M>>) {
        AssociatedStream::settle(call, stream);
        if let (Side::Client, Some(at)) = (call.side(), call.known_deadline()) {
            stream.end_at(at);
        }
    }

    fn out(stream: ResponseStream<Streaming<M>>) -> Streaming<M> {
        stream.plain_or_else(rebuilt)
    }

    fn passed(given: Streaming<M>) -> Streaming<M> {
        given
    }
}

/// A boxed stream, as `generate_default_stubs` declares it: there is no associated type to replace.
#[derive(Clone, Copy)]
pub struct BoxedStream;

impl<M: 'static> Reply<BoxStream<M>> for BoxedStream {
    const IS_STREAM: bool = true;
    type Body = ResponseStream<BoxStream<M>>;
    type Out = BoxStream<M>;

    fn body(given: BoxStream<M>) -> ResponseStream<BoxStream<M>> {
        ResponseStream::new(given)
    }

    fn settle<Req>(call: &mut Call<Req>, stream: &mut ResponseStream<BoxStream<M>>) {
        AssociatedStream::settle(call, stream);
        if let (Side::Client, Some(at)) = (call.side(), call.known_deadline()) {
            stream.end_at(at);
        }
    }

    fn out(stream: ResponseStream<BoxStream<M>>) -> BoxStream<M> {
        Box::pin(stream)
    }

    fn passed(given: BoxStream<M>) -> BoxStream<M> {
        Box::pin(AssociatedStream::passed(given))
    }
}

/// Checks whether a method's return type is that of an RPC.
pub const fn is_reply<Ret: ResultType>() {}

/// `R::IS_STREAM`, for a reply that is only known as a constant.
pub const fn reply_is_stream<Ret: ResultType, R: Reply<Ret::Body> + Copy>(_: R) -> bool {
    R::IS_STREAM
}
