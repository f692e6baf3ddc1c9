use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame};
use tonic::codec::{BufferSettings, DecodeBuf, Decoder};
use tonic::{Status, Streaming};

use crate::bounds::Bounds;
#[cfg(feature = "server")]
use crate::server::Cancelled;
use crate::stream::ResponseStream;

/// How many messages of a request stream the handler has taken.
#[derive(Clone)]
pub struct Received {
    shared: Option<Arc<Shared>>,
    #[cfg(feature = "server")]
    cancelled: Option<Cancelled>,
}

#[derive(Debug, Default)]
pub(crate) struct Shared {
    count: AtomicU64,
    /// How long the handler waits for one, in nanoseconds; 0 if that is not bounded.
    idle: AtomicU64,
}

impl Received {
    /// Of what is known to be one message: there is nothing to count.
    #[cfg(feature = "client")]
    pub(crate) const ONE: Self = Self {
        shared: None,
        #[cfg(feature = "server")]
        cancelled: None,
    };

    /// Of a request that a layer watches, if one does.
    #[cfg(feature = "server")]
    pub(crate) fn watched(mut self, cancelled: Option<Cancelled>) -> Self {
        self.cancelled = cancelled;
        self
    }

    /// What the stream ends with, which tonic takes for the end in any case.
    fn end(&self) -> Option<Status> {
        #[cfg(feature = "server")]
        if self.cancelled.as_ref().is_some_and(Cancelled::is_set) {
            return Some(Status::cancelled(
                "the client went away before it had sent all of its request",
            ));
        }
        None
    }

    pub(crate) fn count(&self) -> u64 {
        match &self.shared {
            Some(shared) => shared.count.load(Ordering::Relaxed),
            None => 1,
        }
    }

    pub(crate) fn bound_gaps(&self, idle: Duration) {
        if let Some(shared) = &self.shared {
            let nanos = u64::try_from(idle.as_nanos()).unwrap_or(u64::MAX);
            shared.idle.store(nanos, Ordering::Relaxed);
        }
    }

    fn idle(&self) -> Option<Duration> {
        match self.shared.as_ref()?.idle.load(Ordering::Relaxed) {
            0 => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// To be asked later.
    pub(crate) fn messages(&self) -> RequestMessages {
        match &self.shared {
            Some(shared) => RequestMessages::Counted(Arc::clone(shared)),
            None => RequestMessages::One,
        }
    }

    pub(crate) fn add_one(&self) {
        self.add(1);
    }

    pub(crate) fn add(&self, messages: u64) {
        if let Some(shared) = &self.shared {
            shared.count.fetch_add(messages, Ordering::Relaxed);
        }
    }

    #[cfg(feature = "client")]
    pub(crate) fn reset(&self) {
        if let Some(shared) = &self.shared {
            shared.count.store(0, Ordering::Relaxed);
        }
    }
}

impl Default for Received {
    fn default() -> Self {
        Self {
            shared: Some(Arc::default()),
            #[cfg(feature = "server")]
            cancelled: None,
        }
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Received").field(&self.count()).finish()
    }
}

/// How many messages a request has had so far.
#[derive(Clone)]
pub(crate) enum RequestMessages {
    One,
    Counted(Arc<Shared>),
    /// A stream of a type that says nothing of its messages.
    Unknown,
}

impl RequestMessages {
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::One => Some(1),
            Self::Counted(shared) => Some(shared.count.load(Ordering::Relaxed)),
            Self::Unknown => None,
        }
    }
}

/// The same stream, with its messages counted as they are taken. It ends after its first error, where
/// tonic's own goes on reading what it could not make sense of.
///
/// `tonic::Streaming` is a closed type that only reads frames. So each message is parked in a
/// slot, an empty frame goes through tonic's decoder, and ours takes the message out of the slot:
/// nothing is encoded again. `new_empty` is the one direction in which tonic passes every status
/// on unchanged.
pub(crate) fn counted<M: Send + 'static>(stream: Streaming<M>, received: Received) -> Streaming<M> {
    rebuilt(Counted {
        stream,
        received,
        gap: None,
    })
}

/// A `Streaming` that gives the messages, the error and the trailers of what is put into it.
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

/// A stream of nothing.
#[cfg(feature = "test-util")]
pub(crate) fn empty<M: Send + 'static>() -> Streaming<M> {
    let slot = Slot(Arc::new(Mutex::new(None)));
    Streaming::new_empty(slot, tonic::body::Body::empty())
}

/// Messages, with trailers behind them.
pub(crate) trait MessageStream: Send + Unpin + 'static {
    type Message: Send + 'static;

    fn poll_message(&mut self, cx: &mut Context<'_>)
    -> Poll<Option<Result<Self::Message, Status>>>;

    /// Asked for when the stream has ended.
    fn streaming(&mut self) -> &mut Streaming<Self::Message>;
}

impl<M: Send + 'static> MessageStream for ResponseStream<Streaming<M>> {
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        Pin::new(self).poll_next(cx)
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        self.get_mut()
    }
}

/// The same stream, each of whose messages goes through a function first. Where that refuses one, the stream ends with
/// its status.
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
    gap: Option<Pin<Box<Bounds>>>,
}

impl<M: Send + 'static> MessageStream for Counted<M> {
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        let polled = Pin::new(&mut self.stream).poll_next(cx);
        let polled = self.in_time(polled, cx);
        Poll::Ready(match ready!(polled) {
            Some(Ok(message)) => {
                self.received.add_one();
                Some(Ok(message))
            }
            Some(Err(status)) => Some(Err(status)),
            None => self.received.end().map(Err),
        })
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        &mut self.stream
    }
}

impl<M> Counted<M> {
    #[inline]
    fn in_time(
        &mut self,
        polled: Poll<Option<Result<M, Status>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let Some(idle) = self.received.idle() else {
            return polled;
        };
        let gap = self
            .gap
            .get_or_insert_with(|| Box::pin(Bounds::new(None, Some(idle))));
        let held = gap.as_mut().hold(polled, |_| false, cx);
        held.map(|held| held.unwrap_or_else(|status| Some(Err(status))))
    }
}

/// The next message, or the error that ends the stream. An error goes this way too: tonic gives one that
/// comes from a body twice.
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
        // No more than a frame's head is ever in the buffer.
        BufferSettings::new(FRAME.len(), FRAME.len())
    }
}

/// The head of an uncompressed message of no bytes.
const FRAME: [u8; 5] = [0; 5];

struct Messages<S: MessageStream> {
    /// Gone once it has ended or failed, and with it whatever it holds.
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
                // The stream has ended, so its trailers are there at once or not at all.
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
