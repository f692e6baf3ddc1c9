use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::one_piece::is_peek;
use crate::core::abilities::KeptRequest;
use crate::core::messages::EachMessage;
use crate::core::received::{Reading, Received};
use crate::wire::Replay;

pin_project_lite::pin_project! {
    /// The request stream of a generated client, as interceptors see it.
    ///
    /// It has the same messages as the caller's stream. `retry` can send it again, as long as the messages that were sent fit into the buffer
    /// (`buffer_size`).
    ///
    /// A typed interceptor for such methods is bounded on the stream's messages:
    ///
    /// ```
    /// use futures_core::Stream;
    /// use interceptors::client::RequestStream;
    /// use interceptors::{Call, Interceptor, Next};
    /// use interceptors_proto::demo::User;
    /// use tonic::{Response, Status};
    ///
    /// struct OnlyUsers;
    ///
    /// impl<S, Res: Send> Interceptor<RequestStream<S>, Res> for OnlyUsers
    /// where
    ///     S: Stream<Item = User> + Send,
    /// {
    ///     async fn intercept(
    ///         &self,
    ///         call: &mut Call<RequestStream<S>>,
    ///         next: &mut impl Next<RequestStream<S>, Res>,
    ///     ) -> Result<Response<Res>, Status> {
    ///         next.run(call).await
    ///     }
    /// }
    /// ```
    pub struct RequestStream<S: Stream> {
        #[pin]
        source: Source<S>,
        reading: Option<Reading>,
        observer: Option<Box<Observer<S::Item>>>,
    }
}

/// The observer of each message. All readings of a stream share it, and it sees each message once.
struct Observer<M> {
    shared: Arc<Mutex<SharedObserver<M>>>,
    /// How many messages this reading has yielded.
    yielded: u64,
}

struct SharedObserver<M> {
    inspect: Box<dyn FnMut(&M) + Send>,
    /// How many messages the observer has seen.
    observed: u64,
}

impl<M> Observer<M> {
    fn observe(&mut self, message: &M) {
        self.yielded += 1;
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if self.yielded > shared.observed {
            shared.observed = self.yielded;
            (shared.inspect)(message);
        }
    }
}

pin_project_lite::pin_project! {
    #[project = SourceProj]
    enum Source<S: Stream> {
        Direct { #[pin] stream: S },
        Replayed { replay: Replay<S>, next: fn(&mut Replay<S>, &mut Context<'_>) -> Poll<Option<S::Item>> },
        /// Only while the source is being replaced.
        Taken,
    }
}

impl<S: Stream> RequestStream<S> {
    /// A stream that is neither counted nor kept.
    pub fn new(stream: S) -> Self {
        Self {
            source: Source::Direct { stream },
            reading: None,
            observer: None,
        }
    }

    pub(crate) fn counted(mut self, received: Received) -> Self {
        self.reading = Some(Reading::new(received));
        self
    }

    pub(crate) fn is_replayed(&self) -> bool {
        matches!(self.source, Source::Replayed { .. })
    }

    /// Another reading of the same stream, to be read after this one.
    pub(crate) fn copy(&mut self, size_of: fn(&S::Item) -> usize, limit: usize) -> Option<Self>
    where
        S::Item: Clone,
    {
        let next = |replay: &mut Replay<S>, cx: &mut Context<'_>| match replay.poll_next(cx) {
            Poll::Ready(Ok(item)) => Poll::Ready(item),
            // Not the end of the stream: the server would take the request for complete. The attempt was given up, and
            // dropping it cancels the stream.
            Poll::Ready(Err(_)) | Poll::Pending => Poll::Pending,
        };
        let mut replay = match std::mem::replace(&mut self.source, Source::Taken) {
            Source::Direct { stream } => Replay::new(stream, size_of, limit),
            Source::Replayed { replay, .. } => replay,
            Source::Taken => return None,
        };
        let source = Source::Replayed {
            replay: replay.copy(limit),
            next,
        };
        self.source = Source::Replayed { replay, next };
        Some(Self {
            source,
            reading: self.reading.as_ref().map(Reading::another),
            observer: self.observer.as_ref().map(|observer| {
                Box::new(Observer {
                    shared: Arc::clone(&observer.shared),
                    yielded: 0,
                })
            }),
        })
    }
}

impl<S: Stream> KeptRequest for RequestStream<S> {
    fn is_whole(&mut self) -> bool {
        match &self.source {
            Source::Replayed { replay, .. } => replay.is_whole(),
            Source::Direct { .. } | Source::Taken => false,
        }
    }

    fn take_over(&mut self) -> bool {
        match &mut self.source {
            Source::Replayed { replay, .. } => replay.begin(),
            Source::Direct { .. } | Source::Taken => true,
        }
    }

    fn is_complete(&mut self, _: usize) -> bool {
        false
    }
}

impl<S: Stream> EachMessage for RequestStream<S> {
    type Message = S::Item;

    fn each_message(&mut self, inspect: impl FnMut(&S::Item) + Send + 'static) {
        let inspect = Box::new(inspect);
        self.observer = Some(Box::new(Observer {
            shared: Arc::new(Mutex::new(SharedObserver {
                inspect,
                observed: 0,
            })),
            yielded: 0,
        }));
    }
}

impl<S: Stream> Stream for RequestStream<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if is_peek(cx) {
            return Poll::Pending;
        }
        let this = self.project();
        if let Some(reading) = this.reading.as_mut() {
            reading.begin();
        }
        let polled = match this.source.project() {
            SourceProj::Direct { stream } => stream.poll_next(cx),
            SourceProj::Replayed { replay, next } => next(replay, cx),
            SourceProj::Taken => Poll::Ready(None),
        };
        if let Some(reading) = this.reading {
            match &polled {
                Poll::Pending => reading.waits(),
                Poll::Ready(item) => {
                    reading.goes_on();
                    if item.is_some() {
                        reading.add(1);
                    }
                }
            }
        }
        let item = ready!(polled);
        if let (Some(message), Some(observer)) = (&item, this.observer) {
            observer.observe(message);
        }
        Poll::Ready(item)
    }
}

impl<S: Stream> fmt::Debug for RequestStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestStream").finish_non_exhaustive()
    }
}
