use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Status, Streaming};

use super::abilities::{AbilitiesOf, KeptRequest};
use super::details::CallDetails;
use super::end::{Outcome, StreamEnd, tell_in_drop};
use super::facts::Facts;
use super::kept::{Kept, KeptHead};
use super::layer::{Layer, Layers, Tail};
use super::messages::inspected;
use super::name::CallName;
use super::plan::MethodPlan;
use super::received::{Received, RequestMessages};
use super::time::{Deadline, GRPC_TIMEOUT, exceeded, format_timeout, lately};

/// How many bytes of a request are kept until it is certain that the request need not be sent again. grpc-core and grpc-go have the same limit.
pub const DEFAULT_BUFFER_SIZE: usize = 256 * 1024;

/// A call on its way to the handler, or to the server.
///
/// Interceptors get the call by reference. At the end of the chain, the handler takes the request. `Req` is the request message, or
/// [`tonic::Streaming`](https://docs.rs/tonic/0.14/tonic/struct.Streaming.html) of it if the client sends a stream.
///
/// ```
/// use interceptors::{Call, Interceptor, Next};
/// use tonic::{Response, Status};
///
/// /// Refuses requests that did not come through the gateway.
/// struct ViaGateway;
///
/// impl<Req: Send, Res: Send> Interceptor<Req, Res> for ViaGateway {
///     async fn intercept(
///         &self,
///         call: &mut Call<Req>,
///         next: &mut impl Next<Req, Res>,
///     ) -> Result<Response<Res>, Status> {
///         if call.metadata().get("x-gateway").is_none() {
///             return Err(Status::permission_denied("call the gateway instead"));
///         }
///         next.run(call).await
///     }
/// }
/// ```
pub struct Call<Req> {
    details: CallDetails,
    message: Option<Req>,
    abilities: AbilitiesOf<Req>,
    received: Option<Received>,
    /// The layers for the response stream that is about to be returned.
    layers: Layers,
}

/// Facts about an encoded request.
#[cfg(feature = "client")]
#[derive(Clone, Copy)]
pub(crate) struct About {
    /// The request is a single message, even if the plan does not say so.
    pub(crate) is_one_message: bool,
    /// Whether the connection is plaintext, if known.
    pub(crate) is_plaintext: Option<bool>,
}

