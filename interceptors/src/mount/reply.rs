//! How a handler's answer passes through the chain.

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
    message = "an RPC returns `Result<Response<_>, Status>`, not `{Self}`",
    label = "not `Result<tonic::Response<_>, tonic::Status>`"
)]
pub trait ResultType {
    type Body;
}

impl<B> ResultType for Result<Response<B>, Status> {
    type Body = B;
}

pub(crate) type Answer<T> = Result<Response<T>, Status>;

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
        let side = call.side();
        let bounds = call.take_bounds();
        let at = bounds.as_ref().and_then(|bounds| bounds.at);
        let response = response.map(|body| {
            let body = body.inherited(inherited).leaving(side);
            match bounds {
                Some(bounds) => body.bounded(bounds),
                None => body,
            }
        });
        let Some(watch) = call.take_tail() else {
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
