//! What a mount holds of a call while the part of its policy runs that looks at no message.
#![allow(
    clippy::redundant_pattern_matching,
    reason = "each function that is called is one more instance for each method"
)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tonic::{Request, Response, Status};

use super::policy::{Blind, Typed};
use super::reply::{Answer, Reply};
use super::rpc::Handler;
use crate::core::abilities::{AbilitiesOf, KeptRequest, Resend};
use crate::core::call::{Call, gone};
use crate::core::chain::Next;
use crate::core::frame::{Begun, Frame, Look, Opaque, OpaqueAnswer, OpaqueReply, Seen};

/// The looks of a method, by the place of their entry in the list.
pub trait LooksOf<M, B>: Send {
    fn look(&mut self, entry: usize, seen: Seen<'_, M, B>) -> Result<(), Status>;
}

/// Nobody looks.
pub struct NoLooks;

impl<M, B> LooksOf<M, B> for NoLooks {
    fn look(&mut self, _: usize, _: Seen<'_, M, B>) -> Result<(), Status> {
        Ok(())
    }
}

/// What each entry does that looks at the messages of this method.
pub struct EachLook<F>(pub(crate) F);

impl<M, B, F> LooksOf<M, B> for EachLook<F>
where
    F: FnMut(usize, Seen<'_, M, B>) -> Result<(), Status> + Send,
{
    fn look(&mut self, entry: usize, seen: Seen<'_, M, B>) -> Result<(), Status> {
        (self.0)(entry, seen)
    }
}

/// The request while it is in a frame.
pub(crate) struct Held<M> {
    message: Option<M>,
    abilities: AbilitiesOf<M>,
    is_counted: bool,
}

impl<M> Held<M> {
    /// Counts the messages of the request stream, if somebody wants to know.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn count(&mut self, call: &Call<Opaque>) {
        if call.counter().is_some() && !self.is_counted {
            self.count_now(call);
        }
    }

    #[cold]
    fn count_now(&mut self, call: &Call<Opaque>) {
        self.is_counted = true;
        if let (Some(count), Some(received)) = ((self.abilities)().count, call.counter())
            && let Some(stream) = self.message.take()
        {
            self.message = Some(count(stream, received.clone()));
        }
    }

    /// What is sent, and in its place a copy if it may have to be sent once more.
    #[inline]
    fn take(&mut self, sent: &Opaque) -> Option<M> {
        let mut message = self.message.take();
        if let (true, Some(message)) = (sent.is_kept, &mut message)
            && let Some(resend) = (self.abilities)().resend
        {
            self.message = (resend.copy)(message, sent.limit());
        }
        message
    }
}

/// Has the message that belongs to the answer of the policy.
pub trait Answered<B> {
    /// Its place, empty if the answer is not that of the latest attempt.
    fn body_of(&mut self, reply: &OpaqueReply) -> &mut Option<B>;
}

/// What an answer has in it, while it is in a frame: that of the latest attempt that succeeded.
struct Left<B> {
    body: Option<B>,
    number: u32,
}

impl<B> Left<B> {
    /// No constant: one that is copied is copied whole, with the room for a body that is not there.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn nothing() -> Self {
        Self {
            body: None,
            number: 0,
        }
    }

    /// The place of what this answer has in it, empty if another attempt has followed.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body_of(&mut self, reply: &OpaqueReply) -> &mut Option<B> {
        if reply.number() != self.number {
            self.body = None;
        }
        &mut self.body
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn without_body<T>(&mut self, answer: Answer<T>, body_of: fn(T) -> B) -> OpaqueAnswer {
        match answer {
            Ok(response) => {
                let (metadata, given, extensions) = response.into_parts();
                self.body = Some(body_of(given));
                self.number = self.number.wrapping_add(1);
                let reply = OpaqueReply::new(self.number);
                Ok(Response::from_parts(metadata, reply, extensions))
            }
            Err(status) => Err(status),
        }
    }
}

/// The metadata of one attempt with the message of another would be an answer that nobody gave.
#[cold]
pub(super) fn stale() -> Status {
    Status::internal(
        "an interceptor answered with the response of an attempt that another attempt has followed; answer with that of the latest attempt",
    )
}

/// The frame of a service's method whose policy looks at no message: behind it is the handler.
pub struct HandlerFrame<'r, M, F, Fut, R, B, L> {
    held: Held<M>,
    handler: F,
    running: Pin<&'r mut Option<Fut>>,
    left: Left<B>,
    looks: L,
    reply: PhantomData<fn() -> R>,
}

impl<'r, M, F, Fut, R, B, L> HandlerFrame<'r, M, F, Fut, R, B, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn new(
        message: M,
        abilities: AbilitiesOf<M>,
        handler: F,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
    ) -> Self {
        Self {
            held: Held {
                message: Some(message),
                abilities,
                is_counted: false,
            },
            handler,
            running,
            left: Left::nothing(),
            looks,
            reply: PhantomData,
        }
    }
}

