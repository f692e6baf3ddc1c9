//! Layers that interceptors leave around a response stream after they have returned.
//!
//! A layer never sees a message, so all of this is compiled once and not for each method. `inner` hides the stream and
//! its message type, and the message stays in its frame.

mod tail;
mod unread;

use std::task::{Context, Poll};

use tokio::time::Instant;
use tonic::Status;

pub(crate) use tail::Tail;

use super::end::{End, Observer, Outcome, StreamEnd, tell_in_drop};
use super::name::CallName;

/// The result of polling a response stream. The message or the error stays with the stream.
#[derive(Debug)]
pub enum Step {
    /// A message. On a channel, which sees HTTP/2 frames, several messages may have ended in one frame.
    Message,
    /// A part of a message that has not ended. Only on a channel.
    Part,
    /// The stream failed.
    Failed,
    /// The stream ended.
    End,
    /// A layer ended the stream with this status. The stream is not polled again.
    Cut(Outcome, Status),
}

/// Polls the inner layers and the stream.
pub type Inner<'a> = dyn FnMut(&mut Context<'_>) -> Poll<Step> + 'a;

/// Code around a response stream, after its interceptor has returned. [`Call::push_layer`](crate::Call::push_layer) adds it.
///
/// Layers nest in list order: the layer of the first interceptor is outermost. When the call ends, inner layers get the end first, each inside the
/// [`within`](Self::within) of its outer layers.
///
/// ```
/// use interceptors::ext::{CallName, Layer};
/// use interceptors::{Call, Interceptor, Next};
/// use tonic::{Response, Status};
///
/// /// The span of the call is entered while its response stream is polled.
/// struct Entered(tracing::Span);
///
/// impl Layer for Entered {
///     fn within(&mut self, _: &CallName, run: &mut dyn FnMut()) {
///         self.0.in_scope(run);
///     }
/// }
///
/// struct InSpan;
///
/// impl<Req: Send, Res: Send> Interceptor<Req, Res> for InSpan {
///     async fn intercept(
///         &self,
///         call: &mut Call<Req>,
///         next: &mut impl Next<Req, Res>,
///     ) -> Result<Response<Res>, Status> {
///         let response = next.run(call).await?;
///         call.push_layer(Entered(tracing::info_span!("stream")));
///         Ok(response)
///     }
/// }
/// ```
pub trait Layer: Send + 'static {
    /// Whether the layer wraps polls. A stream without such a layer is polled directly, which is faster.
    fn is_around(&self) -> bool {
        true
    }

    /// Whether [`end`](Self::end) does anything. A zero-sized layer that does not need the end costs no allocation
    /// while it is the outermost.
    fn wants_end(&self) -> bool {
        true
    }

    /// Polls the inner layers and the stream. The default does it inside of [`within`](Self::within).
    ///
    /// An implementation must poll `inner` once and return the result, or [`Step::Cut`] with an outcome other than `Ok`. Otherwise a message or a
    /// wake-up is lost. A stream that has ended is not polled again.
    fn poll(&mut self, call: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        let mut polled = Poll::Pending;
        self.within(call, &mut || polled = inner(cx));
        polled
    }

    /// Runs a poll, or reports the end to inner layers. It must call `run` exactly once.
    fn within(&mut self, _call: &CallName, run: &mut dyn FnMut()) {
        run();
    }

    /// Called once, when the call has ended and inner layers have got the end. The layer may live longer: until the stream is dropped.
    fn end(&mut self, _end: &End<'_>) {}
}

/// A layer for an observer, which needs only the end.
pub(crate) struct ObserverLayer<O>(Option<O>);

impl<O> ObserverLayer<O> {
    pub(crate) fn new(observer: O) -> Self {
        Self(Some(observer))
    }
}

impl<O: Observer> Layer for ObserverLayer<O> {
    fn is_around(&self) -> bool {
        false
    }

    fn end(&mut self, end: &End<'_>) {
        if let Some(observer) = self.0.take() {
            observer.end(end);
        }
    }
}

