use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame};
use tonic::codec::{BufferSettings, DecodeBuf, Decoder};
use tonic::{Status, Streaming};

use super::received::Received;
use super::time::Bounds;

/// A request stream whose messages an interceptor can inspect when they are sent.
pub trait EachMessage {
    /// The message type.
    type Message;

    /// Calls `look` once for each message, however often the stream is sent.
    fn each_message(&mut self, look: impl FnMut(&Self::Message) + Send + 'static);
}

/// The same stream, which counts its messages when they are read. It ends after its first error, whereas tonic's own
/// stream continues after a message that it cannot decode.
///
/// `tonic::Streaming` is a closed type that only reads frames. So each message is parked in a slot, an empty frame goes
/// through tonic's decoder, and our decoder takes the message from the slot. Nothing is encoded again. `new_empty` is
/// the only direction in which tonic passes every status on unchanged.
pub(crate) fn counted<M: Send + 'static>(stream: Streaming<M>, received: Received) -> Streaming<M> {
    rebuilt(Counted {
        stream,
        received,
        bounds: None,
    })
}

/// A `Streaming` that yields the messages, the error and the trailers of `stream`.
pub(crate) fn rebuilt<S: MessageStream>(stream: S) -> Streaming<S::Message> {
    let slot = Slot(Arc::new(Mutex::new(None)));
    Streaming::new_empty(
        slot.clone(),
        Messages {
            stream: Some(stream),
            slot,
        },
    )
}

/// A stream without messages.
#[cfg(feature = "test-util")]
pub(crate) fn empty<M: Send + 'static>() -> Streaming<M> {
    let slot = Slot(Arc::new(Mutex::new(None)));
    Streaming::new_empty(slot, tonic::body::Body::empty())
}

/// Messages, followed by trailers.
pub(crate) trait MessageStream: Send + Unpin + 'static {
    type Message: Send + 'static;

    fn poll_message(&mut self, cx: &mut Context<'_>)
    -> Poll<Option<Result<Self::Message, Status>>>;

    /// Called after the stream has ended.
    fn streaming(&mut self) -> &mut Streaming<Self::Message>;
}

/// The same stream, with each message passed to a function first. If the function rejects a message, the stream ends
/// with its status.
pub(crate) fn inspected<M, F>(stream: Streaming<M>, inspect: F) -> Streaming<M>
where
    M: Send + 'static,
    F: FnMut(&mut M) -> Result<(), Status> + Send + Unpin + 'static,
{
    rebuilt(Inspected { stream, inspect })
}

struct Inspected<M, F> {
    stream: Streaming<M>,
    inspect: F,
}

impl<M, F> MessageStream for Inspected<M, F>
where
    M: Send + 'static,
    F: FnMut(&mut M) -> Result<(), Status> + Send + Unpin + 'static,
{
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        let message = ready!(Pin::new(&mut self.stream).poll_next(cx));
        Poll::Ready(message.map(|message| {
            let mut message = message?;
            (self.inspect)(&mut message)?;
            Ok(message)
        }))
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        &mut self.stream
    }
}

struct Counted<M> {
    stream: Streaming<M>,
    received: Received,
    bounds: Option<Pin<Box<Bounds>>>,
}

impl<M: Send + 'static> MessageStream for Counted<M> {
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        let polled = Pin::new(&mut self.stream).poll_next(cx);
        let Poll::Ready(polled) = self.in_time(polled, cx) else {
            self.received.waits();
            return Poll::Pending;
        };
        self.received.goes_on();
        Poll::Ready(match polled {
            Some(Ok(message)) => {
                self.received.add_one();
                Some(Ok(message))
            }
            // tonic reports a lost connection as an unknown error.
            Some(Err(status)) => Some(Err(self.received.end().unwrap_or(status))),
            None => self.received.end().map(Err),
        })
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        &mut self.stream
    }
}

/// After the stream is dropped, the handler no longer waits for a message.
impl<M> Drop for Counted<M> {
    fn drop(&mut self) {
        self.received.goes_on();
    }
}

impl<M> Counted<M> {
    #[inline]
    fn in_time(
        &mut self,
        polled: Poll<Option<Result<M, Status>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        if !self.received.is_bounded() {
            return polled;
        }
        let bounds = &mut self.bounds;
        let bounds = bounds.get_or_insert_with(|| Box::pin(self.received.bounds()));
        let is_message = |item: &Option<Result<M, Status>>| matches!(item, Some(Ok(_)));
        let held = bounds.as_mut().hold(polled, is_message, cx);
        held.map(|held| held.unwrap_or_else(|status| Some(Err(status))))
    }
}

/// The next message, or the error that ends the stream. Errors use the slot because tonic yields an error of the body
/// twice.
struct Slot<M>(Arc<Mutex<Option<Result<M, Status>>>>);

impl<M> Slot<M> {
    fn replace(&self, message: Option<Result<M, Status>>) -> Option<Result<M, Status>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut slot, message)
    }
}

impl<M> Clone for Slot<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M> Decoder for Slot<M> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        self.replace(None).transpose()
    }

    fn buffer_settings(&self) -> BufferSettings {
        // The buffer never holds more than the head of a frame.
        BufferSettings::new(FRAME.len(), FRAME.len())
    }
}

/// The head of an uncompressed empty message.
const FRAME: [u8; 5] = [0; 5];

struct Messages<S: MessageStream> {
    /// Dropped once it has ended or failed.
    stream: Option<S>,
    slot: Slot<S::Message>,
}

impl<S: MessageStream> Body for Messages<S> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        match ready!(stream.poll_message(cx)) {
            Some(message) => {
                if message.is_err() {
                    self.stream = None;
                }
                self.slot.replace(Some(message));
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&FRAME)))))
            }
            None => {
                // The stream has ended, so its trailers are ready or absent.
                let trailers = std::pin::pin!(stream.streaming().trailers()).poll(cx);
                self.stream = None;
                let Poll::Ready(Ok(Some(trailers))) = trailers else {
                    return Poll::Ready(None);
                };
                Poll::Ready(Some(Ok(Frame::trailers(trailers.into_headers()))))
            }
        }
    }
}
