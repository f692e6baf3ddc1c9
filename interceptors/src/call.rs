use std::fmt;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;
use std::time::Duration;

use http::uri::PathAndQuery;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Status, Streaming};

use crate::__private::Abilities;
use crate::bounds::Bounds;
use crate::deadline;
use crate::end::{Parts, tell_in_drop};
use crate::id::RequestId;
use crate::inbound::{Received, inspected};
use crate::kept::{Kept, KeptHead};
use crate::layer::{Layer, Layers};
use crate::plan::MethodPlan;
#[cfg(feature = "server")]
use crate::server::Cancelled;
use crate::stream::StreamWatch;
#[cfg(feature = "client")]
use crate::turn::lately;

/// What may be kept of a request until it is known whether it has to be sent again, in bytes:
/// what grpc-core and grpc-go allow too.
pub(crate) const DEFAULT_BUFFER_SIZE: usize = 256 * 1024;

/// Which of gRPC's four kinds of RPC a method is.
///
/// ```
/// use interceptors::Kind;
///
/// assert!(Kind::BidiStreaming.request_is_stream());
/// assert_eq!(Kind::ServerStreaming.as_str(), "server_stream");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One request, one response.
    Unary,
    /// A stream of requests, one response.
    ClientStreaming,
    /// One request, a stream of responses.
    ServerStreaming,
    /// A stream of requests, a stream of responses.
    BidiStreaming,
}

impl Kind {
    /// The kind with these two directions.
    #[must_use]
    pub const fn new(request_is_stream: bool, response_is_stream: bool) -> Self {
        match (request_is_stream, response_is_stream) {
            (false, false) => Self::Unary,
            (true, false) => Self::ClientStreaming,
            (false, true) => Self::ServerStreaming,
            (true, true) => Self::BidiStreaming,
        }
    }

    /// Whether the client sends a stream.
    #[must_use]
    pub const fn request_is_stream(self) -> bool {
        matches!(self, Self::ClientStreaming | Self::BidiStreaming)
    }

    /// Whether the server sends a stream.
    #[must_use]
    pub const fn response_is_stream(self) -> bool {
        matches!(self, Self::ServerStreaming | Self::BidiStreaming)
    }

    /// Whether neither side sends a stream.
    #[must_use]
    pub const fn is_unary(self) -> bool {
        matches!(self, Self::Unary)
    }

    /// The name that go-grpc-middleware logs as `grpc.method_type`: `unary`, `client_stream`,
    /// `server_stream` or `bidi_stream`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unary => "unary",
            Self::ClientStreaming => "client_stream",
            Self::ServerStreaming => "server_stream",
            Self::BidiStreaming => "bidi_stream",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which end of the wire an interceptor stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The call was received.
    Server,
    /// The call is being made.
    Client,
}

impl Side {
    /// `server` or `client`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a call is named: what the plan says, corrected by what came over the wire.
#[derive(Clone)]
pub(crate) struct CallPath {
    pub(crate) plan: &'static MethodPlan,
    /// Set only where the wire says something else than the plan. Whether to believe it is decided
    /// when somebody asks.
    wire: Option<PathAndQuery>,
    /// Here, because it names the call too and goes to its observers.
    request_id: Option<RequestId>,
}

impl CallPath {
    #[cfg(feature = "server")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new(plan: &'static MethodPlan, extensions: &Extensions) -> Self {
        let wire = extensions
            .get::<axum::extract::OriginalUri>()
            .and_then(|uri| uri.0.path_and_query())
            .filter(|wire| wire.as_str() != plan.path())
            .cloned();
        Self::of(plan, wire)
    }

    #[cfg(not(feature = "server"))]
    fn new(plan: &'static MethodPlan, _extensions: &Extensions) -> Self {
        Self::of(plan, None)
    }

