use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Request, Status};

use super::client::ClientAddress;
use super::facts::{Facts, Lookup};
use super::id::RequestId;
use super::kept::KeptHead;
use super::kind::{Kind, Side};
use super::name::CallName;
use super::plan::MethodPlan;
use super::received::Received;
use super::secrets::hide;
use super::time::{Bounds, Deadline, may_be_inherited};

mod mark;

#[cfg(feature = "server")]
pub(crate) use mark::Mark;
pub(crate) use mark::Part;
pub use mark::has_passed;

/// Replaces metadata and extensions once the request has gone to the handler.
static EMPTY: LazyLock<Request<()>> = LazyLock::new(|| Request::new(()));

/// The deadline ends the call and its response stream. The value is the longest wait for a message of the stream in
/// nanoseconds: half the size of a `Duration`, because calls are moved.
#[derive(Clone, Copy)]
struct Bounded(NonZeroU64);

impl Bounded {
    /// No limit for a single message.
    const NOT_IDLE: NonZeroU64 = NonZeroU64::MAX;

    fn new(idle: Option<Duration>) -> Self {
        let nanos = |idle: Duration| u64::try_from(idle.as_nanos()).unwrap_or(u64::MAX);
        Self(idle.map_or(Self::NOT_IDLE, |idle| {
            NonZeroU64::new(nanos(idle)).unwrap_or(NonZeroU64::MIN)
        }))
    }

    fn idle(self) -> Option<Duration> {
        (self.0 != Self::NOT_IDLE).then(|| Duration::from_nanos(self.0.get()))
    }
}

/// The state of an attempt in one byte, because calls are moved.
#[derive(Clone, Copy)]
struct AttemptState(u8);

impl AttemptState {
    const NEW: Self = Self(0);
    /// The attempt reached the end of the chain: the handler, or the transport, even if the transport failed.
    const SENT: Self = Self(1);
    /// The attempt panicked, and the panic was caught.
    const PANICKED: Self = Self(2);
    /// This attempt or an earlier one was sent.
    const ONE_WAS_SENT: Self = Self(4);

    fn is(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    fn set(&mut self, what: Self) {
        self.0 |= what.0;
    }

    /// The state for the attempt that follows.
    fn next(self) -> Self {
        Self(self.0 & Self::ONE_WAS_SENT.0)
    }
}

/// The part of a call that does not depend on its message.
///
/// [`Call`](crate::Call) dereferences to it. (Python's grpcio has `grpc.HandlerCallDetails` for this.)
///
/// Metadata and extensions are those of the request. The handler takes them with the request, and then they are empty here. So read what you need
/// before [`Next::run`](crate::Next::run). The names, the kind, the side and the attempt stay.
pub struct CallDetails {
    /// Holds the metadata and the extensions. It is a request because tonic reads the peer from one.
    request: Option<Request<()>>,
    name: CallName,
    attempt: u32,
    /// The handler has answered this attempt, or the server has begun to.
    answered: bool,
    attempt_state: AttemptState,
    deadline: Deadline,
    bounded: Option<Bounded>,
    /// Which entries of the list apply.
    part: Part,
    /// Whether the connection is plaintext, if known.
    is_plaintext: Option<bool>,
    facts: &'static Lookup,
}

// Code that does not depend on the message belongs here, not in `Call`. Without optimization it is then compiled once,
// not for each method.
impl CallDetails {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn new(name: CallName, head: Request<()>, deadline: Deadline, facts: &'static Lookup) -> Self {
        Self {
            name,
            request: Some(head),
            attempt: 1,
            answered: false,
            attempt_state: AttemptState::NEW,
            deadline,
            bounded: None,
            part: Part::All,
            is_plaintext: None,
            facts,
        }
    }

    /// A received call.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn received<F: Facts>(plan: &'static MethodPlan, head: Request<()>) -> Self {
        let name = CallName::received(plan, F::path(head.extensions()));
        let mut details = Self::received_as::<F>(name, head);
        details.begin_time();
        details
    }