/// A type-erased layer, with the layers inside of it.
pub(crate) trait Erased: Send {
    /// Whether this layer or an inner one wraps polls.
    fn is_around(&self) -> bool;
    /// Whether this layer or an inner one needs the end.
    fn wants_end(&self) -> bool;
    fn poll(&mut self, call: &CallName, cx: &mut Context<'_>, stream: &mut Inner<'_>)
    -> Poll<Step>;
    fn end(&mut self, end: &StreamEnd<'_>);
}

type Link = Option<Box<dyn Erased>>;

/// A boxed layer, before it is put around a response stream.
pub(crate) struct Node<L> {
    layer: L,
    /// When the layer began to observe.
    started: Instant,
    inner: Link,
}

impl<L> Node<L> {
    pub(crate) fn new(layer: L, started: Instant) -> Box<Self> {
        Box::new(Self {
            layer,
            started,
            inner: None,
        })
    }
}

impl<L: Layer> Erased for Node<L> {
    fn is_around(&self) -> bool {
        self.layer.is_around() || self.inner.as_ref().is_some_and(|inner| inner.is_around())
    }

    fn wants_end(&self) -> bool {
        self.layer.wants_end() || self.inner.as_ref().is_some_and(|inner| inner.wants_end())
    }

    fn poll(
        &mut self,
        call: &CallName,
        cx: &mut Context<'_>,
        stream: &mut Inner<'_>,
    ) -> Poll<Step> {
        poll_in(&mut self.layer, &mut self.inner, call, cx, stream)
    }

    fn end(&mut self, end: &StreamEnd<'_>) {
        let Self {
            layer,
            started,
            inner,
        } = self;
        tell_inner_first(layer, inner, end, &|layer| layer.end(&end.since(*started)));
    }
}

/// A zero-sized layer that took no allocation and is no longer the outermost.
struct Demoted {
    layer: Box<dyn Layer>,
    inner: Link,
}

impl Erased for Demoted {
    fn is_around(&self) -> bool {
        true
    }

    fn wants_end(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.wants_end())
    }

    fn poll(
        &mut self,
        call: &CallName,
        cx: &mut Context<'_>,
        stream: &mut Inner<'_>,
    ) -> Poll<Step> {
        poll_in(&mut *self.layer, &mut self.inner, call, cx, stream)
    }

    fn end(&mut self, end: &StreamEnd<'_>) {
        tell_inner_first(&mut *self.layer, &mut self.inner, end, &|_| ());
    }
}

fn poll_in(
    layer: &mut dyn Layer,
    inner: &mut Link,
    call: &CallName,
    cx: &mut Context<'_>,
    stream: &mut Inner<'_>,
) -> Poll<Step> {
    layer.poll(call, cx, &mut |cx| match inner {
        Some(inner) => inner.poll(call, cx, stream),
        None => stream(cx),
    })
}

/// Reports the end to inner layers first, and then to this one, even if an inner one panics.
fn tell_inner_first(
    layer: &mut dyn Layer,
    inner: &mut Link,
    end: &StreamEnd<'_>,
    tell: &dyn Fn(&mut dyn Layer),
) {
    struct TellOnDrop<'a>(&'a mut dyn Layer, &'a dyn Fn(&mut dyn Layer));
    impl Drop for TellOnDrop<'_> {
        fn drop(&mut self) {
            tell_in_drop(|| (self.1)(self.0));
        }
    }
    let then = TellOnDrop(layer, tell);
    if let Some(inner) = inner {
        then.0.within(end.name, &mut || inner.end(end));
    }
}

/// The layers of one call. They are small because every call reserves space for them.
#[derive(Default)]
pub(crate) struct Layers {
    /// A zero-sized layer that does not need the end.
    outermost: Option<Box<dyn Layer>>,
    others: Link,
}

