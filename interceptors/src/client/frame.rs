//! The innermost part of a client's method whose policy sees no message: it sends the request.
#![allow(clippy::type_complexity, reason = "a frame names all that it holds")]
#![allow(
    clippy::question_mark,
    reason = "each function that is called is one more instance for each method"
)]

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tonic::client::GrpcService;
use tonic::codec::Codec;
use tonic::{Request, Response, Status};

use super::generated::{Inbound, Outbound, Outgoing, Reaches};
use super::rpc::{CallMut, HandWrittenMethod, HandWrittenMethodMut};
use super::{failed, fix_tonic_status};
use crate::core::abilities::{AbilitiesOf, Resend};
use crate::core::call::{Call, already_sent, no_longer_complete};
use crate::core::frame::{Opaque, Started};
use crate::core::malformed;
use crate::mount::frame::{
    Edge, Held, Home, Innermost, Lent, LooksOf, MethodFrame, NoLink, NoStage, Staged,
};
use crate::mount::reply::{Answer, Reply};
use crate::wire::status::BoxError;

/// The request of an attempt, with the remaining time as its timeout.
#[cfg_attr(not(debug_assertions), inline(always))]
fn take_outgoing<M>(held: &mut Held<M>, call: &mut Call<Opaque>) -> Result<Request<M>, Status> {
    let (metadata, extensions, sent) = match call.take_outgoing() {
        Ok(parts) => parts,
        Err(status) => return Err(status),
    };
    let Some(mut message) = held.message.take() else {
        return Err(already_sent());
    };
    if let Some(Resend { copy, kept }) = (held.abilities)().resend {
        if sent.is_kept {
            held.message = copy(&mut message, sent.limit());
        }
        if let Some(of) = kept
            && !of(&mut message).take_over()
        {
            return Err(no_longer_complete());
        }
    }
    Ok(Request::from_parts(metadata, extensions, message))
}

/// The message, if no attempt sends it any more.
#[cold]
fn take_unsent<M>(held: &mut Held<M>, call: &mut Call<Opaque>) -> Option<M> {
    let sent = call.take_request().ok()?.into_inner();
    held.take(&sent)
}

/// A method of a hand-written client.
pub struct HandWrittenEdge<F, R> {
    call: F,
    reply: PhantomData<fn() -> R>,
}

impl<M, F, Fut, T, R> Edge<M, Fut, R::Body> for HandWrittenEdge<F, R>
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
        let request = take_outgoing(held, call)?;
        running.set(Some((self.call)(request)));
        Ok(Started::Rest)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(
        &mut self,
        _: &mut Held<M>,
        call: &mut Call<Opaque>,
        mut running: Pin<&mut Option<Fut>>,
        cx: Option<&mut Context<'_>>,
    ) -> Poll<Answer<T>> {
        let (Some(attempt), Some(cx)) = (running.as_mut().as_pin_mut(), cx) else {
            running.set(None);
            return Poll::Ready(Err(already_sent()));
        };
        // tonic reads the response in this poll.
        let answer = match malformed::catch_malformed(|| attempt.poll(cx)) {
            Ok(Poll::Ready(answer)) => answer,
            Ok(Poll::Pending) => return Poll::Pending,
            Err(status) => Err(status),
        };
        running.set(None);
        call.set_answered(answer.is_ok());
        Poll::Ready(answer.map_err(fix_tonic_status))
    }
}

impl<F, R> Innermost<HandWrittenMethod<F, R>> {
    /// The frame that holds the message and the method's future while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, M, T, Fut, L, G, Run>(
        self,
        _: &mut NoStage,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        _: G,
    ) -> MethodFrame<'r, M, HandWrittenEdge<F, R>, Fut, R::Body, L>
    where
        M: 'static,
        R: Reply<T>,
        F: FnMut(Request<M>) -> Fut + Send,
        Fut: Future<Output = Answer<T>> + Send,
        L: LooksOf<M, R::Body>,
        G: FnMut(Lent<'static, 'static, NoLink>, ()) -> Run,
        Run: Future<Output = Answer<()>>,
    {
        let edge = HandWrittenEdge {
            call: self.0.call,
            reply: PhantomData,
        };
        MethodFrame::new(message, abilities, edge, looks, running)
    }
}

impl<'s, M, T, B, Method, R> Staged<'s, Request<M>, Answer<B>>
    for HandWrittenMethodMut<'_, T, Method, R>
where
    M: Send,
    B: Send,
    T: CallMut<Method, Request = Request<M>, Result = Result<Response<B>, Status>> + Send + ?Sized,
{
    async fn attempt(mut lent: Lent<'_, 's, Self>, request: Request<M>) -> Answer<B> {
        match lent.get() {
            Some(Self { client, .. }) => client.call_mut(request).await,
            None => Err(already_sent()),
        }
    }
}

