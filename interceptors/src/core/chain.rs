use std::future::Future;
use std::sync::Arc;

use tokio::time::Instant;
use tonic::{Code, Response, Status};

use super::call::{Call, Parts};
use super::end::{Observer, Outcome, tell_in_drop};
use super::frame::Frame;
use super::layer::{Layer, Layers, ObserverLayer};
use super::time::{exceeded, forget, now};

/// Code that runs around each call, before and after the handler or the server.
///
/// Write a plain `async fn`. `Req` and `Res` are the method's own message types
/// ([`tonic::Streaming`](https://docs.rs/tonic/0.14/tonic/struct.Streaming.html) and [`ResponseStream`](crate::ResponseStream) for streams). A bound
/// on them makes the interceptor typed: if it covers a method whose message does not satisfy the bound, the method does not compile.
///
/// ```
/// use interceptors::{Call, Interceptor, Next};
/// use tonic::{Response, Status};
///
/// trait Validate {
///     fn validate(&self) -> Result<(), String>;
/// }
///
/// struct Validated;
///
/// impl<Req: Validate + Send, Res: Send> Interceptor<Req, Res> for Validated {
///     async fn intercept(
///         &self,
///         call: &mut Call<Req>,
///         next: &mut impl Next<Req, Res>,
///     ) -> Result<Response<Res>, Status> {
///         if let Some(request) = call.message() {
///             request.validate().map_err(Status::invalid_argument)?;
///         }
///         next.run(call).await
///     }
/// }
/// ```
///
/// Code before `next.run` sees the request; code after it sees the response. If the response is a stream, `next.run` returns when the stream begins.
/// To get the final status of the call, use [`Next::observe`].
///
/// To answer the call yourself, return without calling `next.run`. The handler then does not run.
///
/// # An interceptor for any message
///
/// An implementation for every `Req` and `Res` does not look at the message. So it is compiled once for a policy, and not once for each method
/// ([what it costs to compile](crate::compile_time)). Such an interceptor gets a placeholder instead of the message. So it must not depend on the
/// actual type of the message:
///
/// - `Req` and `Res` may be the placeholder's types. Do not ask for their `TypeId`, name or size, and do not downcast them.
/// - [`Call::message`] returns the placeholder. `None` means that the handler has taken the request, as for a real message.
/// - [`Call::copy_request`] and [`Call::next_attempt`] work as for a real message: a copy of the placeholder stands for a copy of the message.
///
/// The placeholder is `Send`, `Sync` and `'static`, and implements no other trait. A bound on any other trait (`Clone`, `Debug`, a trait of your own)
/// makes the interceptor typed, and it then gets the real message.
#[diagnostic::on_unimplemented(
    message = "[I0801] `{Self}` cannot intercept a call with request `{Req}` and response `{Res}`",
    label = "does not implement `Interceptor<{Req}, {Res}>`",
    note = "implement `Interceptor` for it, give the message what its bounds ask for, or leave the method out with `except = [...]`; on a channel, and in front of a server, both are `interceptors::client::Body`"
)]
pub trait Interceptor<Req, Res>: Send + Sync {
    /// Handles one call; see the [trait's documentation](Interceptor).
    fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send;
}

