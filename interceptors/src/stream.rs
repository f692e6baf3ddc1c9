use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::time::Instant;
use tonic::Status;

use crate::bounds::Bounds;
use crate::call::CallPath;
use crate::deadline::{self, Limit, exceeded};
use crate::end::{Outcome, StreamEnd, tell_in_drop};
use crate::inbound::RequestMessages;
use crate::layer::{Inner, Layers, Step};
use crate::unread;

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
        deadline: StreamDeadline<S>,
    }
}

/// What a deadline means to a response stream.
enum StreamDeadline<S> {
    None,
    /// Somebody looks at each message. Here, since it is rare and costs no room.
    Looked(Box<Looked<S>>),
    /// On the server: calls that are made while it is read inherit it.
    Inherited(Instant),
    /// On the client: the stream ends then.
    End(Limit),
    /// On the server behind `timeout`: both.
    Bounded {
        bounds: Pin<Box<Bounds>>,
        inherited: Option<Instant>,
    },
    Ended,
}

/// A stream whose messages somebody looks at when they leave it.
struct Looked<S> {
    deadline: StreamDeadline<S>,
    look: Box<dyn Look<S> + Send>,
}

/// Apart from `FnMut`, since the type of the message is known only where `S` is a stream.
trait Look<S> {
    fn look(&mut self, item: &S::Item)
    where
        S: Stream;
}

impl<S, M, F> Look<S> for (F, PhantomData<fn(&M)>)
where
    S: Stream<Item = Result<M, Status>>,
    F: FnMut(&M),
{
    fn look(&mut self, item: &Result<M, Status>) {
        if let Ok(message) = item {
            (self.0)(message);
        }
    }
}

impl<S> StreamDeadline<S> {
    /// What stands around the stream itself: whoever looks at messages looks at what comes in time.
    fn innermost(&mut self) -> &mut Self {
        match self {
            Self::Looked(looked) => looked.deadline.innermost(),
            other => other,
        }
    }

    /// What calls inherit that are made while it is read, or while its messages are looked at.
    fn inherited(&self) -> Option<Instant> {
        match self {
            Self::Looked(looked) => looked.deadline.inherited(),
            Self::Inherited(at) => Some(*at),
            Self::Bounded { inherited, .. } => *inherited,
            Self::None | Self::End(_) | Self::Ended => None,
        }
    }
}

impl<S> ResponseStream<S> {
    /// A stream that nobody watches yet.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            watch: None,
            deadline: StreamDeadline::None,
        }
    }

    pub(crate) fn watched(mut self, watch: StreamWatch) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Calls that are made while the stream is read inherit this.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn inherited(mut self, at: Option<Instant>) -> Self {
        if let Some(at) = at {
            *self.deadline.innermost() = StreamDeadline::Inherited(at);
        }
        self
    }

    /// The stream ends with `DEADLINE_EXCEEDED` then.
    pub(crate) fn ending(mut self, at: Instant) -> Self {
        *self.deadline.innermost() = StreamDeadline::End(Limit::new(at));
        self
    }

    /// The stream ends with `DEADLINE_EXCEEDED` where its bounds say so.
    pub(crate) fn bounded(mut self, bounds: Bounds) -> Self {
        let deadline = self.deadline.innermost();
        let inherited = deadline.inherited();
        *deadline = StreamDeadline::Bounded {
            bounds: Box::pin(bounds),
            inherited,
        };
        self
    }

    /// Looks at each message when it leaves the stream. Whoever is further in looks first.
    pub(crate) fn each_message<M, F>(mut self, look: F) -> Self
    where
        S: Stream<Item = Result<M, Status>>,
        F: FnMut(&M) + Send + 'static,
        M: 'static,
    {
        self.deadline = StreamDeadline::Looked(Box::new(Looked {
            deadline: self.deadline,
            look: Box::new((look, PhantomData)),
        }));
        self
    }

    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The stream inside, where there is nothing to be done around it.
    pub(crate) fn plain_or_else(self, otherwise: impl FnOnce(Self) -> S) -> S {
        match (&self.watch, &self.deadline) {
            (None, StreamDeadline::None) => self.inner,
            _ => otherwise(self),
        }
    }
}

