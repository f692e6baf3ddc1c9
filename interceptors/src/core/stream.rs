use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::end::Outcome;
use super::fitted::fit;
use super::kind::Side;
use super::layer::{Step, Tail};
use super::malformed::catch_malformed;
use super::messages::MessageStream;
use super::time::{Bounds, Limit, enter, exceeded};

pin_project_lite::pin_project! {
    /// A response stream that reports its end to the observers of the call.
    ///
    /// In an annotated implementation, the associated type of a streaming method becomes `ResponseStream` around the type that you wrote. Inside
    /// method bodies it is still your type. Messages, their order, back-pressure and errors do not change.
    ///
    /// If an interceptor answers a streaming call itself, it makes a `ResponseStream` with [`new`](Self::new).
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
        progress: Progress,
        deadline: StreamDeadline<S>,
        // A deadline or a layer wraps polls.
        is_surrounded: bool,
        // The stream leaves a service, so its status has to fit into the headers.
        is_sent: bool,
    }
}

/// The state of the stream, and its observers. It is always recorded: a write takes less time than a check for
/// observers, and nearly all messages take the same short path.
struct Progress {
    messages: u64,
    is_polled: bool,
    watch: Option<Tail>,
}

impl Progress {
    fn end(&mut self, outcome: Outcome, status: Option<&Status>) {
        self.hand_over();
        if let Some(watch) = &mut self.watch {
            watch.tell(outcome, status);
        }
    }

    /// The stream has ended.
    #[cold]
    #[inline(never)]
    fn ended(&mut self) {
        self.end(Outcome::Ok, None);
    }

    /// The stream has failed. Returns the status to report.
    #[cold]
    #[inline(never)]
    fn failed(&mut self, mut status: Status, is_sent: bool) -> Status {
        self.end(Outcome::Error, Some(&status));
        if is_sent {
            fit(&mut status);
        }
        status
    }

    fn hand_over(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.messages += std::mem::take(&mut self.messages);
            watch.polling |= std::mem::take(&mut self.is_polled);
        }
    }
}

impl Drop for Progress {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        self.hand_over();
    }
}

/// The effect of a deadline on a response stream.
enum StreamDeadline<S> {
    None,
    /// An interceptor inspects each message. This variant is rare, and needs no space of its own.
    Inspected(Box<Inspected<S>>),
    /// On a server: calls that are made while the stream is read inherit the deadline.
    Inherited(Instant),
    /// On a client: the stream ends at the deadline.
    End(Limit),
    /// On a server behind `timeout`: both.
    Bounded {
        bounds: Pin<Box<Bounds>>,
        inherited: Option<Instant>,
    },
    Ended,
}

/// A stream whose messages are inspected when they leave it.
struct Inspected<S> {
    deadline: StreamDeadline<S>,
    look: Box<dyn Inspect<S> + Send>,
}

/// Not `FnMut`, because the message's type is known only if `S` is a stream.
trait Inspect<S> {
    fn look(&mut self, item: &S::Item)
    where
        S: Stream;
}

impl<S, M, F> Inspect<S> for (F, PhantomData<fn(&M)>)
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
    /// The deadline around the stream itself. Messages are inspected only if they come in time.
    fn innermost(&mut self) -> &mut Self {
        match self {
            Self::Inspected(looked) => looked.deadline.innermost(),
            other => other,
        }
    }

    /// The deadline for calls that are made while the stream is read, or while its messages are inspected.
    fn inherited(&self) -> Option<Instant> {
        match self {
            Self::Inspected(looked) => looked.deadline.inherited(),
            Self::Inherited(at) => Some(*at),
            Self::Bounded { inherited, .. } => *inherited,
            Self::None | Self::End(_) | Self::Ended => None,
        }
    }
}

