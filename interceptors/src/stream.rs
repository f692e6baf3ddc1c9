use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
#[cfg(feature = "timeout")]
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
#[cfg(any(feature = "client", feature = "deadline", feature = "timeout"))]
use tokio::time::Instant;
use tonic::Status;

use crate::call::CallPath;
#[cfg(feature = "catch-panic")]
use crate::catch_panic::{Handler, caught, report};
#[cfg(feature = "deadline")]
use crate::deadline;
#[cfg(feature = "client")]
use crate::deadline::{Limit, exceeded};
use crate::end::{Attached, Outcome, StreamEnd, tell_in_drop};
use crate::inbound::RequestMessages;
#[cfg(feature = "request-id")]
use crate::request_id::{self, RequestId};
#[cfg(feature = "timeout")]
use crate::timeout::{self, Bounds};

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
    #[cfg_attr(not(feature = "payload"), allow(dead_code))]
    Looked(Box<Looked<S>>),
    /// On the server: calls that are made while it is read inherit it.
    #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
    Scope(Scope),
    /// On the client: the stream ends then.
    #[cfg(feature = "client")]
    End(Limit),
    /// On the server behind `timeout`: both.
    #[cfg(feature = "timeout")]
    Bounded {
        bounds: Pin<Box<Bounds>>,
        #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
        scope: Option<Scope>,
    },
    #[cfg(any(feature = "client", feature = "timeout"))]
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

/// What calls inherit that are made while a response stream is read.
#[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
pub(crate) struct Scope {
    #[cfg(feature = "deadline")]
    pub(crate) at: Option<Instant>,
    #[cfg(any(feature = "request-id", feature = "trace"))]
    pub(crate) identity: Option<Box<Identity>>,
}

/// Who the call is. Apart, so that streams stay small.
#[cfg(any(feature = "request-id", feature = "trace"))]
pub(crate) struct Identity {
    #[cfg(feature = "request-id")]
    pub(crate) id: Option<RequestId>,
    #[cfg(feature = "trace")]
    pub(crate) span: Option<tracing::Span>,
}

#[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
impl Scope {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn is_empty(&self) -> bool {
        #[cfg(feature = "deadline")]
        if self.at.is_some() {
            return false;
        }
        #[cfg(any(feature = "request-id", feature = "trace"))]
        if self.identity.is_some() {
            return false;
        }
        true
    }

    fn within<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        #[cfg(feature = "deadline")]
        let _at = self.at.map(deadline::enter);
        #[cfg(any(feature = "request-id", feature = "trace"))]
        if let Some(identity) = &mut self.identity {
            return identity.within(poll);
        }
        poll()
    }
}

#[cfg(any(feature = "request-id", feature = "trace"))]
impl Identity {
    fn within<T>(&mut self, poll: impl FnOnce() -> T) -> T {
        #[cfg(feature = "request-id")]
        let _id = self.id.is_some().then(|| request_id::enter(&mut self.id));
        #[cfg(feature = "trace")]
        let _span = self.span.as_ref().map(tracing::Span::enter);
        poll()
    }
}