    /// Of a call that is being made: what the plan says, or what the channel was asked for.
    #[cfg(feature = "client")]
    pub(crate) fn outgoing(plan: &'static MethodPlan, wire: Option<PathAndQuery>) -> Self {
        Self::of(plan, wire)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of(plan: &'static MethodPlan, wire: Option<PathAndQuery>) -> Self {
        Self {
            plan,
            wire,
            request_id: None,
        }
    }

    pub(crate) fn request_id(&self) -> Option<&RequestId> {
        self.request_id.as_ref()
    }

    pub(crate) fn path(&self) -> &str {
        self.wire().unwrap_or(self.plan.path())
    }

    fn wire(&self) -> Option<&str> {
        let path = self.wire.as_ref().map(PathAndQuery::path);
        path.filter(|path| self.plan.is_of_channel() || is_path_of(path, self.plan))
    }

    pub(crate) fn service(&self) -> &str {
        self.split()
            .map_or(self.plan.service(), |(service, _)| service)
    }

    pub(crate) fn method(&self) -> &str {
        self.split()
            .map_or(self.plan.method(), |(_, method)| method)
    }

    /// A router may have nested the service under a prefix; the last two segments are gRPC's.
    fn split(&self) -> Option<(&str, &str)> {
        let (rest, method) = self.wire()?.rsplit_once('/')?;
        Some((
            rest.rsplit_once('/').map_or(rest, |(_, service)| service),
            method,
        ))
    }
}

/// Whether a path may be that of this method. It is another's where a body passes its own request on:
/// that still carries the path it came with.
///
/// Names that Rust changed differ in case and underscores alone; of a service's name without a
/// package nothing is known, since the trait may be renamed where it is imported.
fn is_path_of(path: &str, plan: &MethodPlan) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        let bytes = name.bytes().filter(|byte| *byte != b'_');
        bytes.map(|byte| byte.to_ascii_lowercase())
    }
    let (rest, method) = path.rsplit_once('/').unwrap_or_default();
    let service = rest.rsplit_once('/').map_or(rest, |(_, service)| service);
    let same_service = !plan.service().contains('.') || service == plan.service();
    same_service && (method == plan.method() || letters(method).eq(letters(plan.method())))
}

/// `service/Method` of a path. What a router nests the service under, its caller has chosen if that is a pattern, and is to
/// make neither more series of it nor more limits, nor to use up their tables.
pub(crate) fn name_in(path: &str) -> &str {
    let start = path.rmatch_indices('/').nth(1);
    start.map_or(path, |(slash, _)| &path[slash + 1..])
}

/// What metadata and extensions are once the request has gone to the handler.
static EMPTY: LazyLock<Request<()>> = LazyLock::new(|| Request::new(()));

/// What bounds a call on a service, and its streams.
#[derive(Default)]
pub(crate) struct Bounded {
    /// The deadline ends the call, its response stream included.
    pub(crate) by_deadline: bool,
    /// How long somebody waits for one message.
    pub(crate) idle: Option<Duration>,
}

/// The part of a call that does not depend on its message.
///
/// It is what Python's `grpc.HandlerCallDetails` is, and more. [`Call`] dereferences to it.
///
/// Metadata and extensions are those of the request and go with it: once the handler has been
/// called they are empty here. Read what you need before [`Next::run`](crate::Next::run).
/// The names, the kind, the side and the attempt stay.
pub struct CallDetails {
    /// Holds the metadata and the extensions; tonic knows how to find the peer in it.
    pub(crate) request: Option<Request<()>>,
    pub(crate) path: CallPath,
    attempt: u32,
    /// The handler has answered this attempt, or the server has begun to.
    pub(crate) answered: bool,
    /// An attempt has come to the end of the chain: to the handler, or to the transport, whether or not that
    /// can take it.
    pub(crate) sent: bool,
    deadline: deadline::Known,
    pub(crate) bounded: Bounded,
    /// This attempt has panicked, and that was caught.
    pub(crate) has_panicked: bool,
    /// Where the caller is told the call's ID, whoever answers.
    pub(crate) id_header: Option<&'static str>,
    /// Whether what is sent can be read on its way, as far as that is known.
    pub(crate) is_plaintext: Option<bool>,
}

// What does not depend on the message stands here rather than with the call, so that without optimization it is compiled once
// and not for each method.
impl CallDetails {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new(
        path: CallPath,
        metadata: MetadataMap,
        extensions: Extensions,
        deadline: deadline::Known,
    ) -> Self {
        Self {
            path,
            request: Some(Request::from_parts(metadata, extensions, ())),
            attempt: 1,
            answered: false,
            sent: false,
            deadline,
            bounded: Bounded::default(),
            has_panicked: false,
            id_header: None,
            is_plaintext: None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_request(
        plan: &'static MethodPlan,
        metadata: MetadataMap,
        extensions: Extensions,
    ) -> Self {
        let path = CallPath::new(plan, &extensions);
        let mut details = Self::new(path, metadata, extensions, deadline::Known::default());
        // Its caller's time runs already while interceptors in front of `timeout` wait for something.
        if plan.is_timed() {
            details.settle_deadline();
        }
        details
    }

    /// The full path, such as `/user.v1.UserService/Login`.
    ///
    /// Behind tonic's router this is the path as it came over the wire. Where the request did
    /// not come through that router (a handler called directly, in a test for example), it is
    /// what the attribute knows; see [`MethodPlan::is_derived`]. So it is where a body passes its own
    /// request on to another method; to a method of the same name of another service only if that
    /// service's name is known to the attribute, so state it (`service = …`) before you decide by it.
    #[must_use]
    pub fn path(&self) -> &str {
        self.path.path()
    }

    /// The full name of the service, such as `user.v1.UserService`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.path.service()
    }

    /// The name of the RPC, such as `Login`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.path.method()
    }