impl<M, F, Fut, R, B, L> Answered<B> for HandlerFrame<'_, M, F, Fut, R, B, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body_of(&mut self, reply: &OpaqueReply) -> &mut Option<B> {
        self.left.body_of(reply)
    }
}

impl<M, F, Fut, T, R, L> Frame for HandlerFrame<'_, M, F, Fut, R, R::Body, L>
where
    M: Send,
    F: FnMut(Request<M>) -> Fut + Send,
    Fut: Future<Output = Answer<T>> + Send,
    R: Reply<T>,
    L: LooksOf<M, R::Body>,
{
    fn begin(&mut self, call: &mut Call<Opaque>) -> Result<Begun, Status> {
        // One that was thrown away may hold what the next attempt waits for.
        if call.kind().response_is_stream() {
            self.left.body = None;
        }
        self.held.count(call);
        let (metadata, extensions, sent) = call.take_parts()?;
        let Some(message) = self.held.take(&sent) else {
            return Err(gone());
        };
        let request = Request::from_parts(metadata, extensions, message);
        self.running.set(Some((self.handler)(request)));
        Ok(Begun::Handler)
    }

    fn poll(
        &mut self,
        call: &mut Call<Opaque>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<OpaqueAnswer> {
        let answer = match (self.running.as_mut().as_pin_mut(), cx) {
            (Some(running), Some(cx)) => match running.poll(cx) {
                Poll::Ready(answer) => answer,
                Poll::Pending => return Poll::Pending,
            },
            _ => Err(gone()),
        };
        self.running.set(None);
        call.set_answered(matches!(answer, Ok(_)));
        Poll::Ready(self.left.without_body(answer, R::body))
    }

    fn look(&mut self, entry: usize, look: Look<'_>) -> Result<(), Status> {
        self.held.count(look.call);
        let seen = Seen {
            look,
            request: &mut self.held.message,
            reply: &mut self.left.body,
        };
        self.looks.look(entry, seen)
    }

    fn request(&mut self) -> Option<&mut dyn KeptRequest> {
        None
    }
}

/// The rest of a list and its call, on the stack of the mount.
pub struct Stage<M, N> {
    call: Option<Call<M>>,
    next: Option<N>,
}

/// Lends the stage to the future of each attempt. The future ends with the attempt; the stage does not.
pub struct Home<'s, M, N>(Mutex<Option<&'s mut Stage<M, N>>>);

impl<'s, M, N> Home<'s, M, N> {
    #[inline]
    fn exchange(&self, stage: Option<&'s mut Stage<M, N>>) -> Option<&'s mut Stage<M, N>> {
        let mut home = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *home, stage)
    }
}

/// The stage during an attempt. It goes home when it is dropped.
pub struct Lent<'h, 's, M, N> {
    stage: Option<&'s mut Stage<M, N>>,
    home: &'h Home<'s, M, N>,
}

impl<M, N> Drop for Lent<'_, '_, M, N> {
    #[inline]
    fn drop(&mut self) {
        self.home.exchange(self.stage.take());
    }
}

/// Takes a call through the rest of its list.
///
/// `Send` is promised here, not found out from the future's inside: where the compiler looks inside, it forgets that
/// the lifetimes in a stream's type are the same in all places.
#[allow(clippy::manual_async_fn)]
pub fn run_rest<'h, 's, M, B, N>(
    mut lent: Lent<'h, 's, M, N>,
) -> impl Future<Output = Answer<B>> + Send + use<'h, 's, M, B, N>
where
    M: Send,
    B: Send,
    N: Next<M, B>,
{
    async move {
        match &mut lent.stage {
            Some(Stage {
                call: Some(call),
                next: Some(next),
            }) => next.run(call).await,
            _ => Err(gone()),
        }
    }
}

/// The frame of a method that has more of its list behind the part that looks at no message, or a client's innermost
/// link.
pub struct RestFrame<'r, 'h, 's, M, N, Fut, B, L, G> {
    held: Held<M>,
    home: &'h Home<'s, M, N>,
    run: G,
    running: Pin<&'r mut Option<Fut>>,
    /// What stood for the message that has begun.
    sent: Opaque,
    left: Left<B>,
    looks: L,
}

impl<M, N, Fut, B, L, G> Answered<B> for RestFrame<'_, '_, '_, M, N, Fut, B, L, G> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body_of(&mut self, reply: &OpaqueReply) -> &mut Option<B> {
        self.left.body_of(reply)
    }
}