impl<S> StreamDeadline<S> {
    /// What stands around the stream itself: whoever looks at messages looks at what comes in time.
    #[cfg_attr(
        not(any(
            feature = "client",
            feature = "deadline",
            feature = "request-id",
            feature = "timeout",
            feature = "trace"
        )),
        allow(dead_code)
    )]
    fn innermost(&mut self) -> &mut Self {
        match self {
            Self::Looked(looked) => looked.deadline.innermost(),
            other => other,
        }
    }

    /// In what the stream is read in: there its messages belong.
    fn within<T>(&mut self, look: impl FnOnce() -> T) -> T {
        match self {
            Self::Looked(looked) => looked.deadline.within(look),
            #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
            Self::Scope(scope) => scope.within(look),
            #[cfg(all(
                feature = "timeout",
                any(feature = "deadline", feature = "request-id", feature = "trace")
            ))]
            Self::Bounded {
                scope: Some(scope), ..
            } => scope.within(look),
            _ => look(),
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
    #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn scoped(mut self, scope: Scope) -> Self {
        if !scope.is_empty() {
            *self.deadline.innermost() = StreamDeadline::Scope(scope);
        }
        self
    }

    /// The stream ends with `DEADLINE_EXCEEDED` then.
    #[cfg(feature = "client")]
    pub(crate) fn ending(mut self, at: Instant) -> Self {
        *self.deadline.innermost() = StreamDeadline::End(Limit::new(at));
        self
    }

    /// The stream ends with `DEADLINE_EXCEEDED` where its bounds say so.
    #[cfg(feature = "timeout")]
    pub(crate) fn bounded(mut self, bounds: Bounds) -> Self {
        let deadline = self.deadline.innermost();
        #[cfg_attr(
            not(any(feature = "deadline", feature = "request-id", feature = "trace")),
            allow(unused_variables)
        )]
        let before = std::mem::replace(deadline, StreamDeadline::None);
        *deadline = StreamDeadline::Bounded {
            bounds: Box::pin(bounds),
            #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
            scope: match before {
                StreamDeadline::Scope(scope) => Some(scope),
                _ => None,
            },
        };
        self
    }

    /// Looks at each message when it leaves the stream. Whoever is further in looks first.
    #[cfg(feature = "payload")]
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
                    deadline.within(|| look.look(item));
                }
                Poll::Ready(polled)
            }
            #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
            StreamDeadline::Scope(scope) => scope.within(|| inner.poll_next(cx)),
            #[cfg(feature = "client")]
            StreamDeadline::End(limit) => {
                let polled = inner.poll_next(cx);
                let is_message = |item: &Option<Result<M, Status>>| matches!(item, Some(Ok(_)));
                if let Some(item) = ready!(limit.hold(polled, is_message, cx)) {
                    return Poll::Ready(item);
                }
                *deadline = StreamDeadline::Ended;
                Poll::Ready(Some(Err(exceeded())))
            }
            #[cfg(feature = "timeout")]
            StreamDeadline::Bounded {
                bounds,
                #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
                scope,
            } => {
                #[cfg(any(feature = "deadline", feature = "request-id", feature = "trace"))]
                let polled = match scope {
                    Some(scope) => scope.within(|| inner.poll_next(cx)),
                    None => inner.poll_next(cx),
                };
                #[cfg(not(any(feature = "deadline", feature = "request-id", feature = "trace")))]
                let polled = inner.poll_next(cx);
                let is_message = |item: &Option<Result<M, Status>>| matches!(item, Some(Ok(_)));
                match ready!(bounds.as_mut().hold(polled, is_message, cx)) {
                    Ok(item) => Poll::Ready(item),
                    Err(status) => {
                        *deadline = StreamDeadline::Ended;
                        Poll::Ready(Some(Err(status)))
                    }
                }
            }
            #[cfg(any(feature = "client", feature = "timeout"))]
            StreamDeadline::Ended => Poll::Ready(None),
        }
    }

    /// Apart, so that streams whose panics nobody catches do not pay for it.
    #[cfg(feature = "catch-panic")]
    #[inline(never)]
    fn poll_caught(
        inner: Pin<&mut S>,
        deadline: &mut StreamDeadline<S>,
        watch: &mut StreamWatch,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        if watch.has_panicked {
            return Poll::Ready(None);
        }
        let item = match caught(|| Self::poll_inner(inner, deadline, cx)) {
            Ok(polled) => ready!(polled),
            Err(payload) => {
                watch.has_panicked = true;
                Some(Err(watch.report(payload)))
            }
        };
        let outcome = match &item {
            Some(Ok(_)) => {
                watch.count();
                return Poll::Ready(item);
            }
            Some(Err(_)) if watch.has_panicked => Outcome::Panicked,
            Some(Err(_)) => Outcome::Error,
            None => Outcome::Ok,
        };
        let status = item.as_ref().and_then(|item| item.as_ref().err());
        // However an observer takes it, the call has ended as it has.
        if let Err(payload) = caught(|| watch.tell(outcome, status)) {
            watch.report(payload);
        }
        Poll::Ready(item)
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
        #[cfg(feature = "catch-panic")]
        if watch.handler.is_some() {
            return Self::poll_caught(this.inner, this.deadline, watch, cx);
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

/// Tells those who watch a response how it ended, once.
pub(crate) struct StreamWatch {
    path: CallPath,
    attached: Option<Box<dyn Attached>>,
    pub(crate) messages: u64,
    request_messages: RequestMessages,
    attempts: u32,
    /// Still set when the stream is dropped: a poll did not return, so it panicked.
    pub(crate) polling: bool,
    /// Who counts along, in case that nobody reads it any more.
    #[cfg(feature = "timeout")]
    unread: Option<Arc<timeout::Shared>>,
    /// Who is told if the stream panics, where that is caught.
    #[cfg(feature = "catch-panic")]
    handler: Option<Handler>,
    #[cfg(feature = "catch-panic")]
    has_panicked: bool,
}

impl StreamWatch {
    pub(crate) fn new(
        path: &CallPath,
        request_messages: RequestMessages,
        attempts: u32,
        attached: Option<Box<dyn Attached>>,
    ) -> Self {
        Self {
            path: path.clone(),
            attached,
            messages: 0,
            request_messages,
            attempts,
            polling: false,
            #[cfg(feature = "timeout")]
            unread: None,
            #[cfg(feature = "catch-panic")]
            handler: None,
            #[cfg(feature = "catch-panic")]
            has_panicked: false,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn count(&mut self) {
        self.messages += 1;
        #[cfg(feature = "timeout")]
        if let Some(unread) = &self.unread {
            unread.counted(self.messages);
        }
    }

    /// Whoever watches is told then, also if nobody reads the stream.
    #[cfg(feature = "timeout")]
    pub(crate) fn until(mut self, at: Option<Instant>) -> Self {
        if let Some(at) = at
            && let Some(attached) = self.attached.take()
        {
            let (attached, unread) = timeout::until(
                at,
                self.path.clone(),
                self.request_messages.clone(),
                self.attempts,
                attached,
            );
            self.attached = Some(attached);
            self.unread = unread;
        }
        self
    }

    /// Catches what the stream panics with.
    #[cfg(feature = "catch-panic")]
    pub(crate) fn catching(mut self, handler: Option<Handler>) -> Self {
        self.handler = handler;
        self
    }

    /// Says that the stream has panicked, and what it ends with.
    #[cfg(feature = "catch-panic")]
    #[cold]
    fn report(&self, payload: crate::catch_panic::Payload) -> Status {
        report(&self.path, payload, self.handler.as_deref())
    }

    #[cold]
    pub(crate) fn tell(&mut self, outcome: Outcome, status: Option<&Status>) {
        if let Some(attached) = self.attached.take() {
            let end = StreamEnd {
                path: &self.path,
                outcome,
                status,
                messages: self.messages,
                request_messages: self.request_messages.clone(),
                attempts: self.attempts,
                sent: true,
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
