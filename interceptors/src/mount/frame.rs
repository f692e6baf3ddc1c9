//! What a mount holds of a call while the part of its policy runs that looks at no message.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tonic::{Request, Response, Status};

use super::reply::{Answer, Reply, ResultType};
use super::rpc::{Handler, Rpc};
use crate::core::abilities::Abilities;
use crate::core::call::{Call, Returned, gone};
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
    abilities: Abilities<M>,
    is_counted: bool,
}

impl<M> Held<M> {
    fn new(message: M, abilities: Abilities<M>) -> Self {
        Self {
            message: Some(message),
            abilities,
            is_counted: false,
        }
    }

    /// Counts the messages of the request stream, if somebody wants to know.
    #[inline]
    fn count(&mut self, call: &Call<Opaque>) {
        if let (Some(count), false, Some(received)) =
            (self.abilities.count, self.is_counted, call.counter())
        {
            self.is_counted = true;
            self.message = self.message.take().map(|it| count(it, received.clone()));
        }
    }

    /// What is sent, and in its place a copy if it may have to be sent once more.
    #[inline]
    fn take(&mut self, sent: &Opaque) -> Option<M> {
        let mut message = self.message.take()?;
        if let (true, Some(resend)) = (sent.is_kept, self.abilities.resend) {
            self.message = (resend.copy)(&mut message, sent.limit);
        }
        Some(message)
    }
}

impl<M> KeptRequest for Held<M> {
    fn is_whole(&self) -> bool {
        let resend = self.abilities.resend;
        let message = self.message.as_ref();
        message.is_some_and(|message| resend.is_some_and(|resend| (resend.is_whole)(message)))
    }

    fn take_over(&mut self) -> bool {
        let resend = self.abilities.resend;
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

/// Where the rest of a list comes back to when its future ends or is dropped.
pub struct Home<M, N>(Mutex<Option<(Returned, Option<M>, N)>>);

impl<M, N> Home<M, N> {
    #[must_use]
    pub fn of(_: &N) -> Self {
        Self(Mutex::new(None))
    }
}

/// A call in the rest of its list. It goes home when it is dropped.
pub(crate) struct Lent<'h, M, N> {
    call: Call<M>,
    next: Option<N>,
    home: &'h Home<M, N>,
}

impl<M, N> Drop for Lent<'_, M, N> {
    fn drop(&mut self) {
        let (returned, message) = self.call.give_back();
        if let Some(next) = self.next.take() {
            let mut home = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
            *home = Some((returned, message, next));
        }
    }
}

/// Takes a call through the rest of its list.
///
/// `Send` is promised here, not found out from the future's inside: where the compiler looks inside, it forgets that
/// the lifetimes in a stream's type are the same in all places.
fn run_rest<'h, M, B, N>(
    lent: Lent<'h, M, N>,
) -> impl Future<Output = Answer<B>> + Send + use<'h, M, B, N>
where
    M: Send,
    B: Send,
    N: Next<M, B>,
{
    async move {
        let mut lent = lent;
        let Lent { call, next, .. } = &mut lent;
        match next {
            Some(next) => next.run(call).await,
            None => Err(gone()),
        }
    }
}

pin_project_lite::pin_project! {
    /// The frame of a method that has more of its list behind the part that looks at no message, or a client's
    /// innermost link.
    pub struct RestFrame<'h, M, N, Fut, B, L, G> {
        held: Held<M>,
        next: Option<N>,
        home: &'h Home<M, N>,
        run: G,
        #[pin]
        running: Option<Fut>,
        // What stood for the message that has begun.
        sent: Opaque,
        answer: Option<B>,
        looks: L,
    }
}

impl<'h, M, N, Fut, B, L, G> RestFrame<'h, M, N, Fut, B, L, G> {
    fn new(
        home: &'h Home<M, N>,
        message: M,
        abilities: Abilities<M>,
        next: N,
        looks: L,
        run: G,
    ) -> Self {
        Self {
            held: Held::new(message, abilities),
            next: Some(next),
            home,
            run,
            running: None,
            sent: Opaque::new(0),
            answer: None,
            looks,
        }
    }