    /// A received call whose names are known. `begin_time` is separate: a call that is built in place in one step is
    /// not moved.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn received_as<F: Facts>(name: CallName, head: Request<()>) -> Self {
        Self::new(name, head, Deadline::default(), Lookup::of::<F>())
    }

    /// Starts the caller's timeout. It runs while outer interceptors wait.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn begin_time(&mut self) {
        if self.plan().keeps_time() {
            self.settle_deadline();
        }
    }

    /// A call to be sent.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn outgoing(
        name: CallName,
        metadata: MetadataMap,
        extensions: Extensions,
        deadline: Deadline,
    ) -> Self {
        let head = Request::from_parts(metadata, extensions, ());
        Self::new(name, head, deadline, Lookup::of::<()>())
    }

    /// The names of the call.
    #[doc(hidden)]
    #[must_use]
    pub fn name(&self) -> &CallName {
        &self.name
    }

    /// The full path, such as `/user.v1.UserService/Login`.
    ///
    /// Behind tonic's router this is the path as it came over the wire. If the call did not come through the router, for example in a test that calls
    /// the method, it is the path that the attribute knows; see [`MethodPlan::is_derived`]. The same is true if a handler passes its own request to
    /// another method. There is one exception: if it passes the request to a method of the same name in another service, that service's name must be
    /// known to the attribute (`service = …`). Otherwise this is still the path of the first call. So give `service` if you decide by the path.
    #[must_use]
    pub fn path(&self) -> &str {
        self.name.path()
    }

    /// The full name of the service, such as `user.v1.UserService`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.name.service()
    }

    /// The name of the RPC, such as `Login`.
    #[must_use]
    pub fn method(&self) -> &str {
        self.name.method()
    }

    /// Which of the four kinds of RPC this is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.name.kind()
    }

    /// Whether the call was received or is being made.
    #[must_use]
    pub fn side(&self) -> Side {
        self.name.side()
    }

    /// The policy that the attribute gave this method.
    #[must_use]
    pub fn plan(&self) -> &'static MethodPlan {
        self.name.plan()
    }

    /// The ID of the call. `None` before the call has reached `request_id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.name.request_id()
    }

    /// Gives the call its ID.
    #[doc(hidden)]
    pub fn set_request_id(&mut self, id: RequestId) {
        self.name.set_request_id(id);
    }

    /// Adds the call's ID to a response that does not pass the interceptor that gave the ID.
    #[doc(hidden)]
    #[cold]
    pub fn name_answer(&self, status: &mut Status) {
        if let Some(id) = self.request_id()
            && let Some(header) = id.header()
        {
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

    /// The request's metadata, for changes that inner interceptors and the handler then see.
    #[inline]
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        self.request_mut().metadata_mut()
    }

    /// Marks metadata that is usually secret, and the values of `key`, so that `Debug` output does not show them.
    #[doc(hidden)]
    pub fn hide(&mut self, key: Option<&'static str>) {
        hide(self.metadata_mut().as_mut(), key);
    }

    /// The request's extensions, which the server and outer interceptors may have set.
    #[must_use]
    #[inline]
    pub fn extensions(&self) -> &Extensions {
        match &self.request {
            Some(request) => request.extensions(),
            None => EMPTY.extensions(),
        }
    }

    /// The request's extensions, to pass values to inner interceptors and to the handler.
    #[inline]
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        self.request_mut().extensions_mut()
    }

    /// The address of the peer. `None` if the transport has none. With feature `server` it is known behind tonic's server, and with feature `axum`
    /// also behind `axum::serve` with `into_make_service_with_connect_info::<SocketAddr>()`.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        (self.facts.peer)(self.request.as_ref()?)
    }

    /// The address of the caller, as `client_ip` found it. It is known after `client_ip` in the list, and in services behind a server's struct that
    /// lists `client_ip`. `None` elsewhere, and if the peer has no address.
    ///
    /// An IPv4-mapped IPv6 address is returned as an IPv4 address.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        let of_name = self.name.client_ip();
        of_name.or_else(|| self.client()?.address())
    }

    /// What is known about the caller's address. `None` once the request has gone to the handler.
    #[doc(hidden)]
    #[must_use]
    pub fn client(&self) -> Option<&ClientAddress> {
        self.extensions().get::<ClientAddress>()
    }

    /// The network that counts as one caller.
    #[doc(hidden)]
    #[must_use]
    pub fn client_network(&self) -> Option<(IpAddr, u8)> {
        self.client()?.network()
    }

    /// Stores the result of the search for the caller's address.
    #[doc(hidden)]
    pub fn set_client(&mut self, client: ClientAddress) {
        self.name.set_client_ip(client.address());
        self.extensions_mut().insert(client);
    }

    /// When the caller stops waiting, from the `grpc-timeout` of the request. The time is counted from the first call of this method; if the list has
    /// `timeout`, from the arrival of the call. `None` if the caller set no deadline or a malformed one.
    ///
    /// There may be other deadlines: that of `timeout` on a service, that of `deadline` on a client, and the remaining deadline of the handler that
    /// makes this call. The earliest of them is returned.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline.get(self.metadata())
    }

    /// The bounds of the response stream that now leaves the chain.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_bounds(&mut self) -> Option<Bounds> {
        let bounded = self.bounded.take()?;
        Some(Bounds::new(self.known_deadline(), bounded.idle()))
    }

    /// Makes the deadline end the call and its response stream. Each message of the stream has to arrive within `idle`.
    #[doc(hidden)]
    pub fn bound(&mut self, idle: Option<Duration>) {
        self.bounded = Some(Bounded::new(idle));
    }

    /// Whether [`bound`](Self::bound) was called.
    #[doc(hidden)]
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.bounded.is_some()
    }

    /// The time until the [`deadline`](Self::deadline). Zero if it has passed, `None` if there is none.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        let at = self.deadline()?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// The deadline, if it was read or set before.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn known_deadline(&self) -> Option<Instant> {
        self.deadline.peek()
    }

    /// Whether the deadline ends this call and has passed.
    pub(crate) fn has_run_out(&self) -> bool {
        let is_over = |at| at <= Instant::now();
        (self.bounded.is_some() || self.side() == Side::Client)
            && self.known_deadline().is_some_and(is_over)
    }

    /// Whether this attempt has panicked, and an inner interceptor caught that.
    #[doc(hidden)]
    #[must_use]
    pub fn has_panicked(&self) -> bool {
        self.attempt_state.is(AttemptState::PANICKED)
    }

    /// Marks this attempt as panicked. Observers get [`Outcome::Panicked`](crate::Outcome::Panicked) if it ends with
    /// `INTERNAL`.
    #[doc(hidden)]
    pub fn set_panicked(&mut self) {
        self.attempt_state.set(AttemptState::PANICKED);
    }

    /// The same as [`deadline`](Self::deadline).
    #[inline]
    #[doc(hidden)]
    pub fn settle_deadline(&mut self) -> Option<Instant> {
        let metadata = match &self.request {
            Some(request) => request.metadata(),
            None => EMPTY.metadata(),
        };
        self.deadline.settle(metadata)
    }

    /// Sets a deadline, unless there is an earlier one.
    #[doc(hidden)]
    pub fn limit_deadline(&mut self, at: Instant) {
        let deadline = self.settle_deadline();
        self.deadline
            .set(deadline.map_or(at, |deadline| deadline.min(at)));
    }

    /// Whether the response of this attempt has begun: the handler has returned `Ok`, or the server has sent response headers, even if an error
    /// followed. The server may then have done the work, so do not send the request again.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.answered
    }

    /// Sets whether the handler has answered this attempt, or the server has begun to.
    #[doc(hidden)]
    pub fn set_answered(&mut self, answered: bool) {
        self.answered = answered;
    }

    /// For a transport that knows whether the response has begun before it has the response.
    #[doc(hidden)]
    pub fn answered_mut(&mut self) -> &mut bool {
        &mut self.answered
    }

    /// Whether this attempt reached the end of the chain. If not, its status is not the server's.
    pub(crate) fn is_sent(&self) -> bool {
        self.attempt_state.is(AttemptState::SENT)
    }

    /// Marks the attempt as having reached the end of the chain.
    #[doc(hidden)]
    pub fn set_sent(&mut self) {
        self.attempt_state.set(AttemptState::SENT);
        self.attempt_state.set(AttemptState::ONE_WAS_SENT);
    }

    /// Whether any attempt reached the end of the chain. If not, the call has had no effect.
    #[cfg(feature = "client")]
    pub(crate) fn one_was_sent(&self) -> bool {
        self.attempt_state.is(AttemptState::ONE_WAS_SENT)
    }

    #[doc(hidden)]
    pub fn set_one_was_sent(&mut self) {
        self.attempt_state.set(AttemptState::ONE_WAS_SENT);
    }

    /// Whether the connection is plaintext, if known.
    #[doc(hidden)]
    #[must_use]
    pub fn is_plaintext(&self) -> Option<bool> {
        self.is_plaintext
    }

    /// Sets whether the connection is plaintext, if known.
    #[doc(hidden)]
    pub fn set_plaintext(&mut self, is_plaintext: Option<bool>) {
        self.is_plaintext = is_plaintext;
    }

    #[inline]
    pub(crate) fn take_head(&mut self) -> (MetadataMap, Extensions) {
        match self.request.take() {
            Some(request) => {
                let (metadata, extensions, ()) = request.into_parts();
                (metadata, extensions)
            }
            None => Default::default(),
        }
    }

    /// A parallel attempt of this call.
    pub(crate) fn fork(&self, metadata: MetadataMap, extensions: Extensions, attempt: u32) -> Self {
        let (name, deadline) = (self.name.clone(), self.deadline.clone());
        let head = Request::from_parts(metadata, extensions, ());
        let mut fork = Self::new(name, head, deadline, self.facts);
        fork.attempt = attempt;
        fork.is_plaintext = self.is_plaintext;
        fork
    }

    /// Takes over the state of the parallel attempt that won.
    pub(crate) fn adopt(&mut self, attempt: &mut Self, attempts: u32) {
        self.request = None;
        self.attempt = attempts;
        self.answered = attempt.answered;
        let before = self.attempt_state.next();
        self.attempt_state = attempt.attempt_state;
        self.attempt_state.set(before);
        if let Some(id) = attempt.request_id() {
            self.name.set_request_id(id.clone());
        }
        if let found @ Some(_) = attempt.name.client_ip() {
            self.name.set_client_ip(found);
        }
        // A deadline that an inner interceptor set also applies to the response.
        self.deadline = std::mem::take(&mut attempt.deadline);
    }

    /// The counter of the request stream's messages.
    pub(crate) fn counter(&self) -> Received {
        Received::watching((self.facts.cut_off)(self.extensions()).cloned())
    }

    /// Whether the transport reports that the request stream is cut off.
    #[inline]
    pub(crate) fn may_be_cut_off(&self) -> bool {
        (self.facts.cut_off)(self.extensions()).is_some()
    }

    /// The deadline that the handler's calls may inherit.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn inheritable_deadline(&mut self) -> Option<Instant> {
        match may_be_inherited() {
            true => self.settle_deadline(),
            false => None,
        }
    }

    /// Lends everything to the part of the list that looks at messages. Values that can be copied also stay here.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn lend(&mut self) -> Self {
        Self {
            request: self.request.take(),
            name: self.name.take(),
            attempt: self.attempt,
            answered: self.answered,
            attempt_state: self.attempt_state,
            deadline: std::mem::take(&mut self.deadline),
            bounded: self.bounded.take(),
            part: self.part,
            is_plaintext: self.is_plaintext,
            facts: self.facts,
        }
    }

    /// Takes the loan back.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn take_back(&mut self, lent: &mut Self) {
        if lent.request.is_some() {
            self.request = lent.request.take();
        }
        self.name.take_back(&mut lent.name);
        self.attempt = lent.attempt;
        self.answered = lent.answered;
        self.attempt_state = lent.attempt_state;
        self.deadline = std::mem::take(&mut lent.deadline);
        self.bounded = lent.bounded.take();
        self.is_plaintext = lent.is_plaintext;
    }

    /// Replaces the request that was used up.
    pub(crate) fn start_over(&mut self, metadata: MetadataMap, extensions: Extensions) {
        self.request = Some(Request::from_parts(metadata, extensions, ()));
        self.answered = false;
        self.attempt_state = self.attempt_state.next();
    }

    pub(crate) fn resume(&mut self, kept: KeptHead) {
        let (metadata, extensions) = kept.into_parts();
        self.start_over(metadata, extensions);
    }

    /// Counts another attempt.
    #[doc(hidden)]
    pub fn count_attempt(&mut self) {
        self.attempt += 1;
    }

    /// 1 for the first attempt, 2 for the first retry, and so on.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Prints names only: metadata and extensions may hold secrets.
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
