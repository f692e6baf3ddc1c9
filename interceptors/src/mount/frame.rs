//! The state that a mount keeps for a call while the blind part of its policy runs.
#![allow(
    clippy::mem_replace_option_with_none,
    clippy::redundant_pattern_matching,
    clippy::question_mark,
    reason = "each function that is called is one more instance for each method"
)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use tonic::{Request, Response, Status};

use super::policy::{Blind, Lends, Typed};
use super::reply::{Answer, Reply};
use super::rpc::Handler;
use crate::core::abilities::{AbilitiesOf, KeptRequest, Resend};
use crate::core::call::{Call, already_sent};
use crate::core::chain::Next;
use crate::core::frame::{Frame, Look, Opaque, OpaqueAnswer, OpaqueReply, Seen, Started};

/// The functions by which a method's entries look at messages, by entry.
pub trait LooksOf<M, B>: Send {
    fn look(&mut self, entry: usize, seen: Seen<'_, M, B>) -> Result<(), Status>;
}

/// For a method without entries that look at messages.
pub struct NoLooks;

impl<M, B> LooksOf<M, B> for NoLooks {
    fn look(&mut self, _: usize, _: Seen<'_, M, B>) -> Result<(), Status> {
        Ok(())
    }
}

/// Calls the look of each entry.
pub struct EachLook<F>(pub(crate) F);

impl<M, B, F> LooksOf<M, B> for EachLook<F>
where
    F: FnMut(usize, Seen<'_, M, B>) -> Result<(), Status> + Send,
{
    fn look(&mut self, entry: usize, seen: Seen<'_, M, B>) -> Result<(), Status> {
        (self.0)(entry, seen)
    }
}

/// The request, while the frame holds it.
pub struct Held<M> {
    pub(crate) message: Option<M>,
    pub(crate) abilities: AbilitiesOf<M>,
    is_counted: bool,
}

impl<M> Held<M> {
    /// Counts the messages of the request stream, if an observer needs the number.
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
            && let Some(stream) = std::mem::replace(&mut self.message, None)
        {
            self.message = Some(count(stream, received.clone()));
        }
    }

    /// Takes the message to send. Leaves a copy if the request may have to be resent.
    #[inline]
    pub(crate) fn take(&mut self, sent: &Opaque) -> Option<M> {
        let mut message = std::mem::replace(&mut self.message, None);
        if let (true, Some(message)) = (sent.is_kept, &mut message)
            && let Some(resend) = (self.abilities)().resend
        {
            self.message = (resend.copy)(message, sent.limit());
        }
        message
    }
}

/// Returns the message in the frame for the policy's response.
pub trait Answered<B> {
    /// The body of this response. Empty if another attempt has followed.
    fn body_of(&mut self, reply: &OpaqueReply) -> &mut Option<B>;
}

/// The body of the latest successful response, while the frame holds it.
struct HeldResponse<B> {
    body: Option<B>,
    number: u32,
}

/// The metadata of one attempt must not be combined with the message of another.
#[cold]
pub(super) fn superseded_response() -> Status {
    Status::internal(
        "an interceptor returned the response of an earlier attempt; return the response of the latest attempt",
    )
}

/// The part behind the blind part of a policy. `Fut` is the future of one attempt, and `B` the body of its response.
pub trait Edge<M, Fut, B>: Send {
    /// The body type of the attempt's response.
    type Given;

    /// Converts the body into the type that the chain sees.
    fn body(given: Self::Given) -> B;

    /// Begins an attempt.
    fn begin(
        &mut self,
        held: &mut Held<M>,
        call: &mut Call<Opaque>,
        running: Pin<&mut Option<Fut>>,
    ) -> Result<Started, Status>;

    /// Polls the attempt, and drops its future once it is ready. Without a context, drops the future at once.
    fn poll(
        &mut self,
        held: &mut Held<M>,
        call: &mut Call<Opaque>,
        running: Pin<&mut Option<Fut>>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<Answer<Self::Given>>;
}

/// The frame of a method: its message, its response, and the part behind the policy.
pub struct MethodFrame<'r, M, E, Fut, B, L> {
    held: Held<M>,
    edge: E,
    running: Pin<&'r mut Option<Fut>>,
    response: HeldResponse<B>,
    looks: L,
}

impl<'r, M, E, Fut, B, L> MethodFrame<'r, M, E, Fut, B, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn new(
        message: M,
        abilities: AbilitiesOf<M>,
        edge: E,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
    ) -> Self {
        Self {
            held: Held {
                message: Some(message),
                abilities,
                is_counted: false,
            },
            edge,
            running,
            response: HeldResponse {
                body: None,
                number: 0,
            },
            looks,
        }
    }
}