impl<S, M> ResponseStream<S>
where
    S: Stream<Item = Result<M, Status>>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_inner(
        inner: Pin<&mut S>,
        deadline: &mut StreamDeadline<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        match deadline {
            StreamDeadline::None => inner.poll_next(cx),
            _ => Self::poll_in_time(inner, deadline, cx),
        }
    }

    /// Apart, so that streams without a deadline do not pay for it.
    #[cold]
    #[inline(never)]
    fn poll_in_time(
        inner: Pin<&mut S>,
        deadline: &mut StreamDeadline<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        match deadline {
            StreamDeadline::None => inner.poll_next(cx),
            StreamDeadline::Looked(looked) => {
                let Looked { deadline, look } = &mut **looked;
                let polled = ready!(Self::poll_inner(inner, deadline, cx));
                if let Some(item) = &polled {
                    let _inherited = deadline.inherited().map(deadline::enter);
                    look.look(item);
                }
                Poll::Ready(polled)
            }
            StreamDeadline::Inherited(at) => {
                let _inherited = deadline::enter(*at);
                inner.poll_next(cx)
            }
            StreamDeadline::End(limit) => {
                let polled = inner.poll_next(cx);
                let is_message = |item: &Option<Result<M, Status>>| matches!(item, Some(Ok(_)));
                if let Some(item) = ready!(limit.hold(polled, is_message, cx)) {
                    return Poll::Ready(item);
                }
                *deadline = StreamDeadline::Ended;
                Poll::Ready(Some(Err(exceeded())))
            }
            StreamDeadline::Bounded { bounds, inherited } => {
                let polled = {
                    let _inherited = inherited.map(deadline::enter);
                    inner.poll_next(cx)
                };
                let is_message = |item: &Option<Result<M, Status>>| matches!(item, Some(Ok(_)));
                match ready!(bounds.as_mut().hold(polled, is_message, cx)) {
                    Ok(item) => Poll::Ready(item),
                    Err(status) => {
                        *deadline = StreamDeadline::Ended;
                        Poll::Ready(Some(Err(status)))
                    }
                }
            }
            StreamDeadline::Ended => Poll::Ready(None),
        }
    }

    /// Apart, so that streams with no layer around their polls do not pay for it.
    #[cold]
    #[inline(never)]
    fn poll_in_layers(
        mut inner: Pin<&mut S>,
        deadline: &mut StreamDeadline<S>,
        watch: &mut StreamWatch,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let mut item = None;
        let step = ready!(watch.poll(cx, &mut |cx| {
            item = ready!(Self::poll_inner(inner.as_mut(), deadline, cx));
            Poll::Ready(match &item {
                Some(Ok(_)) => Step::Message,
                Some(Err(_)) => Step::Failed,
                None => Step::End,
            })
        }));
        let error = match &item {
            Some(Err(status)) => Some(status),
            _ => None,
        };
        match watch.see(step, error) {
            Some(status) => Poll::Ready(Some(Err(status))),
            None => Poll::Ready(item),
        }
    }
}

impl<S, M> Stream for ResponseStream<S>
where
    S: Stream<Item = Result<M, Status>>,
{
    type Item = Result<M, Status>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let Some(watch) = this.watch else {
            return Self::poll_inner(this.inner, this.deadline, cx);
        };
        if watch.is_around() {
            return Self::poll_in_layers(this.inner, this.deadline, watch, cx);
        }
        watch.polling = true;
        let polled = Self::poll_inner(this.inner, this.deadline, cx);
        watch.polling = false;
        let item = ready!(polled);
        match &item {
            Some(Ok(_)) => watch.count(),
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

/// What goes along with a response: it is around its polls, and is told how it ended, once.
pub(crate) struct StreamWatch {
    path: CallPath,
    layers: Layers,
    pub(crate) messages: u64,
    request_messages: RequestMessages,
    attempts: u32,
    /// Still set when the stream is dropped: a poll did not return, so it panicked.
    pub(crate) polling: bool,
    /// A layer has ended it.
    is_cut: bool,
    is_told: bool,
    /// A layer is around polls.
    is_around: bool,
    /// Who counts along, in case that nobody reads it any more.
    unread: Option<Arc<unread::Shared>>,
}

impl StreamWatch {
    pub(crate) fn new(
        path: &CallPath,
        request_messages: RequestMessages,
        attempts: u32,
        layers: Layers,
    ) -> Self {
        Self {
            path: path.clone(),
            messages: 0,
            request_messages,
            attempts,
            polling: false,
            is_cut: false,
            is_told: false,
            is_around: layers.is_around(),
            layers,
            unread: None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn count(&mut self) {
        self.messages += 1;
        if let Some(unread) = &self.unread {
            unread.counted(self.messages);
        }
    }

    /// Whoever watches is told then, also if nobody reads the stream.
    pub(crate) fn until(mut self, at: Option<Instant>) -> Self {
        if let Some(at) = at {
            let (layers, unread) = unread::until(
                at,
                self.path.clone(),
                self.request_messages.clone(),
                self.attempts,
                std::mem::take(&mut self.layers),
            );
            self.layers = layers;
            self.unread = unread;
        }
        self
    }

    #[inline]
    pub(crate) fn is_around(&self) -> bool {
        self.is_around
    }

    /// Polls a stream from the outermost layer inwards.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Inner<'_>) -> Poll<Step> {
        if self.is_cut {
            return Poll::Ready(Step::End);
        }
        self.polling = true;
        let polled = self.layers.poll(&self.path, cx, stream);
        self.polling = false;
        polled
    }

    /// What a poll came to; a status if a layer has ended the stream with it.
    pub(crate) fn see(&mut self, step: Step, error: Option<&Status>) -> Option<Status> {
        match step {
            Step::Message => self.count(),
            Step::Failed => self.tell(Outcome::Error, error),
            Step::End => self.tell(Outcome::Ok, None),
            Step::Cut(outcome, status) => {
                self.is_cut = true;
                self.tell(outcome, Some(&status));
                return Some(status);
            }
        }
        None
    }

    #[cold]
    pub(crate) fn tell(&mut self, outcome: Outcome, status: Option<&Status>) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        self.layers.end(&StreamEnd {
            path: &self.path,
            outcome,
            status,
            messages: self.messages,
            request_messages: self.request_messages.clone(),
            attempts: self.attempts,
            sent: true,
        });
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