/// The rest of the chain, down to the handler.
pub trait Next<Req, Res>: Send {
    /// Calls the next interceptor, or the handler.
    ///
    /// To call it again, call [`Call::next_attempt`] before. Otherwise there is no request any more, the handler does not run, and the result is
    /// `INTERNAL`. Return the response of the latest attempt that has one. If you return an older response, the caller gets `INTERNAL`.
    fn run(
        &mut self,
        call: &mut Call<Req>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send;

    /// Like [`run`](Self::run), and reports the end of the call to `observer`, exactly once.
    ///
    /// For an error and for a single response, the observer is called before the future of `observe` returns. For a response stream, it is called
    /// when the stream has been read to its end, has failed, or is dropped. It is also called if the future of the call is dropped, for example
    /// because the client went away.
    ///
    /// If your interceptor is listed before `retry`, the observer gets one end for the call. After `retry`, it gets one end for each attempt. Write
    /// the argument's type in a closure, `|end: &End<'_>|`, and use `move`, because the closure must be `'static`.
    ///
    /// Observing takes no allocation for a unary call, one box for a response stream, and a counter for a request stream. An observed request stream
    /// ends after its first error. Otherwise streams do not change.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// use interceptors::{Call, End, Interceptor, Next};
    /// use tonic::{Code, Response, Status};
    ///
    /// /// Counts failed calls, streams that fail half way included.
    /// struct Failures(Arc<AtomicU64>);
    ///
    /// impl<Req: Send, Res: Send> Interceptor<Req, Res> for Failures {
    ///     async fn intercept(
    ///         &self,
    ///         call: &mut Call<Req>,
    ///         next: &mut impl Next<Req, Res>,
    ///     ) -> Result<Response<Res>, Status> {
    ///         let failures = Arc::clone(&self.0);
    ///         next.observe(call, move |end: &End<'_>| {
    ///             if end.code() != Code::Ok {
    ///                 failures.fetch_add(1, Ordering::Relaxed);
    ///             }
    ///         })
    ///         .await
    ///     }
    /// }
    /// ```
    fn observe(
        &mut self,
        call: &mut Call<Req>,
        observer: impl Observer,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send
    where
        Self: Sized,
        Req: Send,
        Res: Send,
    {
        watched(self, call, ObserverLayer::new(observer))
    }

    /// The frame that holds the message, in the blind part of a policy.
    #[doc(hidden)]
    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        None
    }

    /// A second `Next`, for an attempt that runs at the same time as the first. `None` on a service, on a client whose policy has no `hedge`, and in
    /// the blind part of a policy ([what it costs to compile](crate::compile_time)).
    #[must_use]
    fn fork(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// Runs the rest of the chain, and reports to `layer` how the call ended, in every case.
///
/// It is [`Next::observe`] for a layer: if the response is a stream, the layer also stays around the stream.
pub fn watched<Req: Send, Res: Send>(
    next: &mut impl Next<Req, Res>,
    call: &mut Call<Req>,
    layer: impl Layer,
) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
    // Made outside of the future. Otherwise the future would have space for both the layer and the `Watch`.
    let watch = Watch::new(call, layer);
    async move {
        let result = next.run(watch.call).await;
        match &result {
            Ok(_) => watch.settle(None),
            Err(status) => watch.settle(Some(status)),
        }
        result
    }
}

macro_rules! forward_to_the_interceptor_behind {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<I, Req, Res> Interceptor<Req, Res> for $pointer
        where
            I: Interceptor<Req, Res> + ?Sized,
        {
            fn intercept(
                &self,
                call: &mut Call<Req>,
                next: &mut impl Next<Req, Res>,
            ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
                (**self).intercept(call, next)
            }
        }
    )*};
}

forward_to_the_interceptor_behind!(&I, Arc<I>, Box<I>);

/// An interceptor with the rest of its chain.
#[derive(Debug)]
pub struct Chain<'a, I: ?Sized, N> {
    interceptor: &'a I,
    next: N,
}

impl<'a, I: ?Sized, N> Chain<'a, I, N> {
    #[doc(hidden)]
    pub fn new(interceptor: &'a I, next: N) -> Self {
        Self { interceptor, next }
    }
}

#[diagnostic::do_not_recommend]
impl<Req, Res, I, N> Next<Req, Res> for Chain<'_, I, N>
where
    I: Interceptor<Req, Res> + ?Sized,
    N: Next<Req, Res>,
{
    fn run(
        &mut self,
        call: &mut Call<Req>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        self.interceptor.intercept(call, &mut self.next)
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.next.frame()
    }

    fn fork(&self) -> Option<Self> {
        Some(Self {
            interceptor: self.interceptor,
            next: self.next.fork()?,
        })
    }
}