impl<M, E, Fut, B, L> Answered<B> for MethodFrame<'_, M, E, Fut, B, L> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body_of(&mut self, reply: &OpaqueReply) -> &mut Option<B> {
        if reply.number() != self.response.number {
            self.response.body = None;
        }
        &mut self.response.body
    }
}

impl<M, E, Fut, B, L> Frame for MethodFrame<'_, M, E, Fut, B, L>
where
    M: Send,
    E: Edge<M, Fut, B>,
    Fut: Send,
    B: Send,
    L: LooksOf<M, B>,
{
    fn begin(&mut self, call: &mut Call<Opaque>) -> Result<Started, Status> {
        // A discarded response may hold something that the next attempt waits for.
        if call.kind().response_is_stream() {
            self.response.body = None;
        }
        self.held.count(call);
        self.edge.begin(&mut self.held, call, self.running.as_mut())
    }

    fn poll(
        &mut self,
        call: &mut Call<Opaque>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<OpaqueAnswer> {
        let running = self.running.as_mut();
        let answer = match self.edge.poll(&mut self.held, call, running, cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending => return Poll::Pending,
        };
        Poll::Ready(match answer {
            Ok(response) => {
                let (metadata, given, extensions) = response.into_parts();
                self.response.body = Some(E::body(given));
                self.response.number = self.response.number.wrapping_add(1);
                let reply = OpaqueReply::new(self.response.number);
                Ok(Response::from_parts(metadata, reply, extensions))
            }
            Err(status) => Err(status),
        })
    }

    fn look(&mut self, entry: usize, look: Look<'_>) -> Result<(), Status> {
        self.held.count(look.call);
        let seen = Seen {
            look,
            request: &mut self.held.message,
            reply: &mut self.response.body,
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

/// The handler of a service's method. It gets the request, not a call.
pub struct HandlerEdge<F, R> {
    pub(super) handler: F,
    pub(super) reply: PhantomData<fn() -> R>,
}

impl<M, F, Fut, T, R> Edge<M, Fut, R::Body> for HandlerEdge<F, R>
where
    F: FnMut(Request<M>) -> Fut + Send,
    Fut: Future<Output = Answer<T>>,
    R: Reply<T>,
{
    type Given = T;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body(given: T) -> R::Body {
        R::body(given)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(
        &mut self,
        held: &mut Held<M>,
        call: &mut Call<Opaque>,
        mut running: Pin<&mut Option<Fut>>,
    ) -> Result<Started, Status> {
        let (metadata, extensions, sent) = match call.take_parts() {
            Ok(parts) => parts,
            Err(status) => return Err(status),
        };
        let Some(message) = held.take(&sent) else {
            return Err(already_sent());
        };
        let request = Request::from_parts(metadata, extensions, message);
        running.set(Some((self.handler)(request)));
        Ok(Started::Handler)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(
        &mut self,
        _: &mut Held<M>,
        call: &mut Call<Opaque>,
        mut running: Pin<&mut Option<Fut>>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<Answer<T>> {
        let answer = match (running.as_mut().as_pin_mut(), cx) {
            (Some(running), Some(cx)) => match running.poll(cx) {
                Poll::Ready(answer) => answer,
                Poll::Pending => return Poll::Pending,
            },
            _ => Err(already_sent()),
        };
        running.set(None);
        call.set_answered(matches!(answer, Ok(_)));
        Poll::Ready(answer)
    }
}

/// The owner of the stage, on the stack of the mount. Attempts borrow the stage in turn. An attempt's future ends with
/// the attempt, the stage does not.
pub struct Home<'s, S> {
    stage: Mutex<Option<&'s mut Option<S>>>,
    /// Whether the current attempt has been answered, if only its future knows.
    answered: AtomicBool,
}

impl<'s, S> Home<'s, S> {
    #[inline]
    fn replace_stage(&self, stage: Option<&'s mut Option<S>>) -> Option<&'s mut Option<S>> {
        let mut home = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *home, stage)
    }

    /// A home whose stage is lent already.
    #[inline]
    pub(super) const fn without_stage() -> Self {
        Self {
            stage: Mutex::new(None),
            answered: AtomicBool::new(false),
        }
    }

    /// Lends the stage to an attempt.
    #[inline]
    pub fn lend(&self) -> Lent<'_, 's, S> {
        Lent {
            stage: self.replace_stage(None),
            home: self,
        }
    }

    /// Puts a value on the stage and lends it.
    #[inline]
    pub fn begin<'h>(&'h mut self, on_stage: S) -> Lent<'h, 's, S> {
        let mut stage = self.replace_stage(None);
        if let Some(stage) = &mut stage {
            **stage = Some(on_stage);
        }
        Lent { stage, home: self }
    }

    pub fn set_answered(&self, answered: bool) {
        self.answered.store(answered, Ordering::Relaxed);
    }

    pub fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }
}

/// The stage during an attempt. It is returned to its home on drop.
pub struct Lent<'h, 's, S> {
    stage: Option<&'s mut Option<S>>,
    home: &'h Home<'s, S>,
}

/// The result of a finished attempt. It returns the stage too, without a lock.
pub struct FinishedAttempt<'s, S, B> {
    answer: Answer<B>,
    stage: Option<&'s mut Option<S>>,
}

impl<'h, 's, S> Lent<'h, 's, S> {
    /// The home that the stage returns to.
    pub fn home(&self) -> &'h Home<'s, S> {
        self.home
    }

    /// Reports whether this attempt has been answered, before its future ends.
    pub fn answers(&self) -> impl FnMut(bool) + Send + use<'h, S> {
        let answered = &self.home.answered;
        move |is_answered| answered.store(is_answered, Ordering::Relaxed)
    }

    /// The value on the stage. `None` if something else has borrowed it.
    #[inline]
    pub fn get(&mut self) -> Option<&mut S> {
        match &mut self.stage {
            Some(stage) => stage.as_mut(),
            None => None,
        }
    }
}

impl<S> Drop for Lent<'_, '_, S> {
    #[inline]
    fn drop(&mut self) {
        if let Some(_) = self.stage {
            self.home.replace_stage(self.stage.take());
        }
    }
}

/// A value that can be lent to an attempt. `O` is the attempt's output.
pub trait Staged<'s, Q, O>: Send + Sized {
    /// Runs the attempt with its request.
    fn attempt(lent: Lent<'_, 's, Self>, request: Q) -> impl Future<Output = O> + Send;
}

/// Runs an attempt with a lent stage.
///
/// The signature promises `Send`. If the compiler inferred it from the future, it would forget that the lifetimes in a
/// stream's type are the same everywhere.
pub fn run_rest<'h, 's, S, Q, O>(
    lent: Lent<'h, 's, S>,
    request: Q,
) -> impl Future<Output = O> + Send + use<'h, 's, S, Q, O>
where
    S: Staged<'s, Q, O>,
{
    S::attempt(lent, request)
}

/// The rest of a list, with its own call.
pub struct Stage<M, N> {
    call: Option<Call<M>>,
    next: N,
}

impl<'s, M, B, N> Staged<'s, (), FinishedAttempt<'s, Self, B>> for Stage<M, N>
where
    M: Send,
    B: Send,
    N: Next<M, B>,
{
    #[cfg_attr(not(debug_assertions), inline(always))]
    async fn attempt(mut lent: Lent<'_, 's, Self>, (): ()) -> FinishedAttempt<'s, Self, B> {
        let answer = match &mut lent.stage {
            Some(Some(Self {
                call: Some(call),
                next,
            })) => next.run(call).await,
            _ => Err(already_sent()),
        };
        let stage = std::mem::replace(&mut lent.stage, None);
        FinishedAttempt { answer, stage }
    }
}

