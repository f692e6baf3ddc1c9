//! What a mount holds of a call while the part of its policy runs that looks at no message.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tonic::{Request, Response, Status};

use super::reply::{Answer, Reply};
use super::rpc::Handler;
use crate::core::abilities::AbilitiesOf;
use crate::core::call::{Call, gone};
use crate::core::chain::Next;
use crate::core::frame::{
    Begun, Frame, KeptRequest, Look, Opaque, OpaqueAnswer, OpaqueReply, Way,
};

/// A message that an entry looks at. `M` is the request, and `B` what the answer has in it.
pub struct Seen<'a, M, B> {
    pub(crate) look: Look<'a>,
    pub(crate) request: &'a mut Option<M>,
    pub(crate) reply: &'a mut Option<B>,
}

impl<M, B> Seen<'_, M, B> {
    pub(crate) fn is_on_way_in(&self) -> bool {
        self.look.at == Way::In
    }
}

/// An interceptor that only looks at messages.
pub trait Looks<M, B> {
    /// Looks at the request, or at the answer. It may refuse either.
    fn look(&self, seen: Seen<'_, M, B>) -> Result<(), Status>;
}

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
    fn new(message: M, abilities: AbilitiesOf<M>) -> Self {
        Self {
            message: Some(message),
            abilities,
            is_counted: false,
        }
    }

    /// Counts the messages of the request stream, if somebody wants to know.
    #[inline]
    fn count(&mut self, call: &Call<Opaque>) {
        if let (false, Some(received)) = (self.is_counted, call.counter())
            && let Some(count) = (self.abilities)().count
        {
            self.is_counted = true;
            self.message = self.message.take().map(|it| count(it, received.clone()));
        }
    }

    /// What is sent, and in its place a copy if it may have to be sent once more.
    #[inline]
    fn take(&mut self, sent: &Opaque) -> Option<M> {
        let mut message = self.message.take()?;
        if sent.is_kept
            && let Some(resend) = (self.abilities)().resend
        {
            self.message = (resend.copy)(&mut message, sent.limit());
        }
        Some(message)
    }
}

impl<M> KeptRequest for Held<M> {
    fn is_whole(&self) -> bool {
        let resend = (self.abilities)().resend;
        let message = self.message.as_ref();
        message.is_some_and(|message| resend.is_some_and(|resend| (resend.is_whole)(message)))
    }

    fn take_over(&mut self) -> bool {
        let resend = (self.abilities)().resend;
        let message = self.message.as_mut();
        message.is_some_and(|message| resend.is_some_and(|resend| (resend.begin)(message)))
    }
}

pin_project_lite::pin_project! {
    /// The frame of a service's method whose policy looks at no message: behind it is the handler.
    pub struct HandlerFrame<M, F, Fut, R, B, L> {
        held: Held<M>,
        handler: F,
        #[pin]
        running: Option<Fut>,
        answer: Option<B>,
        looks: L,
        reply: PhantomData<fn() -> R>,
    }
}

/// What the policy has answered, with the message that is in the frame.
pub trait Answered<B> {
    fn answered(self: Pin<&mut Self>, answer: OpaqueAnswer) -> Answer<B>;
}