impl<'h, 's, M, N, Fut, B, L, G> Frame for RestFrame<'_, 'h, 's, M, N, Fut, B, L, G>
where
    M: Send,
    N: Send,
    B: Send,
    G: FnMut(Lent<'h, 's, M, N>) -> Fut + Send,
    Fut: Future<Output = Answer<B>> + Send,
    L: LooksOf<M, B>,
{
    fn begin(&mut self, call: &mut Call<Opaque>) -> Result<Begun, Status> {
        // One that was thrown away may hold what the next attempt waits for.
        if call.kind().response_is_stream() {
            self.left.body = None;
        }
        self.held.count(call);
        let Some(sent) = call.message_slot().take() else {
            return Err(gone());
        };
        let (Some(message), Some(stage)) = (self.held.take(&sent), self.home.exchange(None)) else {
            return Err(gone());
        };
        self.sent = sent;
        call.lend(&mut stage.call, self.held.abilities, message);
        let lent = Lent {
            stage: Some(stage),
            home: self.home,
        };
        self.running.set(Some((self.run)(lent)));
        Ok(Begun::Rest)
    }

    fn poll(
        &mut self,
        call: &mut Call<Opaque>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<OpaqueAnswer> {
        let answer = match (self.running.as_mut().as_pin_mut(), cx) {
            (Some(running), Some(cx)) => match running.poll(cx) {
                Poll::Ready(answer) => answer,
                Poll::Pending => return Poll::Pending,
            },
            _ => Err(gone()),
        };
        self.running.set(None);
        let mut home = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Stage {
            call: Some(lent), ..
        }) = &mut *home
            && let Some(message) = call.take_back(lent)
        {
            // It was not sent, so it can still be. The rest may have changed it, so what was kept goes first.
            if let kept @ None = &mut self.held.message {
                *kept = Some(message);
            }
            call.message_slot().get_or_insert(self.sent.again());
        }
        drop(home);
        Poll::Ready(self.left.without_body(answer, |body| body))
    }

    fn look(&mut self, entry: usize, look: Look<'_>) -> Result<(), Status> {
        self.held.count(look.call);
        let seen = Seen {
            look,
            request: &mut self.held.message,
            reply: &mut self.left.body,
        };
        self.looks.look(entry, seen)
    }

    fn request(&mut self) -> Option<&mut dyn KeptRequest> {
        match (&mut self.held.message, (self.held.abilities)().resend) {
            (Some(message), Some(Resend { kept: Some(of), .. })) => Some(of(message)),
            _ => None,
        }
    }
}

/// The handler takes no call, so nothing is lent.
pub struct NoStage;

/// What is behind the policy of a service's method: the handler.
pub struct Innermost<N>(pub(super) N);

/// What is behind a policy and takes a call of its own.
pub struct Links<N>(pub(super) N);

/// No link of any chain.
pub struct NoLink;

#[diagnostic::do_not_recommend]
impl<Req: Send> Next<Req, ()> for NoLink {
    async fn run(&mut self, _: &mut Call<Req>) -> Answer<()> {
        Err(gone())
    }
}

impl<F, R> Innermost<Handler<F, R>> {
    /// What holds the message and the handler's future while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, M, T, Fut, L, G, Run>(
        self,
        _: &NoStage,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        _: G,
    ) -> HandlerFrame<'r, M, F, Fut, R, R::Body, L>
    where
        M: 'static,
        R: Reply<T>,
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<T>> + Send,
        L: LooksOf<M, R::Body>,
        G: FnMut(Lent<'static, 'static, M, NoLink>) -> Run,
        Run: Future<Output = Answer<()>>,
    {
        HandlerFrame::new(message, abilities, self.0.call, looks, running)
    }
}

impl<N> Links<N> {
    /// What holds the message, and all that is behind it, while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, 'h, 's, M, B, L, Fut, G>(
        self,
        home: &'h Home<'s, M, N>,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        run: G,
    ) -> RestFrame<'r, 'h, 's, M, N, Fut, B, L, G>
    where
        N: Next<M, B>,
        L: LooksOf<M, B>,
        Fut: Future<Output = Answer<B>> + Send,
        G: FnMut(Lent<'h, 's, M, N>) -> Fut + Send,
    {
        if let Some(stage) = &mut *home.0.lock().unwrap_or_else(PoisonError::into_inner) {
            stage.next = Some(self.0);
        }
        RestFrame {
            held: Held {
                message: Some(message),
                abilities,
                is_counted: false,
            },
            home,
            run,
            running,
            sent: Opaque::new(0),
            left: Left::nothing(),
            looks,
        }
    }
}

/// Where the call of the rest is, if there is a rest.
impl Blind {
    pub fn stage(self) -> NoStage {
        NoStage
    }

    pub fn home(self, _: &mut NoStage) -> NoStage {
        NoStage
    }
}

impl Typed {
    pub fn stage<M, N>(self) -> Stage<M, N> {
        Stage {
            call: None,
            next: None,
        }
    }

    /// Lends the stage to each attempt.
    pub fn home<M, N>(self, stage: &mut Stage<M, N>) -> Home<'_, M, N> {
        Home(Mutex::new(Some(stage)))
    }
}