    /// Which of the four kinds of RPC this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.path.plan.kind()
    }

    /// Whether the call was received or is being made.
    #[must_use]
    pub fn side(&self) -> Side {
        self.path.plan.side()
    }

    /// The policy that the attribute gave this method.
    #[must_use]
    pub fn plan(&self) -> &'static MethodPlan {
        self.path.plan
    }

    /// The ID that `request_id` gave the call, from there on.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.path.request_id()
    }

    pub(crate) fn set_request_id(&mut self, id: RequestId) {
        self.path.request_id = Some(id);
    }

    /// Tells the caller the call's ID, where an answer does not come by whoever gave it.
    #[cold]
    pub(crate) fn name_answer(&self, status: &mut Status) {
        if let (Some(id), Some(header)) = (self.request_id(), self.id_header) {
            status.metadata_mut().as_mut().insert(header, id.to_value());
        }
    }

    #[inline]
    fn request_mut(&mut self) -> &mut Request<()> {
        #[cold]
        fn empty() -> Request<()> {
            Request::new(())
        }
        self.request.get_or_insert_with(empty)
    }

    /// The request's metadata.
    #[must_use]
    #[inline]
    pub fn metadata(&self) -> &MetadataMap {
        match &self.request {
            Some(request) => request.metadata(),
            None => EMPTY.metadata(),
        }
    }

    /// The request's metadata, to change what those further in will see.
    #[inline]
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        self.request_mut().metadata_mut()
    }

    /// The request's extensions: what the server and outer interceptors put there.
    #[must_use]
    #[inline]
    pub fn extensions(&self) -> &Extensions {
        match &self.request {
            Some(request) => request.extensions(),
            None => EMPTY.extensions(),
        }
    }

    /// The request's extensions, to hand values to those further in and to the handler.
    #[inline]
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        self.request_mut().extensions_mut()
    }

    /// The address of the peer, where the transport has one and feature `server` is on.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        #[cfg(feature = "server")]
        return self.request.as_ref()?.remote_addr();
        #[cfg(not(feature = "server"))]
        None
    }

    /// When the caller stops waiting: the `grpc-timeout` of the request, counted from
    /// the first time somebody asks, which is when the call enters the outermost interceptor that
    /// cares; in a method with `timeout` it is when the call enters the chain. `None` where the caller set no
    /// deadline, or an unreadable one.
    ///
    /// Behind `timeout` it is also what that allows, and for a call that is being made what `deadline` set, and
    /// what is left to the call in whose handler this one is made; the earliest of them.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.get(self.metadata())
    }

    /// What bounds the response stream that leaves the chain now.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_bounds(&mut self) -> Option<Bounds> {
        let by_deadline = std::mem::take(&mut self.bounded.by_deadline);
        by_deadline.then(|| Bounds::new(self.known_deadline(), self.bounded.idle))
    }

    /// How long it is until the [`deadline`](Self::deadline): zero once it has passed, `None` where there is none.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        let at = self.deadline()?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// The deadline, as far as somebody has asked for it or set one.
    #[inline]
    pub(crate) fn known_deadline(&self) -> Option<Instant> {
        self.deadline.peek()
    }

    /// Whether this is a call that its deadline ends, and its time is over.
    pub(crate) fn has_run_out(&self) -> bool {
        let is_over = |at| at <= Instant::now();
        (self.bounded.by_deadline || self.side() == Side::Client)
            && self.known_deadline().is_some_and(is_over)
    }

    /// Whether this attempt has panicked, and that was caught further in.
    pub(crate) fn has_panicked(&self) -> bool {
        self.has_panicked
    }

    /// The same as [`deadline`](Self::deadline).
    #[inline]
    pub(crate) fn settle_deadline(&mut self) -> Option<Instant> {
        let metadata = match &self.request {
            Some(request) => request.metadata(),
            None => EMPTY.metadata(),
        };
        self.deadline.settle(metadata)
    }

    /// Sets a deadline, unless there is an earlier one.
    pub(crate) fn limit_deadline(&mut self, at: Instant) {
        let deadline = self.settle_deadline();
        self.deadline
            .set(deadline.map_or(at, |deadline| deadline.min(at)));
    }

    /// Whether this attempt has been answered: the handler has returned with success, or the server
    /// has sent response headers, whatever came of it afterwards. Then it may have done its work, and
    /// should not be asked to do it again.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    #[inline]
    fn take_head(&mut self) -> (MetadataMap, Extensions) {
        match self.request.take() {
            Some(request) => {
                let (metadata, extensions, ()) = request.into_parts();
                (metadata, extensions)
            }
            None => Default::default(),
        }
    }

    /// One of several attempts of this call.
    fn fork(&self, metadata: MetadataMap, extensions: Extensions, attempt: u32) -> Self {
        let (path, deadline) = (self.path.clone(), self.deadline.clone());
        let mut fork = Self::new(path, metadata, extensions, deadline);
        fork.attempt = attempt;
        fork.is_plaintext = self.is_plaintext;
        fork
    }

    /// What counts the messages of a request stream.
    fn counter(&self) -> Received {
        let received = Received::default();
        #[cfg(feature = "server")]
        let received = received.watched(self.extensions().get::<Cancelled>().cloned());
        received
    }

    /// Whether its request stream may be cut off.
    #[cfg(feature = "server")]
    #[inline]
    fn may_be_cancelled(&self) -> bool {
        self.extensions().get::<Cancelled>().is_some()
    }

    /// What the handler may hand on to the calls that it makes.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn inheritable_deadline(&mut self) -> Option<Instant> {
        match deadline::may_be_inherited() {
            true => self.settle_deadline(),
            false => None,
        }
    }

    /// Another request takes the place of the one that is gone.
    fn start_over(&mut self, metadata: MetadataMap, extensions: Extensions) {
        self.request = Some(Request::from_parts(metadata, extensions, ()));
        self.answered = false;
        self.has_panicked = false;
    }

    fn resume(&mut self, kept: KeptHead) {
        let (metadata, extensions) = kept.into_parts();
        self.start_over(metadata, extensions);
    }

    pub(crate) fn count_attempt(&mut self) {
        self.attempt += 1;
    }

    /// 1 for the first attempt, 2 for the first retry, and so on.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Names only: metadata and extensions may hold secrets.
