use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::end::Outcome;
use super::fitted::fitted;
use super::kind::Side;
use super::layer::{Step, Tail};
use super::malformed::caught;
use super::messages::MessageStream;
use super::time::{Bounds, Limit, enter, exceeded};

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
        watch: Option<Tail>,
        deadline: StreamDeadline<S>,
        // It leaves a service, so its status has to fit.
        is_sent: bool,
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
            is_sent: false,
        }
    }

    /// Where it goes: out of a service, or to the caller of a client.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leaving(mut self, side: Side) -> Self {
        self.is_sent = matches!(side, Side::Server);
        self
    }

    pub(crate) fn watched(mut self, watch: Tail) -> Self {
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
    #[doc(hidden)]
    #[must_use]
    pub fn each_message<M, F>(mut self, look: F) -> Self
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
                    let _inherited = deadline.inherited().map(enter);
                    look.look(item);
                }
                Poll::Ready(polled)
            }
            StreamDeadline::Inherited(at) => {
                let _inherited = enter(*at);
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
                    let _inherited = inherited.map(enter);
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
        watch: &mut Tail,
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
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.as_mut().poll_watched(cx) {
            Poll::Ready(Some(Err(status))) if self.is_sent => {
                Poll::Ready(Some(Err(fitted(status))))
            }
            polled => polled,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

impl<S, M> ResponseStream<S>
where
    S: Stream<Item = Result<M, Status>>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_watched(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
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
}

impl<M: Send + 'static> MessageStream for ResponseStream<Streaming<M>> {
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        caught(|| Pin::new(&mut *self).poll_next(cx)).unwrap_or_else(|status| {
            if let Some(watch) = &mut self.watch {
                watch.polling = false;
                watch.tell(Outcome::Error, Some(&status));
            }
            Poll::Ready(Some(Err(status)))
        })
    }

    fn streaming(&mut self) -> &mut Streaming<M> {
        self.get_mut()
    }
}

impl<S> fmt::Debug for ResponseStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseStream").finish_non_exhaustive()
    }
}