impl<Req> Call<Req> {
    /// A received call whose message is held elsewhere.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn received<F: Facts>(
        plan: &'static MethodPlan,
        abilities: AbilitiesOf<Req>,
        head: Request<()>,
        message: Req,
    ) -> Self {
        Self {
            details: CallDetails::received::<F>(plan, head),
            message: Some(message),
            abilities,
            received: None,
            layers: Layers::default(),
        }
    }

    /// A received call whose names are known.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    pub(crate) fn received_as<F: Facts>(
        name: CallName,
        abilities: AbilitiesOf<Req>,
        head: Request<()>,
        message: Req,
    ) -> Self {
        Self {
            details: CallDetails::received_as::<F>(name, head),
            message: Some(message),
            abilities,
            received: None,
            layers: Layers::default(),
        }
    }

    /// Lends everything except the message to another call, which has the message itself.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn lend<M>(
        &mut self,
        to: &mut Option<Call<M>>,
        abilities: AbilitiesOf<M>,
        message: M,
    ) {
        let lent = Call {
            details: self.details.lend(),
            message: Some(message),
            abilities,
            received: self.received.take(),
            layers: Layers::default(),
        };
        // The earlier loan was taken back, so the place is empty and need not be dropped.
        #[allow(
            clippy::mem_replace_option_with_some,
            reason = "`Option::replace` would be compiled for each message"
        )]
        std::mem::forget(std::mem::replace(to, Some(lent)));
    }

    /// Takes the loan back. Returns the message if it was not sent.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_back<M>(&mut self, lent: &mut Option<Call<M>>) -> Option<M> {
        let from = match lent {
            Some(from) => from,
            None => return None,
        };
        self.details.take_back(&mut from.details);
        if from.received.is_some() {
            self.received = from.received.take();
        }
        if !from.layers.is_empty() {
            self.parts().abandon_stream();
            self.layers = std::mem::take(&mut from.layers);
        }
        let message = from.message.take();
        // All that it owned was taken. There is nothing to drop, and the check for that would take as long as all of
        // this. `Option::take` would be one more instance for each method.
        #[allow(clippy::mem_replace_option_with_none)]
        std::mem::forget(std::mem::replace(lent, None));
        message
    }

    /// The place of the message.
    pub(crate) fn message_slot(&mut self) -> &mut Option<Req> {
        &mut self.message
    }

    /// The names of the call, and the place of the message.
    #[doc(hidden)]
    pub fn name_and_message(&mut self) -> (&CallName, &mut Option<Req>) {
        (self.details.name(), &mut self.message)
    }

    /// The counter of the request stream's messages.
    pub(crate) fn counter(&self) -> Option<&Received> {
        self.received.as_ref()
    }

    /// A call to be sent. Its deadline is read even if no interceptor asks for it. If the call is made in a handler, it
    /// inherits the handler's deadline.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[doc(hidden)]
    pub fn outgoing(name: CallName, abilities: AbilitiesOf<Req>, request: Request<Req>) -> Self {
        let (metadata, extensions, message) = request.into_parts();
        // Computed before the call is made: a call is large, and would be moved once more.
        let deadline = Deadline::of_outgoing(&metadata);
        Self {
            details: CallDetails::outgoing(name, metadata, extensions, deadline),
            message: Some(message),
            abilities,
            received: None,
            layers: Layers::default(),
        }
    }

    /// The same, with further facts. Builds the call in place.
    #[cfg(feature = "client")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn sent(
        name: CallName,
        abilities: AbilitiesOf<Req>,
        (metadata, extensions, message): (MetadataMap, Extensions, Req),
        about: About,
    ) -> Self {
        let deadline = Deadline::of_outgoing(&metadata);
        let mut details = CallDetails::outgoing(name, metadata, extensions, deadline);
        details.set_plaintext(about.is_plaintext);
        Self {
            details,
            message: Some(message),
            abilities,
            received: about.is_one_message.then_some(Received::ONE),
            layers: Layers::default(),
        }
    }

    /// Sets whether the connection is plaintext, if known.
    #[doc(hidden)]
    #[must_use]
    pub fn over(mut self, is_plaintext: Option<bool>) -> Self {
        self.details.set_plaintext(is_plaintext);
        self
    }

    /// The part of the call that does not depend on its message.
    #[must_use]
    pub fn details(&self) -> &CallDetails {
        &self.details
    }

    /// The request message. `None` after the handler has taken the request.
    #[must_use]
    pub fn message(&self) -> Option<&Req> {
        self.message.as_ref()
    }

    /// The request message, for changes. `None` after the handler has taken the request.
    pub fn message_mut(&mut self) -> Option<&mut Req> {
        self.message.as_mut()
    }

    /// Whether the request can be sent more than once. Its messages must be `Clone`, the handler must not have taken it yet, and it must be a single
    /// message, or a stream that a generated client or a channel sends.
    #[must_use]
    pub fn can_resend(&self) -> bool {
        matches!(
            (&(self.abilities)().resend, &self.message),
            (Some(_), Some(_))
        )
    }

    /// A copy of the request, with its metadata and extensions, to send it once more after [`Next::run`](crate::Next::run) has used up the original.
    /// `None` if [`can_resend`](Self::can_resend) is false, and on a generated client and a channel if the request has more than 256 KiB.
    #[must_use]
    pub fn copy_request(&mut self) -> Option<Request<Req>> {
        let mut message = self.copy_message(DEFAULT_BUFFER_SIZE)?;
        if let (Some(kept), Some(original)) = (self.kept(), &mut self.message) {
            kept(original).share();
            kept(&mut message).share();
        }
        let (metadata, extensions) = (self.details.metadata(), self.details.extensions());
        Some(Request::from_parts(
            metadata.clone(),
            extensions.clone(),
            message,
        ))
    }

    /// Keeps what is needed to resend the request. The result is small, because every call moves it and few calls use
    /// it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[doc(hidden)]
    pub fn keep(&mut self, limit: usize) -> Option<Kept<Req>> {
        let message = self.copy_message(limit)?;
        Some(Kept {
            message,
            head: KeptHead::of(self.details.metadata(), self.details.extensions()),
        })
    }

    /// A copy of the message. `None` if it would need more than `limit` bytes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn copy_message(&mut self, limit: usize) -> Option<Req> {
        let abilities = (self.abilities)();
        let (Some(resend), Some(message)) = (abilities.resend, &mut self.message) else {
            return None;
        };
        match abilities.size_of {
            Some(size_of) if size_of(message) > limit => None,
            _ => (resend.copy)(message, limit),
        }
    }

    /// Whether a copy is still complete. Too much of a stream may have been sent meanwhile.
    #[doc(hidden)]
    pub fn is_whole(&self, in_frame: Option<&mut dyn KeptRequest>, kept: &mut Kept<Req>) -> bool {
        if let Some(request) = in_frame {
            return request.is_whole();
        }
        self.kept()
            .is_none_or(|of| of(&mut kept.message).is_whole())
    }

    /// The further operations of a request that is not a single message.
    #[inline]
    fn kept(&self) -> Option<fn(&mut Req) -> &mut dyn KeptRequest> {
        match (self.abilities)().resend {
            Some(resend) => resend.kept,
            None => None,
        }
    }

    /// Guarantees that a copy stays complete until it is sent: from now on the attempt before reads no more of it. So
    /// this is called once it is certain that another attempt follows. `None` if the copy is incomplete already.
    #[doc(hidden)]
    pub fn taken_over(
        &self,
        in_frame: Option<&mut dyn KeptRequest>,
        mut kept: Kept<Req>,
    ) -> Option<Kept<Req>> {
        if let Some(request) = in_frame {
            return request.take_over().then_some(kept);
        }
        match self.kept() {
            Some(of) => of(&mut kept.message).take_over().then_some(kept),
            None => Some(kept),
        }
    }

    /// Whether the whole request has arrived, so that several attempts can send it at once.
    #[doc(hidden)]
    pub fn is_complete(&mut self) -> bool {
        match ((self.abilities)().resend, self.message.as_mut()) {
            (Some(resend), Some(message)) => match resend.kept {
                Some(of) => of(message).is_complete(DEFAULT_BUFFER_SIZE),
                None => true,
            },
            _ => false,
        }
    }

    /// A parallel attempt of this call, with its own request.
    #[doc(hidden)]
    pub fn fork(&self, request: Request<Req>, attempt: u32) -> Self {
        let (metadata, extensions, message) = request.into_parts();
        Self {
            details: self.details.fork(metadata, extensions, attempt),
            message: Some(message),
            abilities: self.abilities,
            received: self.received.clone(),
            layers: Layers::default(),
        }
    }

    /// Takes over the state of the parallel attempt that won.
    #[doc(hidden)]
    pub fn adopt(&mut self, mut attempt: Self, attempts: u32) {
        self.message = None;
        self.details.adopt(&mut attempt.details, attempts);
        self.received = attempt.received.take();
        self.parts().abandon_stream();
        self.layers = std::mem::take(&mut attempt.layers);
    }

    /// Prepares the call for its next attempt, with this request.
    ///
    /// Observers of a response stream of the previous attempt get its end: it was cancelled.
    pub fn next_attempt(&mut self, request: Request<Req>) {
        self.details.count_attempt();
        self.start_over(request);
    }

    /// Restores the kept request after the original was used up, within the same attempt.
    #[doc(hidden)]
    pub fn resume(&mut self, kept: Kept<Req>) {
        self.parts().abandon_stream();
        self.details.resume(kept.head);
        self.message = Some(kept.message);
    }

    fn start_over(&mut self, request: Request<Req>) {
        self.parts().abandon_stream();
        let (metadata, extensions, message) = request.into_parts();
        self.details.start_over(metadata, extensions);
        self.message = Some(message);
    }

    /// Counts the messages of a request stream. The first observer starts this.
    pub(crate) fn count_received(&mut self) {
        if let (Some(count), None) = ((self.abilities)().count, &self.received) {
            let received = self.details.counter();
            self.received = Some(received.clone());
            if let Some(stream) = self.message.take() {
                self.message = Some(count(stream, received));
            }
        }
    }

    /// Wraps a request stream that may be cut off, even if nothing observes it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn notice_cut_off(&mut self) {
        let plan = self.details.plan();
        let is_polled = plan.is_named_by_wire() || plan.kind().request_is_stream();
        if is_polled && self.details.may_be_cut_off() {
            self.count_received();
        }
    }

    /// Limits the wait for each message of a request stream. After a longer wait the stream ends with
    /// `DEADLINE_EXCEEDED`.
    #[doc(hidden)]
    pub fn bound_gaps(&mut self, idle: Duration) {
        self.count_received();
        if let Some(received) = &self.received {
            received.bound_gaps(idle);
        }
    }

    /// Ends the request stream at this time with this status, even while the handler waits for a message.
    #[doc(hidden)]
    pub fn end_requests_at(&mut self, at: Instant, over: fn() -> Status) {
        self.count_received();
        if let Some(received) = &self.received {
            received.end_at(at, over);
        }
    }

    /// Measures how long the request stream has no message. The result is in
    /// [`End::elapsed_without_waits`](crate::End::elapsed_without_waits).
    #[doc(hidden)]
    pub fn measure_waits(&mut self) {
        self.count_received();
        if let Some(received) = &self.received {
            received.measure_waits();
        }
    }

    /// The parts of the call that observers need.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        Parts {
            details: &self.details,
            received: &self.received,
            layers: &mut self.layers,
        }
    }

    /// Wraps the response stream that `next.run` has returned in a layer, outside the layers that it already has. Call this after `next.run`: when an
    /// attempt is given up, its layers are dropped.
    ///
    /// A single response is not polled, so for it the layer is dropped. To get the end of calls of any kind, use [`watched`](crate::ext::watched) or
    /// [`Next::observe`](crate::Next::observe). Only these count request messages; without them, the end does not know their number.
    #[doc(hidden)]
    pub fn push_layer(&mut self, layer: impl Layer) {
        if self.details.plan().response_is_polled() {
            self.layers.push(layer, Instant::now);
        }
    }

    /// The layers of the response that now leaves the chain.
    pub(crate) fn take_tail(&mut self) -> Option<Tail> {
        if self.layers.is_empty() {
            return None;
        }
        let layers = std::mem::take(&mut self.layers);
        let (messages, attempts) = (self.parts().request_messages(), self.details.attempt());
        Some(Tail::new(self.details.name(), messages, attempts, layers))
    }

    /// Why there is nothing to send, if known.
    #[inline]
    #[doc(hidden)]
    #[must_use]
    pub fn refusal(&self) -> Option<Status> {
        if self.message.is_none() {
            return Some(already_sent());
        }
        let is_over = self.details.known_deadline()? <= lately();
        is_over.then(exceeded)
    }

    /// The request of an attempt, with the remaining time as its timeout.
    #[inline]
    #[doc(hidden)]
    pub fn outgoing_request(&mut self) -> Result<Request<Req>, Status> {
        let (metadata, extensions, message) = self.outgoing_parts()?;
        Ok(Request::from_parts(metadata, extensions, message))
    }

    /// The same, in parts.
    #[cfg_attr(not(debug_assertions), inline(always))]
    #[allow(clippy::question_mark, reason = "`?` would move the parts once more")]
    pub(crate) fn outgoing_parts(&mut self) -> Result<(MetadataMap, Extensions, Req), Status> {
        let (metadata, extensions, mut message) = match self.take_outgoing() {
            Ok(parts) => parts,
            Err(status) => return Err(status),
        };
        if let Some(of) = self.kept()
            && !of(&mut message).take_over()
        {
            return Err(no_longer_complete());
        }
        Ok((metadata, extensions, message))
    }

    /// The same, for a message that need not be taken over.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_outgoing(&mut self) -> Result<(MetadataMap, Extensions, Req), Status> {
        let deadline = self.details.known_deadline();
        let left = deadline.map(|deadline| deadline.saturating_duration_since(lately()));
        // Checked before the attempt counts as sent.
        if left.is_some_and(|left| left.is_zero()) {
            return Err(exceeded());
        }
        // Inserted in place. As part of a request, the metadata would be moved once more.
        if let (Some(left), Some(_)) = (left, &self.message) {
            let headers = self.details.metadata_mut().as_mut();
            headers.insert(GRPC_TIMEOUT.clone(), format_timeout(left));
        }
        self.take_parts()
    }

    /// The request for the handler.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_request(&mut self) -> Result<Request<Req>, Status> {
        let (metadata, extensions, message) = self.take_parts()?;
        Ok(Request::from_parts(metadata, extensions, message))
    }

    /// The same, in parts.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_parts(&mut self) -> Result<(MetadataMap, Extensions, Req), Status> {
        let Some(message) = self.message.take() else {
            return Err(already_sent());
        };
        let (metadata, extensions) = self.details.take_head();
        self.details.set_sent();
        Ok((metadata, extensions, message))
    }
}