    /// What was lent is here again.
    fn bring_back(self: Pin<&mut Self>, call: &mut Call<Opaque>) {
        let this = self.project();
        let mut home = this.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        let back = home.take();
        drop(home);
        let Some((returned, message, next)) = back else {
            return;
        };
        call.take_back(returned);
        *this.next = Some(next);
        // It was not sent, so it can still be.
        if let Some(message) = message {
            this.held.message = Some(message);
            call.message_slot().get_or_insert(this.sent.again());
        }
    }
}

impl<M, N, Fut, B, L, G> Answered<B> for RestFrame<'_, M, N, Fut, B, L, G> {
    fn answered(self: Pin<&mut Self>, answer: OpaqueAnswer) -> Answer<B> {
        with_body(answer, self.project().answer.take())
    }
}

impl<'h, M, N, Fut, B, L, G> Frame for RestFrame<'h, M, N, Fut, B, L, G>
where
    M: Send,
    N: Send,
    B: Send,
    G: FnMut(Lent<'h, M, N>) -> Fut + Send,
    Fut: Future<Output = Answer<B>> + Send,
    L: LooksOf<M, B>,
{
    fn begin(self: Pin<&mut Self>, call: &mut Call<Opaque>) -> Result<Begun, Status> {
        let mut this = self.project();
        this.held.count(call);
        let Some(sent) = call.message_slot().take() else {
            return Err(gone());
        };
        let (Some(message), Some(next)) = (this.held.take(&sent), this.next.take()) else {
            return Err(gone());
        };
        *this.sent = sent;
        let (details, received) = call.lend();
        let call = Call::lent(details, this.held.abilities, received, message);
        let lent = Lent {
            call,
            next: Some(next),
            home: this.home,
        };
        this.running.set(Some((this.run)(lent)));
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
    /// Nothing has to come back.
    pub fn home(&self) {}

    /// What holds the message and the handler's future while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<M, Ret, R, F, Fut, L>(
        self,
        _: &Rpc<Request<M>, Ret, R>,
        _: &(),
        message: M,
        abilities: Abilities<M>,
        handler: Handler<F, R>,
        looks: L,
    ) -> HandlerFrame<M, F, Fut, R, R::Body, L>
    where
        Ret: ResultType,
        R: Reply<Ret::Body>,
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<Ret::Body>> + Send,
        L: LooksOf<M, R::Body>,
    {
        HandlerFrame {
            held: Held::new(message, abilities),
            handler: handler.call,
            running: None,
            answer: None,
            looks,
            reply: PhantomData,
        }
    }

    /// A client's innermost link has nothing around it.
    pub fn around<N>(self, innermost: N) -> N {
        innermost
    }
}

impl<K> Rest<K> {
    /// Where the rest comes back to.
    pub fn home<M, N>(&self) -> Home<M, N> {
        Home(Mutex::new(None))
    }

    /// What holds the message, and the rest of the list, while the policy runs.
    pub fn frame<'h, M, Ret, R, I, N, L>(
        self,
        _: &Rpc<Request<M>, Ret, R>,
        home: &'h Home<M, N>,
        message: M,
        abilities: Abilities<M>,
        innermost: I,
        looks: L,
    ) -> impl Frame + Answered<R::Body> + use<'h, K, M, Ret, R, I, N, L>
    where
        M: Send,
        Ret: ResultType,
        R: Reply<Ret::Body>,
        K: FnOnce(I) -> N,
        N: Next<M, R::Body>,
        L: LooksOf<M, R::Body>,
    {
        rest_frame(home, message, abilities, (self.0)(innermost), looks)
    }

    /// The links around the innermost one.
    pub fn around<I, N>(self, innermost: I) -> N
    where
        K: FnOnce(I) -> N,
    {
        (self.0)(innermost)
    }
}

/// What holds the message, and all that is behind it, while the policy runs.
pub(crate) fn rest_frame<'h, M, B, N, L>(
    home: &'h Home<M, N>,
    message: M,
    abilities: Abilities<M>,
    next: N,
    looks: L,
) -> impl Frame + Answered<B> + use<'h, M, B, N, L>
where
    M: Send,
    B: Send,
    N: Next<M, B>,
    L: LooksOf<M, B>,
{
    RestFrame::new(home, message, abilities, next, looks, run_rest)
}