impl fmt::Debug for CallDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallDetails")
            .field("path", &self.path())
            .field("kind", &self.kind())
            .field("side", &self.side())
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A call on its way to the handler.
///
/// Interceptors pass it down by reference; the handler takes the request out at the end. `Req` is
/// the request message, or [`tonic::Streaming`] of it where the client sends a stream.
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
    pub(crate) details: CallDetails,
    message: Option<Req>,
    abilities: Abilities<Req>,
    received: Option<Received>,
    /// What goes along with the response stream that is on its way out.
    layers: Layers,
}

impl<Req> Call<Req> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn new(
        plan: &'static MethodPlan,
        abilities: Abilities<Req>,
        request: Request<Req>,
    ) -> Self {
        let (metadata, extensions, message) = request.into_parts();
        Self {
            details: CallDetails::of_request(plan, metadata, extensions),
            message: Some(message),
            abilities,
            received: None,
            layers: Layers::default(),
        }
    }

    /// A call that is being made. Its deadline is kept whether or not an interceptor asks for it, and if it
    /// is made in a handler, it inherits that one's.
    #[cfg(feature = "client")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn outgoing(
        path: CallPath,
        abilities: Abilities<Req>,
        request: Request<Req>,
    ) -> Self {
        let (metadata, extensions, message) = request.into_parts();
        // Found out before the call is made, which is large and would be moved once more.
        let deadline = deadline::Known::of_outgoing(&metadata);
        Self {
            details: CallDetails::new(path, metadata, extensions, deadline),
            message: Some(message),
            abilities,
            received: None,
            layers: Layers::default(),
        }
    }

    /// What it sends is one message, though the plan does not say so.
    #[cfg(feature = "client")]
    pub(crate) fn is_one_message(&mut self) {
        self.received = Some(Received::ONE);
    }

    /// Says whether what is sent can be read on its way, if that is known.
    #[cfg(feature = "client")]
    #[doc(hidden)]
    #[must_use]
    pub fn over(mut self, is_plaintext: Option<bool>) -> Self {
        self.details.is_plaintext = is_plaintext;
        self
    }

    /// The part of the call that does not depend on its message.
    #[must_use]
    pub fn details(&self) -> &CallDetails {
        &self.details
    }

    /// The request message; `None` once the request has gone to the handler.
    #[must_use]
    pub fn message(&self) -> Option<&Req> {
        self.message.as_ref()
    }

    /// The request message, to change it; `None` once the request has gone to the handler.
    pub fn message_mut(&mut self) -> Option<&mut Req> {
        self.message.as_mut()
    }

    /// Whether the request can be sent more than once: its messages are `Clone`, it has not gone to
    /// the handler yet, and it is one message, or a stream that a generated client or a channel sends.
    #[must_use]
    pub fn can_resend(&self) -> bool {
        matches!((&self.abilities.resend, &self.message), (Some(_), Some(_)))
    }

    /// A copy of the request, metadata and extensions included, to send it once more after
    /// [`Next::run`](crate::Next::run) has used up the original. `None` where
    /// [`can_resend`](Self::can_resend) is false, and for a request of more than 256 KiB that would
    /// have to be kept until it is known whether it has to be sent again.
    #[must_use]
    pub fn copy_request(&mut self) -> Option<Request<Req>> {
        let message = self.copy_message(DEFAULT_BUFFER_SIZE)?;
        let (metadata, extensions) = (self.details.metadata(), self.details.extensions());
        Some(Request::from_parts(
            metadata.clone(),
            extensions.clone(),
            message,
        ))
    }

    /// What is needed to send the request once more, in little space: it is moved about in every call, and
    /// used in few.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn keep(&mut self, limit: usize) -> Option<Kept<Req>> {
        let message = self.copy_message(limit)?;
        Some(Kept {
            message,
            head: KeptHead::of(&self.details),
        })
    }

    /// The message, unless more than so many bytes would have to be kept for it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn copy_message(&mut self, limit: usize) -> Option<Req> {
        let (Some(resend), Some(message)) = (self.abilities.resend, &mut self.message) else {
            return None;
        };
        match self.abilities.size_of {
            Some(size_of) if size_of(message) > limit => None,
            _ => (resend.copy)(message, limit),
        }
    }

    /// Whether a copy is still all of the request: of a stream too much may have been sent
    /// meanwhile to be kept.
    pub(crate) fn is_whole(&self, kept: &Kept<Req>) -> bool {
        match self.abilities.resend {
            Some(resend) => (resend.is_whole)(&kept.message),
            None => false,
        }
    }

    /// Makes sure that a copy stays all of the request while it waits to be sent: from now on the
    /// attempt before takes nothing any more, which is why this comes when it is certain that another
    /// one follows. `None` where it is not all of it any more.
    pub(crate) fn taken_over(&self, mut kept: Kept<Req>) -> Option<Kept<Req>> {
        let begin = self.abilities.resend?.begin;
        begin(&mut kept.message).then_some(kept)
    }

    /// Whether all of the request is here, so that it can be sent several times at once.
    pub(crate) fn is_complete(&mut self) -> bool {
        match (self.abilities.resend, self.message.as_mut()) {
            (Some(resend), Some(message)) => (resend.is_complete)(message, DEFAULT_BUFFER_SIZE),
            _ => false,
        }
    }

    /// One of several attempts of this call, with its own request.
    pub(crate) fn fork(&self, request: Request<Req>, attempt: u32) -> Self {
        let (metadata, extensions, message) = request.into_parts();
        Self {
            details: self.details.fork(metadata, extensions, attempt),
            message: Some(message),
            abilities: self.abilities,
            received: self.received.clone(),
            layers: Layers::default(),
        }
    }

    /// The attempt that counts.
    pub(crate) fn adopt(&mut self, mut attempt: Self, attempts: u32) {
        self.details.request = None;
        self.message = None;
        self.details.attempt = attempts;
        self.details.answered = attempt.details.answered;
        self.details.sent = attempt.details.sent;
        if let Some(id) = attempt.details.path.request_id.take() {
            self.details.set_request_id(id);
        }
        // One that was set further in holds for the response too.
        self.details.deadline = std::mem::take(&mut attempt.details.deadline);
        self.received = attempt.received.take();
        self.layers = std::mem::take(&mut attempt.layers);
    }

    /// Makes the call ready for its next attempt with this request.
    ///
    /// Whoever watches a response stream of the attempt before is told that it was cancelled.
    pub fn next_attempt(&mut self, request: Request<Req>) {
        self.details.count_attempt();
        self.start_over(request);
    }

    /// Sends what was kept instead of what is gone, as part of the same attempt.
    pub(crate) fn resume(&mut self, kept: Kept<Req>) {
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

    /// Counts the messages of a request stream, from the first observer on.
    pub(crate) fn count_received(&mut self) {
        if let (Some(count), None) = (self.abilities.count, &self.received) {
            let received = self.details.counter();
            self.received = Some(received.clone());
            if let Some(stream) = self.message.take() {
                self.message = Some(count(stream, received));
            }
        }
    }

    /// A request stream that may be cut off has to be looked at, whether or not anybody observes it.
    #[cfg(feature = "server")]
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn notice_cancellation(&mut self) {
        if self.abilities.count.is_some() && self.details.may_be_cancelled() {
            self.count_received();
        }
    }

    /// From now on nobody waits longer than that for a message of a request stream.
    pub(crate) fn bound_gaps(&mut self, idle: Duration) {
        self.count_received();
        if let Some(received) = &self.received {
            received.bound_gaps(idle);
        }
    }

    /// What observers need of it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn parts(&mut self) -> Parts<'_> {
        Parts {
            details: &self.details,
            received: &self.received,
            layers: &mut self.layers,
        }
    }

    /// Puts a layer around the response stream that is on its way out.
    pub(crate) fn push_layer(&mut self, layer: impl Layer) {
        self.layers.push(layer, Instant::now());
    }

    /// The layers of the response that leaves the chain now.
    pub(crate) fn take_watch(&mut self) -> Option<StreamWatch> {
        if self.layers.is_empty() {
            return None;
        }
        let layers = std::mem::take(&mut self.layers);
        let (messages, attempts) = (self.parts().request_messages(), self.details.attempt);
        let path = &self.details.path;
        Some(StreamWatch::new(path, messages, attempts, layers))
    }

    /// Why there is nothing to send, as far as that is known.
    #[cfg(feature = "client")]
    #[inline]
    pub(crate) fn refusal(&self) -> Option<Status> {
        if self.message.is_none() {
            return Some(gone());
        }
        let is_over = self.details.known_deadline()? <= lately();
        is_over.then(deadline::exceeded)
    }

    /// What an attempt sends: the request, with what is left of the time.
    #[cfg(feature = "client")]
    #[inline]
    pub(crate) fn outgoing_request(&mut self) -> Result<Request<Req>, Status> {
        let deadline = self.details.known_deadline();
        let mut request = self.take_request()?;
        if let Some(resend) = self.abilities.resend
            && !(resend.begin)(request.get_mut())
        {
            return Err(cut());
        }
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(lately());
            if left.is_zero() {
                return Err(deadline::exceeded());
            }
            let headers = request.metadata_mut().as_mut();
            headers.insert(deadline::GRPC_TIMEOUT.clone(), deadline::format(left));
        }
        Ok(request)
    }

    /// What the handler is called with.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_request(&mut self) -> Result<Request<Req>, Status> {
        let Some(message) = self.message.take() else {
            return Err(gone());
        };
        let (metadata, extensions) = self.details.take_head();
        self.details.sent = true;
        Ok(Request::from_parts(metadata, extensions, message))
    }
}

impl<M: Send + 'static> Call<Streaming<M>> {
    /// Looks at each message of the request stream when the handler takes it. The handler's signature stays
    /// what it is. An error ends the stream with its status, and the handler is not given the message.
    ///
    /// Whoever is further out looks first, and those further in see what it made of the message. Nothing is decoded or encoded again; the stream is rebuilt around the one that
    /// it was, which allocates at most 5 times for the call and not for each message, and ends after its first error.
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

/// For a copy that an interceptor has made by itself: the end of it would look like the end of all.
#[cfg(feature = "client")]
#[cold]
fn cut() -> Status {
    Status::internal("too much of this request has been sent already for it to be sent again")
}

#[cold]
fn gone() -> Status {
    Status::internal("an interceptor called `next` again, and this request cannot be sent twice")
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

/// Names only: the message and the metadata may hold secrets.
impl<Req> fmt::Debug for Call<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("details", &self.details)
            .finish_non_exhaustive()
    }
}