impl<M: Send + 'static> Call<Streaming<M>> {
    /// Calls `inspect` with each message of the request stream when the handler reads it. The handler's signature does not change. If `inspect`
    /// returns an error, the stream ends with that status, and the handler does not get the message.
    ///
    /// Outer interceptors inspect a message first; inner interceptors see their changes. Nothing is decoded or encoded again. The stream is rebuilt
    /// around the original one. That takes at most 5 allocations for the call, and none for each message. The rebuilt stream ends after its first
    /// error.
    ///
    /// ```
    /// use interceptors::{Call, Interceptor, Next};
    /// use interceptors_proto::demo::ChatMessage;
    /// use tonic::{Response, Status, Streaming};
    ///
    /// /// Takes blanks off both ends of what is said.
    /// struct Trim;
    ///
    /// impl<Res: Send> Interceptor<Streaming<ChatMessage>, Res> for Trim {
    ///     async fn intercept(
    ///         &self,
    ///         call: &mut Call<Streaming<ChatMessage>>,
    ///         next: &mut impl Next<Streaming<ChatMessage>, Res>,
    ///     ) -> Result<Response<Res>, Status> {
    ///         call.each_message(|message| {
    ///             message.text = message.text.trim().to_owned();
    ///             Ok(())
    ///         });
    ///         next.run(call).await
    ///     }
    /// }
    /// ```
    pub fn each_message<F>(&mut self, inspect: F)
    where
        F: FnMut(&mut M) -> Result<(), Status> + Send + Unpin + 'static,
    {
        let stream = self.message.take();
        self.message = stream.map(|stream| inspected(stream, inspect));
    }
}