impl<'a, T: ?Sized, Method, R> Innermost<HandWrittenMethodMut<'a, T, Method, R>> {
    /// The same, for a method that takes `&mut self`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, 'h, 's, M, B, Fut, L, G>(
        self,
        home: &'h mut Home<'s, HandWrittenMethodMut<'a, T, Method, R>>,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        mut run: G,
    ) -> MethodFrame<'r, M, HandWrittenEdge<impl FnMut(Request<M>) -> Fut + Send, R>, Fut, R::Body, L>
    where
        T: CallMut<Method, Request = Request<M>, Result = Result<Response<B>, Status>> + Send,
        R: Reply<B>,
        Fut: Future<Output = Answer<B>> + Send,
        L: LooksOf<M, R::Body>,
        G: FnMut(Lent<'h, 's, HandWrittenMethodMut<'a, T, Method, R>>, Request<M>) -> Fut + Send,
    {
        let home = home.begin(self.0).home();
        let edge = HandWrittenEdge {
            call: move |request| run(home.lend(), request),
            reply: PhantomData,
        };
        MethodFrame::new(message, abilities, edge, looks, running)
    }
}

impl<'s, T, C, In, Out, M> Staged<'s, Request<M>, Answer<Out::Body>> for Outgoing<'_, T, C, In, Out>
where
    M: Send,
    In: Outbound<M, Message = C::Encode>,
    Out: Inbound<C::Decode>,
    C: Codec + Send,
    C::Encode: Send + Sync + 'static,
    C::Decode: Send + Sync + 'static,
    T: GrpcService<tonic::body::Body> + Send,
    T::Future: Send,
    T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    fn attempt(
        lent: Lent<'_, 's, Self>,
        request: Request<M>,
    ) -> impl Future<Output = Answer<Out::Body>> + Send {
        let answered = lent.answers();
        Self::exchange(lent, request, answered)
    }
}

impl<S: Send> Reaches<S> for Lent<'_, '_, S> {
    fn reach(&mut self) -> Option<&mut S> {
        self.get()
    }
}

/// A method of a generated client.
pub struct OutgoingEdge<'h, 's, S, G> {
    home: &'h Home<'s, S>,
    /// Set until the transport is ready for the request.
    waiting: Option<Lent<'h, 's, S>>,
    run: G,
}

/// A transport that may not be ready for a request yet.
pub trait Transport: Send {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>>;
}

impl<'h, 's, M, S, G, Fut, B> Edge<M, Fut, B> for OutgoingEdge<'h, 's, S, G>
where
    M: Send,
    S: Transport,
    G: FnMut(Lent<'h, 's, S>, Request<M>) -> Fut + Send,
    Fut: Future<Output = Answer<B>>,
{
    type Given = B;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn body(given: B) -> B {
        given
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(
        &mut self,
        _: &mut Held<M>,
        call: &mut Call<Opaque>,
        _: Pin<&mut Option<Fut>>,
    ) -> Result<Started, Status> {
        // Checked before the transport reserves a slot for the request.
        if let Some(status) = call.refusal() {
            return Err(status);
        }
        if self.waiting.is_none() {
            self.waiting = Some(self.home.lend());
        }
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
        let Some(cx) = cx else {
            self.waiting = None;
            running.set(None);
            return Poll::Ready(Err(already_sent()));
        };
        if let Some(lent) = &mut self.waiting {
            let ready = match lent.get() {
                Some(transport) => ready!(transport.poll_ready(cx)),
                None => Err(already_sent()),
            };
            let lent = self.waiting.take();
            // Not earlier: a call that never reaches the transport says nothing about the server.
            call.set_sent();
            if let Err(status) = ready {
                // The request is dropped even though it was not sent.
                drop(take_unsent(held, call));
                return Poll::Ready(Err(status));
            }
            let (Some(lent), request) = (lent, take_outgoing(held, call)?) else {
                return Poll::Ready(Err(already_sent()));
            };
            self.home.set_answered(call.is_answered());
            running.set(Some((self.run)(lent, request)));
        }
        let Some(attempt) = running.as_mut().as_pin_mut() else {
            return Poll::Ready(Err(already_sent()));
        };
        let polled = attempt.poll(cx);
        call.set_answered(self.home.is_answered());
        let answer = ready!(polled);
        running.set(None);
        Poll::Ready(answer.map_err(|status| failed(status, call.known_deadline())))
    }
}

impl<'a, T, C, In, Out> Innermost<Outgoing<'a, T, C, In, Out>>
where
    Outgoing<'a, T, C, In, Out>: Transport,
{
    /// The frame that holds the message and the request's future while the policy runs.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn frame<'r, 'h, 's, M, B, Fut, L, G>(
        self,
        home: &'h mut Home<'s, Outgoing<'a, T, C, In, Out>>,
        message: M,
        abilities: AbilitiesOf<M>,
        looks: L,
        running: Pin<&'r mut Option<Fut>>,
        run: G,
    ) -> MethodFrame<'r, M, OutgoingEdge<'h, 's, Outgoing<'a, T, C, In, Out>, G>, Fut, B, L>
    where
        M: Send,
        Outgoing<'a, T, C, In, Out>: Staged<'s, Request<M>, Answer<B>>,
        Fut: Future<Output = Answer<B>> + Send,
        L: LooksOf<M, B>,
        G: FnMut(Lent<'h, 's, Outgoing<'a, T, C, In, Out>>, Request<M>) -> Fut + Send,
    {
        let lent = home.begin(self.0);
        let edge = OutgoingEdge {
            home: lent.home(),
            waiting: Some(lent),
            run,
        };
        MethodFrame::new(message, abilities, edge, looks, running)
    }
}