/// The rest of a chain behind an interceptor that runs the user's code. That code may take long, so the cached time is
/// discarded.
#[derive(Debug)]
pub struct Anew<N>(pub N);

#[diagnostic::do_not_recommend]
impl<Req, Res, N: Next<Req, Res>> Next<Req, Res> for Anew<N> {
    fn run(
        &mut self,
        call: &mut Call<Req>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        forget();
        self.0.run(call)
    }

    fn frame(&mut self) -> Option<&mut (dyn Frame + '_)> {
        self.0.frame()
    }

    fn fork(&self) -> Option<Self> {
        self.0.fork().map(Self)
    }
}

/// Holds a layer while the call runs. Reports the end to it even if the call's future is dropped.
pub(crate) struct Watch<'a, Req, L: Layer> {
    pub(crate) call: &'a mut Call<Req>,
    watcher: Watcher<L>,
}

impl<'a, Req, L: Layer> Watch<'a, Req, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(call: &'a mut Call<Req>, layer: L) -> Self {
        call.count_received();
        Self {
            call,
            watcher: Watcher::new(layer),
        }
    }

    /// The chain has returned. This is the end, unless the response is a stream: then the layer stays around it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn settle(mut self, error: Option<&Status>) {
        self.watcher.settle(self.call.parts(), error);
    }
}

impl<Req, L: Layer> Drop for Watch<'_, Req, L> {
    #[inline]
    fn drop(&mut self) {
        self.watcher.tell_of_drop(self.call.parts());
    }
}

// The rest depends at most on the layer. For a layer type without parameters it is compiled once, not for each method.

struct Watcher<L> {
    layer: Option<L>,
    started: Instant,
}

impl<L: Layer> Watcher<L> {
    #[inline]
    fn new(layer: L) -> Self {
        Self {
            layer: Some(layer),
            started: now(),
        }
    }

    #[inline]
    fn settle(&mut self, parts: Parts<'_>, error: Option<&Status>) {
        match error {
            Some(status) => {
                let outcome = match parts.details.has_panicked() && status.code() == Code::Internal
                {
                    true => Outcome::Panicked,
                    false => Outcome::Error,
                };
                self.tell(parts, outcome, Some(status), 0);
            }
            None if parts.details.plan().response_is_polled() => self.attach_to(parts.layers),
            None => self.tell(parts, Outcome::Ok, None, 1),
        }
    }

    fn tell(
        &mut self,
        mut parts: Parts<'_>,
        outcome: Outcome,
        status: Option<&Status>,
        messages: u64,
    ) {
        if let Some(mut layer) = self.layer.take() {
            // A discarded response has ended too, and its inner layers end before this one.
            parts.abandon_stream();
            layer.end(&parts.end(outcome, status, messages).since(self.started));
        }
    }

    fn attach_to(&mut self, layers: &mut Layers) {
        if let Some(layer) = self.layer.take() {
            layers.push(layer, || self.started);
        }
    }

    #[inline]
    fn tell_of_drop(&mut self, parts: Parts<'_>) {
        if self.layer.is_some() {
            tell_drop_outcome(parts, &mut |parts, outcome, status| {
                self.tell(parts, outcome, status, 0);
            });
        }
    }
}

#[cold]
fn tell_drop_outcome(parts: Parts<'_>, tell: &mut dyn FnMut(Parts<'_>, Outcome, Option<&Status>)) {
    if std::thread::panicking() {
        tell_in_drop(|| tell(parts, Outcome::Panicked, None));
        return;
    }
    // If an outer interceptor enforces the deadline, this is the status that the caller gets.
    if parts.details.has_run_out() {
        tell(parts, Outcome::Error, Some(&exceeded()));
        return;
    }
    tell(parts, Outcome::Cancelled, None);
}
