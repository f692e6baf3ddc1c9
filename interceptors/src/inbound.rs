use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Body, Frame};
use tonic::codec::{BufferSettings, DecodeBuf, Decoder};
use tonic::{Status, Streaming};

/// How many messages of a request stream the handler has taken.
#[derive(Clone, Default)]
pub struct Received(Arc<AtomicU64>);

impl Received {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
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
    Counted(Received),
}

impl RequestMessages {
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::One => 1,
            Self::Counted(received) => received.count(),
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
    let slot = Slot(Arc::new(Mutex::new(None)));
    Streaming::new_empty(
        slot.clone(),
        Messages {
            stream,
            slot,
            received,
            trailers_read: false,
        },
    )
}

struct Slot<M>(Arc<Mutex<Option<M>>>);

impl<M> Slot<M> {
    fn replace(&self, message: Option<M>) -> Option<M> {
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
        Ok(self.replace(None))
    }

    fn buffer_settings(&self) -> BufferSettings {
        // No more than a frame's head is ever in the buffer.
        BufferSettings::new(FRAME.len(), FRAME.len())
    }
}

/// The head of an uncompressed message of no bytes.
const FRAME: [u8; 5] = [0; 5];

struct Messages<M> {
    stream: Streaming<M>,
    slot: Slot<M>,
    received: Received,
    trailers_read: bool,
}

impl<M> Body for Messages<M> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.trailers_read {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut this.stream).poll_next(cx)) {
            Some(Ok(message)) => {
                this.received.0.fetch_add(1, Ordering::Relaxed);
                this.slot.replace(Some(message));
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&FRAME)))))
            }
            Some(Err(status)) => Poll::Ready(Some(Err(status))),
            None => {
                this.trailers_read = true;
                // The stream has ended, so its trailers are there at once or not at all.
                let trailers = std::pin::pin!(this.stream.trailers()).poll(cx);
                let Poll::Ready(Ok(Some(trailers))) = trailers else {
                    return Poll::Ready(None);
                };
                Poll::Ready(Some(Ok(Frame::trailers(trailers.into_headers()))))
            }
        }
    }
}
