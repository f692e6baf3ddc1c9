use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tonic::Status;

use crate::call::CallPath;
use crate::end::{Attached, Outcome, StreamEnd, tell_in_drop};
use crate::inbound::RequestMessages;

pin_project_lite::pin_project! {
    /// A response stream that reports how it ended to whoever watches the call.
    ///
    /// In an annotated implementation, a streaming method's associated type becomes
    /// `ResponseStream` of the type that was written; bodies go on seeing their own type. Messages,
    /// their order, back-pressure and errors pass through unchanged.
    ///
    /// An interceptor that answers a streaming call by itself makes one with [`new`](Self::new).
    ///
    /// ```
    /// use interceptors::ResponseStream;
    /// use tonic::Status;
    ///
    /// let stream = ResponseStream::new(tokio_stream::iter([Ok::<_, Status>(1), Ok(2)]));
    /// # let _ = stream;
    /// ```
    pub struct ResponseStream<S> {
        #[pin]
        inner: S,
        watch: Option<StreamWatch>,
    }
}

impl<S> ResponseStream<S> {
    /// A stream that nobody watches yet.
    pub fn new(inner: S) -> Self {
        Self { inner, watch: None }
    }

    pub(crate) fn watched(
        mut self,
        path: &CallPath,
        request_messages: RequestMessages,
        attached: Box<dyn Attached>,
    ) -> Self {
        let watch = StreamWatch {
            path: path.clone(),
            attached: Some(attached),
            messages: 0,
            request_messages,
            polling: false,
        };
        self.watch = Some(watch);
        self
    }
}

impl<S, M> Stream for ResponseStream<S>
where
    S: Stream<Item = Result<M, Status>>,
{
    type Item = Result<M, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let Some(watch) = this.watch else {
            return this.inner.poll_next(cx);
        };
        watch.polling = true;
        let polled = this.inner.poll_next(cx);
        watch.polling = false;
        let item = ready!(polled);
        match &item {
            Some(Ok(_)) => watch.messages += 1,
            Some(Err(status)) => watch.tell(Outcome::Error, Some(status)),
            None => watch.tell(Outcome::Ok, None),
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<S> fmt::Debug for ResponseStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseStream").finish_non_exhaustive()
    }
}

struct StreamWatch {
    path: CallPath,
    attached: Option<Box<dyn Attached>>,
    messages: u64,
    request_messages: RequestMessages,
    /// Still set when the stream is dropped: a poll did not return, so it panicked.
    polling: bool,
}

impl StreamWatch {
    fn tell(&mut self, outcome: Outcome, status: Option<&Status>) {
        if let Some(attached) = self.attached.take() {
            let end = StreamEnd {
                path: &self.path,
                outcome,
                status,
                messages: self.messages,
                request_messages: self.request_messages.clone(),
            };
            attached.end(&end);
        }
    }
}

impl Drop for StreamWatch {
    fn drop(&mut self) {
        let outcome = match self.polling {
            true => Outcome::Panicked,
            false => Outcome::Cancelled,
        };
        tell_in_drop(|| self.tell(outcome, None));
    }
}