impl<M, F, Fut, R, B, L> Answered<B> for HandlerFrame<M, F, Fut, R, B, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn answered(self: Pin<&mut Self>, answer: OpaqueAnswer) -> Answer<B> {
        with_body(answer, self.project().answer.take())
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn with_body<B>(answer: OpaqueAnswer, body: Option<B>) -> Answer<B> {
    match (answer, body) {
        (Ok(response), Some(body)) => {
            let (metadata, _, extensions) = response.into_parts();
            Ok(Response::from_parts(metadata, body, extensions))
        }
        (Err(status), _) => Err(status),
        (Ok(_), None) => Err(gone()),
    }
}

/// Leaves the body in its frame.
#[cfg_attr(not(debug_assertions), inline(always))]
fn without_body<B>(answer: Answer<B>, body: &mut Option<B>) -> OpaqueAnswer {
    match answer {
        Ok(response) => {
            let (metadata, given, extensions) = response.into_parts();
            *body = Some(given);
            let reply = OpaqueReply::new();
            Ok(Response::from_parts(metadata, reply, extensions))
        }
        Err(status) => Err(status),
    }
}

impl<M, F, Fut, T, R, L> Frame for HandlerFrame<M, F, Fut, R, R::Body, L>
where
    M: Send,
    F: FnMut(Request<M>) -> Fut + Send,
    Fut: Future<Output = Answer<T>> + Send,
    R: Reply<T>,
    L: LooksOf<M, R::Body>,
{
    fn begin(self: Pin<&mut Self>, call: &mut Call<Opaque>) -> Result<Begun, Status> {
        let mut this = self.project();
        this.held.count(call);
        let (metadata, extensions, sent) = call.take_request()?.into_parts();
        let Some(message) = this.held.take(&sent) else {
            return Err(gone());
        };
        let request = Request::from_parts(metadata, extensions, message);
        this.running.set(Some((this.handler)(request)));
        Ok(Begun::Handler)
    }

    fn poll(
        self: Pin<&mut Self>,
        call: &mut Call<Opaque>,
        cx: &mut Context<'_>,
    ) -> Poll<OpaqueAnswer> {
        let mut this = self.project();
        let Some(running) = this.running.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(gone()));
        };
        let answer = ready!(running.poll(cx));
        this.running.set(None);
        call.set_answered(answer.is_ok());
        Poll::Ready(without_body(R::enter(answer), this.answer))
    }

    fn cancel(self: Pin<&mut Self>, _: &mut Call<Opaque>) {
        self.project().running.set(None);
    }

    fn look(self: Pin<&mut Self>, entry: usize, look: Look<'_>) -> Result<(), Status> {
        let this = self.project();
        this.held.count(look.call);
        let (request, reply) = (&mut this.held.message, this.answer);
        let seen = Seen {
            look,
            request,
            reply,
        };
        this.looks.look(entry, seen)
    }

    fn request(self: Pin<&mut Self>) -> Option<&mut dyn KeptRequest> {
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
    fn place(&self) -> MutexGuard<'_, Option<&'s mut Stage<M, N>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stage during an attempt. It goes home when it is dropped.
struct Lent<'h, 's, M, N> {
    stage: Option<&'s mut Stage<M, N>>,
    home: &'h Home<'s, M, N>,
}

impl<M, N> Drop for Lent<'_, '_, M, N> {
    #[inline]
    fn drop(&mut self) {
        *self.home.place() = self.stage.take();
    }
}

/// Takes a call through the rest of its list.
///
/// `Send` is promised here, not found out from the future's inside: where the compiler looks inside, it forgets that
/// the lifetimes in a stream's type are the same in all places.
fn run_rest<'h, 's, M, B, N>(
    mut lent: Lent<'h, 's, M, N>,
) -> impl Future<Output = Answer<B>> + Send + use<'h, 's, M, B, N>
where
    M: Send,
    B: Send,
    N: Next<M, B>,
{
    async move {
        match lent.stage.as_deref_mut() {
            Some(Stage {
                call: Some(call),
                next: Some(next),
            }) => next.run(call).await,
            _ => Err(gone()),
        }
    }
}

pin_project_lite::pin_project! {
    /// The frame of a method that has more of its list behind the part that looks at no message, or a client's
    /// innermost link.
    struct RestFrame<'h, 's, M, N, Fut, B, L, G> {
        held: Held<M>,
        home: &'h Home<'s, M, N>,
        run: G,
        #[pin]
        running: Option<Fut>,
        // What stood for the message that has begun.
        sent: Opaque,
        answer: Option<B>,
        looks: L,
    }
}

impl<M, N, Fut, B, L, G> RestFrame<'_, '_, M, N, Fut, B, L, G> {
    /// What was lent is here again.
    fn bring_back(self: Pin<&mut Self>, call: &mut Call<Opaque>) {
        let this = self.project();
        let mut home = this.home.place();
        let Some(lent) = home.as_mut().and_then(|stage| stage.call.as_mut()) else {
            return;
        };
        // It was not sent, so it can still be.
        if let Some(message) = call.take_back(lent) {
            this.held.message = Some(message);
            call.message_slot().get_or_insert(this.sent.again());
        }
    }
}

impl<M, N, Fut, B, L, G> Answered<B> for RestFrame<'_, '_, M, N, Fut, B, L, G> {
    fn answered(self: Pin<&mut Self>, answer: OpaqueAnswer) -> Answer<B> {
        with_body(answer, self.project().answer.take())
    }
}

impl<'h, 's, M, N, Fut, B, L, G> Frame for RestFrame<'h, 's, M, N, Fut, B, L, G>
where
    M: Send,
    N: Send,
    B: Send,
    G: FnMut(Lent<'h, 's, M, N>) -> Fut + Send,
    Fut: Future<Output = Answer<B>> + Send,
    L: LooksOf<M, B>,
{
    fn begin(self: Pin<&mut Self>, call: &mut Call<Opaque>) -> Result<Begun, Status> {
        let mut this = self.project();
        this.held.count(call);
        let Some(sent) = call.message_slot().take() else {
            return Err(gone());
        };
        let (Some(message), Some(stage)) = (this.held.take(&sent), this.home.place().take()) else {
            return Err(gone());
        };
        *this.sent = sent;
        call.lend(&mut stage.call, this.held.abilities, message);
        let (stage, home) = (Some(stage), *this.home);
        this.running.set(Some((this.run)(Lent { stage, home })));
        Ok(Begun::Rest)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        call: &mut Call<Opaque>,
        cx: &mut Context<'_>,
    ) -> Poll<OpaqueAnswer> {
        let mut running = self.as_mut().project().running;
        let Some(future) = running.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(gone()));
        };
        let answer = ready!(future.poll(cx));
        running.set(None);
        self.as_mut().bring_back(call);
        Poll::Ready(without_body(answer, self.project().answer))
    }

    fn cancel(mut self: Pin<&mut Self>, call: &mut Call<Opaque>) {
        self.as_mut().project().running.set(None);
        self.bring_back(call);
    }

    fn look(self: Pin<&mut Self>, entry: usize, look: Look<'_>) -> Result<(), Status> {
        let this = self.project();
        this.held.count(look.call);
        let (request, reply) = (&mut this.held.message, this.answer);
        let seen = Seen {
            look,
            request,
            reply,
        };
        this.looks.look(entry, seen)
    }

    fn request(self: Pin<&mut Self>) -> Option<&mut dyn KeptRequest> {
        Some(self.project().held)
    }
}