impl Layers {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.others.is_none() && self.outermost.is_none()
    }

    /// Whether any layer wraps polls.
    pub(crate) fn is_around(&self) -> bool {
        self.outermost.is_some()
            || self
                .others
                .as_ref()
                .is_some_and(|others| others.is_around())
    }

    /// Whether any layer needs the end.
    pub(crate) fn wants_end(&self) -> bool {
        self.others
            .as_ref()
            .is_some_and(|others| others.wants_end())
    }

    /// Adds an outermost layer. A zero-sized layer that does not need the end takes no allocation while it is the
    /// outermost.
    pub(crate) fn push<L: Layer>(&mut self, layer: L, started: impl FnOnce() -> Instant) {
        self.demote();
        if const { size_of::<L>() == 0 } && layer.is_around() && !layer.wants_end() {
            self.outermost = Some(Box::new(layer));
            return;
        }
        self.push_node(Node::new(layer, started()));
    }

    /// Adds a boxed layer as the outermost.
    pub(crate) fn push_node<L: Layer>(&mut self, mut node: Box<Node<L>>) {
        self.demote();
        node.inner = self.others.take();
        self.others = Some(node);
    }

    pub(crate) fn of(others: Box<dyn Erased>) -> Self {
        Self {
            outermost: None,
            others: Some(others),
        }
    }

    #[inline]
    fn demote(&mut self) {
        if let Some(layer) = self.outermost.take() {
            let inner = self.others.take();
            self.others = Some(Box::new(Demoted { layer, inner }));
        }
    }

    /// Polls the stream through the layers, outermost first.
    pub(crate) fn poll(
        &mut self,
        call: &CallName,
        cx: &mut Context<'_>,
        stream: &mut Inner<'_>,
    ) -> Poll<Step> {
        match (&mut self.outermost, &mut self.others) {
            (Some(layer), others) => poll_in(&mut **layer, others, call, cx, stream),
            (None, Some(others)) => others.poll(call, cx, stream),
            (None, None) => stream(cx),
        }
    }

    /// Reports the end to all layers, innermost first.
    #[cold]
    pub(crate) fn end(&mut self, end: &StreamEnd<'_>) {
        match &mut self.outermost {
            Some(layer) => tell_inner_first(&mut **layer, &mut self.others, end, &|_| ()),
            None => {
                if let Some(others) = &mut self.others {
                    others.end(end);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use super::*;
    use crate::core::kind::{Kind, Side};
    use crate::core::plan::{MethodPlan, Name};
    use crate::core::received::RequestMessages;

    thread_local! {
        static IN_FORCE: Cell<&'static str> = const { Cell::new("nothing") };
    }

    pub(super) struct InForce;

    pub(super) fn in_force() -> &'static str {
        IN_FORCE.get()
    }

    impl Layer for InForce {
        fn within(&mut self, _: &CallName, run: &mut dyn FnMut()) {
            let before = IN_FORCE.replace("it");
            run();
            IN_FORCE.set(before);
        }
    }

    pub(super) fn name() -> CallName {
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
        CallName::new(&PLAN, None)
    }

    fn end(name: &CallName) -> StreamEnd<'_> {
        StreamEnd {
            name,
            outcome: Outcome::Ok,
            status: None,
            messages: 0,
            request_messages: RequestMessages::One,
            attempts: 1,
            sent: true,
        }
    }

    pub(super) fn told(
        said: &Arc<Mutex<Vec<(&'static str, &'static str)>>>,
        who: &'static str,
    ) -> impl Layer {
        let said = Arc::clone(said);
        ObserverLayer::new(move |_: &End<'_>| said.lock().unwrap().push((who, IN_FORCE.get())))
    }

    #[test]
    fn inner_layers_run_within_the_outer_layers_scope() {
        let (name, said) = (name(), Arc::default());
        let mut layers = Layers::default();
        layers.push(told(&said, "inner"), Instant::now);
        layers.push(InForce, Instant::now);
        layers.push(told(&said, "outer"), Instant::now);
        let mut seen = None;
        let polled = layers.poll(&name, &mut Context::from_waker(Waker::noop()), &mut |_| {
            seen = Some(IN_FORCE.get());
            Poll::Ready(Step::Message)
        });
        assert!(matches!(polled, Poll::Ready(Step::Message)));
        assert_eq!(seen, Some("it"));
        layers.end(&end(&name));
        layers.end(&end(&name));
        let said = said.lock().unwrap().clone();
        assert_eq!(said, [("inner", "it"), ("outer", "nothing")]);
    }

    #[test]
    fn zero_sized_layers_get_the_end() {
        thread_local! {
            static ENDS: Cell<u32> = const { Cell::new(0) };
        }
        struct Sizeless;
        impl Layer for Sizeless {
            fn end(&mut self, _: &End<'_>) {
                ENDS.set(ENDS.get() + 1);
            }
        }
        let mut layers = Layers::default();
        layers.push(Sizeless, Instant::now);
        layers.push(Sizeless, Instant::now);
        layers.end(&end(&name()));
        assert_eq!(ENDS.get(), 2);
    }

    #[test]
    fn all_observers_get_the_end_when_one_panics() {
        let (name, said) = (name(), Arc::default());
        let mut layers = Layers::default();
        let panics = ObserverLayer::new(|_: &End<'_>| panic!("on purpose"));
        layers.push(panics, Instant::now);
        layers.push(told(&said, "outer"), Instant::now);
        let result = catch_unwind(AssertUnwindSafe(|| layers.end(&end(&name))));
        assert!(result.is_err());
        assert_eq!(*said.lock().unwrap(), [("outer", "nothing")]);
    }
}
