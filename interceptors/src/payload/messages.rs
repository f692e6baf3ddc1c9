//! Which type the messages of a method have, and how one gets to see them.
#![allow(missing_docs)] // for generated code

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;

use futures_core::Stream;
use tonic::{Request, Response, Status, Streaming};

use super::content::Content;
use super::log::{Direction, Log, PayloadSettings, record};
use crate::ResponseStream;
use crate::core::messages::{EachMessage, inspected};
use crate::core::name::CallName;

/// A single message.
#[derive(Debug)]
pub struct Single;

/// A stream that tonic reads, or that leaves the chain.
#[derive(Debug)]
pub struct Streamed;

/// The request stream of a generated client.
#[derive(Debug)]
pub struct Sent;

/// The request stream of a hand-written client. Its type is the caller's own, so it cannot be wrapped.
#[derive(Debug)]
pub struct OfHandWritten;

/// Messages of type `M`. `How` is the way in which they come.
pub struct Messages<How, M>(PhantomData<fn(M) -> How>);

impl<How, M> Messages<How, M> {
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// Sets the function that writes a message. A function, so that a closure can infer the message's type.
    #[must_use]
    pub const fn written(self, write: fn(&M, &mut Content)) -> Written<How, M> {
        Written {
            write,
            how: PhantomData,
        }
    }
}

impl<How, M> fmt::Debug for Messages<How, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").finish_non_exhaustive()
    }
}

/// Writes the messages of one direction.
pub struct Written<How, M> {
    write: fn(&M, &mut Content),
    how: PhantomData<fn() -> How>,
}

impl<How, M> fmt::Debug for Written<How, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written").finish_non_exhaustive()
    }
}

/// The messages of one direction are not shown, so they are not inspected.
#[derive(Debug)]
pub struct Unwritten;

/// Copies a message, so that fields of the copy can be redacted.
#[must_use]
pub fn copy<M: Clone>(message: &M) -> M {
    message.clone()
}

/// The type of a method's request. As with [`Probe`](crate::__private::Probe), the inherent constant wins.
#[derive(Debug)]
pub struct RequestOf<T>(PhantomData<fn(T)>);

pub trait SingleRequest {
    type Message;
    const MESSAGES: Messages<Single, Self::Message> = Messages::new();
}

impl<M> SingleRequest for RequestOf<Request<M>> {
    type Message = M;
}

impl<M> RequestOf<Request<Streaming<M>>> {
    pub const MESSAGES: Messages<Streamed, M> = Messages::new();
}

/// The type of the request that a method of a hand-written client takes.
#[derive(Debug)]
pub struct RequestOfHandWritten<T>(PhantomData<fn(T)>);

impl<M> SingleRequest for RequestOfHandWritten<Request<M>> {
    type Message = M;
}

impl<S: Stream> RequestOfHandWritten<Request<S>> {
    pub const MESSAGES: Messages<OfHandWritten, S::Item> = Messages::new();
}

/// The type of a method's result, unless it is a stream of the service's own associated type.
#[derive(Debug)]
pub struct ResponseOf<T>(PhantomData<fn(T)>);

pub trait SingleResponse {
    type Message;
    const MESSAGES: Messages<Single, Self::Message> = Messages::new();
}

impl<M> SingleResponse for ResponseOf<Result<Response<M>, Status>> {
    type Message = M;
}

impl<M> ResponseOf<Result<Response<Streaming<M>>, Status>> {
    pub const MESSAGES: Messages<Streamed, M> = Messages::new();
}

type BoxStream<M> = Pin<Box<dyn Stream<Item = Result<M, Status>> + Send>>;

impl<M> ResponseOf<Result<Response<BoxStream<M>>, Status>> {
    pub const MESSAGES: Messages<Streamed, M> = Messages::new();
}

/// The result of a method that returns a stream.
pub trait StreamResult {
    type Message;
}

impl<S, M> StreamResult for Result<Response<S>, Status>
where
    S: Stream<Item = Result<M, Status>>,
{
    type Message = M;
}

/// Writes the messages of a request.
#[diagnostic::on_unimplemented(
    message = "[I0812] `payload` cannot see the messages of this method's request, `{Req}`",
    label = "the request stream of a hand-written client is of its caller's own type, around which nothing can be put",
    note = "show fields of the response alone (`show = [response.…]`), leave the method out with `except = [...]`, or put `payload` on the generated client"
)]
pub trait WriteRequest<Req>: Send + Sync {
    fn write(&self, config: PayloadSettings, name: &CallName, request: &mut Option<Req>);
}

/// Writes the messages of a response.
#[diagnostic::on_unimplemented(
    message = "[I0812] `payload` cannot see the messages of this method's response, `{Res}`",
    label = "neither a message nor a stream of messages"
)]
pub trait WriteResponse<Res>: Send + Sync {
    fn write(&self, config: PayloadSettings, name: &CallName, body: Res) -> Res;
}

impl<Req> WriteRequest<Req> for Unwritten {
    fn write(&self, _: PayloadSettings, _: &CallName, _: &mut Option<Req>) {}
}

impl<Res> WriteResponse<Res> for Unwritten {
    fn write(&self, _: PayloadSettings, _: &CallName, body: Res) -> Res {
        body
    }
}

impl<M> WriteRequest<M> for Written<Single, M> {
    fn write(&self, config: PayloadSettings, name: &CallName, request: &mut Option<M>) {
        if let Some(message) = request {
            record(name, config, Direction::Request, None, &mut |content| {
                (self.write)(message, content);
            });
        }
    }
}

impl<M: Send + 'static> WriteRequest<Streaming<M>> for Written<Streamed, M> {
    fn write(&self, config: PayloadSettings, name: &CallName, request: &mut Option<Streaming<M>>) {
        let write = self.write;
        let mut log = Log::new(name, config, Direction::Request);
        let look = move |message: &mut M| {
            log.next(&mut |content| write(message, content));
            Ok(())
        };
        *request = request.take().map(|stream| inspected(stream, look));
    }
}

impl<S, M> WriteRequest<S> for Written<Sent, M>
where
    S: EachMessage<Message = M>,
    M: 'static,
{
    fn write(&self, config: PayloadSettings, name: &CallName, request: &mut Option<S>) {
        let write = self.write;
        let mut log = Log::new(name, config, Direction::Request);
        if let Some(stream) = request {
            stream.each_message(move |message| log.next(&mut |content| write(message, content)));
        }
    }
}

impl<M> WriteResponse<M> for Written<Single, M> {
    fn write(&self, config: PayloadSettings, name: &CallName, body: M) -> M {
        let write = &mut |content: &mut Content| (self.write)(&body, content);
        record(name, config, Direction::Response, None, write);
        body
    }
}

impl<S, M> WriteResponse<ResponseStream<S>> for Written<Streamed, M>
where
    S: Stream<Item = Result<M, Status>>,
    M: 'static,
{
    fn write(
        &self,
        config: PayloadSettings,
        name: &CallName,
        body: ResponseStream<S>,
    ) -> ResponseStream<S> {
        let write = self.write;
        let mut log = Log::new(name, config, Direction::Response);
        body.each_message(move |message| log.next(&mut |content| write(message, content)))
    }
}