/// The part of the list that looks at messages: puts its links around the innermost one.
pub struct Rest<L>(pub L);

/// There is no such part.
pub struct NoRest;

impl NoRest {
    /// The handler itself.
    pub fn around<N>(self, innermost: N) -> Innermost<N> {
        Innermost(innermost)
    }
}

/// The handler takes no call.
pub struct NoStage;

/// What is behind the policy of a service's method: the handler.
pub struct Innermost<N>(N);

impl<F, R> Innermost<Handler<F, R>> {
    /// Nothing is lent,
    pub fn stage(&self) -> NoStage {
        NoStage
    }

    /// so nothing has to come back.
    pub fn home(&self, _: &mut NoStage) -> NoStage {
        NoStage
    }

    /// What holds the message and the handler's future while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<M, T, Fut, L>(
        self,
        _: &NoStage,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
    ) -> HandlerFrame<M, F, Fut, R, R::Body, L>
    where
        R: Reply<T>,
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<T>> + Send,
        L: LooksOf<M, R::Body>,
    {
        HandlerFrame {
            held: Held::new(message, abilities),
            handler: self.0.call,
            running: None,
            answer: None,
            looks,
            reply: PhantomData,
        }
    }
}

impl<K> Rest<K> {
    /// The links around the innermost one.
    pub fn around<I, N>(self, innermost: I) -> Links<N>
    where
        K: FnOnce(I) -> N,
    {
        Links((self.0)(innermost))
    }
}

/// What is behind a policy and takes a call of its own.
pub struct Links<N>(N);

impl<N> Links<N> {
    /// The place of that call.
    pub fn stage<M>(&self) -> Stage<M, N> {
        Stage {
            call: None,
            next: None,
        }
    }

    /// Lends it to each attempt.
    pub fn home<'s, M>(&self, stage: &'s mut Stage<M, N>) -> Home<'s, M, N> {
        Home(Mutex::new(Some(stage)))
    }

    /// What holds the message, and all that is behind it, while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'h, 's, M, B, L>(
        self,
        home: &'h Home<'s, M, N>,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
    ) -> impl Frame + Answered<B> + use<'h, 's, M, B, N, L>
    where
        M: Send,
        B: Send,
        N: Next<M, B>,
        L: LooksOf<M, B>,
    {
        if let Some(stage) = home.place().as_mut() {
            stage.next = Some(self.0);
        }
        RestFrame {
            held: Held::new(message, abilities),
            home,
            run: run_rest,
            running: None,
            sent: Opaque::new(0),
            answer: None,
            looks,
        }
    }
}