/// The rest of the list, behind the blind part.
pub struct RestEdge<'h, 's, M, N, G> {
    home: &'h Home<'s, Stage<M, N>>,
    /// Held between attempts. A cancelled attempt returns its stage to `home`.
    stage: Option<&'s mut Option<Stage<M, N>>>,
    run: G,
    /// The placeholder of the message that was sent.
    sent: Opaque,
}

impl<'h, 's, M, N, Fut, B, G> Edge<M, Fut, B> for RestEdge<'h, 's, M, N, G>
where
    M: Send,
    N: Send,
    G: FnMut(Lent<'h, 's, Stage<M, N>>, ()) -> Fut + Send,
    Fut: Future<Output = FinishedAttempt<'s, Stage<M, N>, B>>,
{
    type Given = B;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body(given: B) -> B {
        given
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(
        &mut self,
        held: &mut Held<M>,
        call: &mut Call<Opaque>,
        mut running: Pin<&mut Option<Fut>>,
    ) -> Result<Started, Status> {
        let Some(sent) = call.message_slot().take() else {
            return Err(already_sent());
        };
        let mut lent = Lent {
            stage: std::mem::replace(&mut self.stage, None),
            home: self.home,
        };
        let (Some(message), Some(Some(stage))) = (held.take(&sent), &mut lent.stage) else {
            return Err(already_sent());
        };
        self.sent = sent;
        call.lend(&mut stage.call, held.abilities, message);
        running.set(Some((self.run)(lent, ())));
        Ok(Started::Rest)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(
        &mut self,
        held: &mut Held<M>,
        call: &mut Call<Opaque>,
        mut running: Pin<&mut Option<Fut>>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<Answer<B>> {
        let answer = match (running.as_mut().as_pin_mut(), cx) {
            (Some(running), Some(cx)) => match running.poll(cx) {
                Poll::Ready(FinishedAttempt { answer, stage }) => {
                    self.stage = stage;
                    answer
                }
                Poll::Pending => return Poll::Pending,
            },
            _ => {
                // Dropping the future returns the stage to its home. A future that has ended has nothing left to drop,
                // and the next one replaces it.
                running.set(None);
                self.stage = self.home.replace_stage(None);
                Err(already_sent())
            }
        };
        if let Some(Some(stage)) = &mut self.stage
            && let Some(message) = call.take_back(&mut stage.call)
        {
            // The message was not sent, so it can still be. The rest may have changed it, so a kept copy takes
            // precedence.
            if let kept @ None = &mut held.message {
                *kept = Some(message);
            }
            call.message_slot().get_or_insert(self.sent.again());
        }
        Poll::Ready(answer)
    }
}

/// For a handler, which takes no call: nothing is lent.
pub struct NoStage;

/// The innermost part with nothing else behind the policy: the handler, or a client's own method.
pub struct Innermost<N>(pub(crate) N);

/// The links behind the blind part, with a call of their own.
pub struct Links<N>(pub(super) N);

/// A link that is never in a chain.
pub struct NoLink;

impl<'s> Staged<'s, (), Answer<()>> for NoLink {
    async fn attempt(_: Lent<'_, 's, Self>, (): ()) -> Answer<()> {
        Err(already_sent())
    }
}

impl<F, R> Innermost<Handler<F, R>> {
    /// The frame that holds the message and the handler's future while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, M, T, Fut, L, G, Run>(
        self,
        _: &mut NoStage,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        _: G,
    ) -> MethodFrame<'r, M, HandlerEdge<F, R>, Fut, R::Body, L>
    where
        M: 'static,
        R: Reply<T>,
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<T>> + Send,
        L: LooksOf<M, R::Body>,
        G: FnMut(Lent<'static, 'static, NoLink>, ()) -> Run,
        Run: Future<Output = Answer<()>>,
    {
        let edge = HandlerEdge {
            handler: self.0.call,
            reply: PhantomData,
        };
        MethodFrame::new(message, abilities, edge, looks, running)
    }
}

impl<N> Links<N> {
    /// The part behind the policy. Its stage is filled before the first attempt.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn edge<'h, 's, M, G>(
        self,
        home: &'h Home<'s, Stage<M, N>>,
        stage: &'s mut Option<Stage<M, N>>,
        run: G,
    ) -> RestEdge<'h, 's, M, N, G> {
        *stage = Some(Stage {
            call: None,
            next: self.0,
        });
        RestEdge {
            home,
            stage: Some(stage),
            run,
            sent: Opaque::new(0),
        }
    }

    /// The frame that holds the message and everything behind the policy while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, 'h, 's, M, B, L, Fut, G>(
        self,
        home: &'h mut Home<'s, Stage<M, N>>,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        run: G,
    ) -> MethodFrame<'r, M, RestEdge<'h, 's, M, N, G>, Fut, B, L>
    where
        N: Next<M, B>,
        L: LooksOf<M, B>,
        Fut: Future<Output = FinishedAttempt<'s, Stage<M, N>, B>> + Send,
        G: FnMut(Lent<'h, 's, Stage<M, N>>, ()) -> Fut + Send,
    {
        let next = self.0;
        let mut stage = home.replace_stage(None);
        if let Some(stage) = &mut stage {
            **stage = Some(Stage { call: None, next });
        }
        let edge = RestEdge {
            home,
            stage,
            run,
            sent: Opaque::new(0),
        };
        MethodFrame::new(message, abilities, edge, looks, running)
    }
}

/// The place for the call of the rest, if there is a rest.
impl Blind {
    pub fn stage(self) -> NoStage {
        NoStage
    }

    pub fn home(self, _: &mut NoStage) -> NoStage {
        NoStage
    }
}

impl Typed {
    pub fn stage<S>(self) -> Option<S> {
        None
    }

    /// Lends the stage to each attempt.
    pub fn home<S>(self, stage: &mut Option<S>) -> Home<'_, S> {
        Home {
            stage: Mutex::new(Some(stage)),
            answered: AtomicBool::new(false),
        }
    }
}

impl Lends {
    pub fn stage<S>(self) -> Option<S> {
        None
    }

    /// Lends the stage to each attempt.
    pub fn home<S>(self, stage: &mut Option<S>) -> Home<'_, S> {
        Typed.home(stage)
    }
}