impl<S> ResponseStream<S> {
    /// A stream without observers.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            progress: Progress {
                messages: 0,
                is_polled: false,
                watch: None,
            },
            deadline: StreamDeadline::None,
            is_surrounded: false,
            is_sent: false,
        }
    }

    /// Sets where the stream goes: out of a service, or to the caller of a client.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn leave(&mut self, side: Side) {
        self.is_sent = matches!(side, Side::Server);
    }

    pub(crate) fn watch(&mut self, watch: Tail) {
        self.is_surrounded |= watch.is_around() || watch.is_shared();
        self.progress.watch = Some(watch);
    }

    /// Calls that are made while the stream is read inherit this deadline.
    pub(crate) fn inherit(&mut self, at: Instant) {
        *self.deadline.innermost() = StreamDeadline::Inherited(at);
        self.is_surrounded = true;
    }

    /// Ends the stream with `DEADLINE_EXCEEDED` at this time.
    pub(crate) fn end_at(&mut self, at: Instant) {
        *self.deadline.innermost() = StreamDeadline::End(Limit::new(at));
        self.is_surrounded = true;
    }

    /// Ends the stream with `DEADLINE_EXCEEDED` when its bounds are exceeded.
    pub(crate) fn bound(&mut self, bounds: Bounds) {
        let deadline = self.deadline.innermost();
        let inherited = deadline.inherited();
        *deadline = StreamDeadline::Bounded {
            bounds: Box::pin(bounds),
            inherited,
        };
        self.is_surrounded = true;
    }

    /// Inspects each message when it leaves the stream. Inner interceptors inspect first.
    #[doc(hidden)]
    #[must_use]
    pub fn each_message<M, F>(mut self, look: F) -> Self
    where
        S: Stream<Item = Result<M, Status>>,
        F: FnMut(&M) + Send + 'static,
        M: 'static,
    {
        self.deadline = StreamDeadline::Inspected(Box::new(Inspected {
            deadline: self.deadline,
            look: Box::new((look, PhantomData)),
        }));
        self.is_surrounded = true;
        self
    }

    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The stream inside, if nothing has to be done around it.
    pub(crate) fn plain_or_else(self, otherwise: impl FnOnce(Self) -> S) -> S {
        match (&self.progress.watch, self.is_surrounded) {
            (None, false) => self.inner,
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

    /// In its own function, so that streams without a deadline do not pay for it.
    #[cold]
    #[inline(never)]
    fn poll_in_time(
        inner: Pin<&mut S>,
        deadline: &mut StreamDeadline<S>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        match deadline {
            StreamDeadline::None => inner.poll_next(cx),
            StreamDeadline::Inspected(looked) => {
                let Inspected { deadline, look } = &mut **looked;
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

    /// In its own function, so that streams without a layer around their polls do not pay for it.
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

    /// Inlined, also into tonic's `Fuse`. On this path a message is not moved: it stays in the registers into which the
    /// stream put it until tonic encodes it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[allow(
        clippy::needless_match,
        reason = "what a call has written has an address, and so would all messages"
    )]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_surrounded {
            return match self.poll_surrounded(cx) {
                Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(Ok(message))),
                Poll::Ready(Some(Err(status))) => Poll::Ready(Some(Err(status))),
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            };
        }
        let this = self.as_mut().project();
        this.progress.is_polled = true;
        let polled = this.inner.poll_next(cx);
        this.progress.is_polled = false;
        match polled {
            Poll::Ready(Some(Ok(message))) => {
                this.progress.messages += 1;
                Poll::Ready(Some(Ok(message)))
            }
            Poll::Ready(Some(Err(status))) => {
                let status = this.progress.failed(status, *this.is_sent);
                Poll::Ready(Some(Err(status)))
            }
            Poll::Ready(None) => {
                this.progress.ended();
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
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
    /// The same, with a deadline or a layer around the poll.
    #[inline(never)]
    fn poll_surrounded(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let this = self.project();
        let (inner, deadline) = (this.inner, this.deadline);
        let mut polled = match &mut this.progress.watch {
            None => Self::poll_inner(inner, deadline, cx),
            Some(watch) if watch.is_around() => Self::poll_in_layers(inner, deadline, watch, cx),
            Some(watch) => {
                watch.polling = true;
                let polled = Self::poll_inner(inner, deadline, cx);
                watch.polling = false;
                match &polled {
                    Poll::Ready(Some(Ok(_))) => watch.count(),
                    Poll::Ready(Some(Err(status))) => watch.tell(Outcome::Error, Some(status)),
                    Poll::Ready(None) => watch.tell(Outcome::Ok, None),
                    Poll::Pending => {}
                }
                polled
            }
        };
        if let Poll::Ready(Some(Err(status))) = &mut polled
            && *this.is_sent
        {
            fit(status);
        }
        polled
    }
}

impl<M: Send + 'static> MessageStream for ResponseStream<Streaming<M>> {
    type Message = M;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<M, Status>>> {
        catch_malformed(|| Pin::new(&mut *self).poll_next(cx)).unwrap_or_else(|status| {
            self.progress.end(Outcome::Error, Some(&status));
            // The panic was caught, so observers do not get a second end for it.
            if let Some(watch) = &mut self.progress.watch {
                watch.polling = false;
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use super::*;
    use crate::core::end::End;
    use crate::core::kind::Kind;
    use crate::core::layer::{Layers, ObserverLayer};
    use crate::core::name::CallName;
    use crate::core::plan::{MethodPlan, Name};
    use crate::core::received::RequestMessages;

    /// The results of the polls, in this order. The next poll panics.
    type Script = std::vec::IntoIter<Poll<Option<Result<u8, Status>>>>;

    struct Scripted(Script);

    impl Stream for Scripted {
        type Item = Result<u8, Status>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.next().expect("the script is over")
        }
    }

    type Ends = Arc<Mutex<Vec<(Outcome, u64)>>>;

    fn observed(script: Vec<Poll<Option<Result<u8, Status>>>>) -> (ResponseStream<Scripted>, Ends) {
        static PLAN: MethodPlan = MethodPlan::new(
            Name {
                service: "a.B",
                method: "C",
                path: "/a.B/C",
                derived: false,
                exact: true,
            },
            Kind::ServerStreaming,
            Side::Server,
            &[],
        );
        let ends = Ends::default();
        let seen = Arc::clone(&ends);
        let mut layers = Layers::default();
        let observer = move |end: &End<'_>| {
            seen.lock().unwrap().push((end.outcome(), end.messages()));
        };
        layers.push(ObserverLayer::new(observer), Instant::now);
        let name = CallName::new(&PLAN, None);
        let tail = Tail::new(&name, RequestMessages::One, 1, layers);
        let mut stream = ResponseStream::new(Scripted(script.into_iter()));
        stream.watch(tail);
        stream.leave(Side::Server);
        (stream, ends)
    }

    fn poll(stream: &mut ResponseStream<Scripted>) -> Poll<Option<Result<u8, Status>>> {
        Pin::new(stream).poll_next(&mut Context::from_waker(Waker::noop()))
    }

    fn message() -> Poll<Option<Result<u8, Status>>> {
        Poll::Ready(Some(Ok(1)))
    }

    #[test]
    fn observers_get_the_number_of_messages_once_at_the_end() {
        let (mut stream, ends) =
            observed(vec![message(), Poll::Pending, message(), Poll::Ready(None)]);
        for _ in 0..3 {
            assert!(!matches!(poll(&mut stream), Poll::Ready(None)));
        }
        assert!(ends.lock().unwrap().is_empty());
        assert!(matches!(poll(&mut stream), Poll::Ready(None)));
        assert_eq!(*ends.lock().unwrap(), [(Outcome::Ok, 2)]);
        drop(stream);
        assert_eq!(ends.lock().unwrap().len(), 1);
    }

    #[test]
    fn stream_error_counts_earlier_messages_and_is_cut_to_size() {
        let long = Status::aborted("x".repeat(20_000));
        let (mut stream, ends) = observed(vec![message(), Poll::Ready(Some(Err(long)))]);
        assert!(matches!(poll(&mut stream), Poll::Ready(Some(Ok(1)))));
        let Poll::Ready(Some(Err(status))) = poll(&mut stream) else {
            panic!("no error");
        };
        assert!(status.message().len() < 8 * 1024);
        assert_eq!(*ends.lock().unwrap(), [(Outcome::Error, 1)]);
    }

    #[test]
    fn dropped_stream_is_cancelled_and_panicking_stream_panicked() {
        let (mut stream, ends) = observed(vec![message(), message(), Poll::Pending]);
        for _ in 0..3 {
            let _ = poll(&mut stream);
        }
        drop(stream);
        assert_eq!(*ends.lock().unwrap(), [(Outcome::Cancelled, 2)]);
        let (mut stream, ends) = observed(vec![message()]);
        let _ = poll(&mut stream);
        assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut stream))).is_err());
        drop(stream);
        assert_eq!(*ends.lock().unwrap(), [(Outcome::Panicked, 1)]);
    }
}