/// For a copy that an interceptor made itself: if it is incomplete, its end would look like the end of the request.
#[cold]
pub(crate) fn no_longer_complete() -> Status {
    Status::internal("the request cannot be sent again, because too much of it was sent already")
}

#[cold]
pub(crate) fn already_sent() -> Status {
    Status::internal("an interceptor called `next` again, and this request cannot be sent twice")
}

/// The parts of a call that observers need, whatever its message type.
pub(crate) struct Parts<'a> {
    pub(crate) details: &'a CallDetails,
    pub(crate) received: &'a Option<Received>,
    pub(crate) layers: &'a mut Layers,
}

impl<'a> Parts<'a> {
    /// How many request messages the handler has taken.
    pub(crate) fn request_messages(&self) -> RequestMessages {
        match self.received {
            Some(received) => received.messages(),
            None if self.details.kind().request_is_stream() => RequestMessages::Unknown,
            None => RequestMessages::One,
        }
    }

    /// Ends a response stream with layers that will not leave the chain.
    #[inline]
    pub(crate) fn abandon_stream(&mut self) {
        if !self.layers.is_empty() {
            self.abandon();
        }
    }

    #[cold]
    fn abandon(&mut self) {
        let mut layers = std::mem::take(self.layers);
        layers.end(&self.end(Outcome::Cancelled, None, 0));
    }

    pub(crate) fn end<'b>(
        &'b self,
        outcome: Outcome,
        status: Option<&'b Status>,
        messages: u64,
    ) -> StreamEnd<'b> {
        StreamEnd {
            name: self.details.name(),
            outcome,
            status,
            messages,
            request_messages: self.request_messages(),
            attempts: self.details.attempt(),
            sent: self.details.is_sent(),
        }
    }
}

#[cold]
fn abandon_in_drop(mut parts: Parts<'_>) {
    tell_in_drop(|| parts.abandon_stream());
}

impl<Req> Drop for Call<Req> {
    fn drop(&mut self) {
        if !self.layers.is_empty() {
            abandon_in_drop(self.parts());
        }
    }
}

impl<Req> Deref for Call<Req> {
    type Target = CallDetails;

    fn deref(&self) -> &CallDetails {
        &self.details
    }
}

impl<Req> DerefMut for Call<Req> {
    fn deref_mut(&mut self) -> &mut CallDetails {
        &mut self.details
    }
}

/// Prints names only: the message and the metadata may hold secrets.
impl<Req> fmt::Debug for Call<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("details", &self.details)
            .finish_non_exhaustive()
    }
}
