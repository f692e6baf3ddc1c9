use std::cell::LazyCell;
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tonic::{Response, Status};
use tracing::Level;

use super::level::{client_level, server_level};
use super::peer::{Client, Peer};
use crate::core::behind::look;
use crate::core::chain::Watch;
use crate::core::either::Either;
use crate::core::frame::{Looks, Opaque, Seen, Way};
use crate::core::id::RequestId;
use crate::core::layer::ObserverLayer;
use crate::core::plan::{Setting, Value};
use crate::kit::code_names::code_name;
use crate::kit::level;
use crate::{Call, CallDetails, End, Interceptor, Kind, Next, Observer, Side};

/// Logs each call at its true end: the interceptor behind `logging`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.logging)`, or to test other
/// interceptors together with it.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::logging::Logging;
///
/// const LOGGING: Logging = Logging::new().slow(Duration::from_secs(2));
/// # let _ = LOGGING;
/// ```
///
/// # Default
///
/// - level: `INFO`
/// - slow: 500 ms
#[derive(Debug, Clone)]
pub struct Logging {
    level: Level,
    slow: Duration,
}

impl Logging {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            level: Level::INFO,
            slow: Duration::from_millis(500),
        }
    }

    /// The default on a client: the same, at level `DEBUG`.
    #[must_use]
    pub const fn client() -> Self {
        Self::new().level(Level::DEBUG)
    }

    /// The level of calls that end with a usual status, such as `OK`; see the [module documentation](super#the-levels).
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// A unary call that takes longer is logged at `WARN` at least, with `slow = true`. Streaming calls are never slow.
    ///
    /// # Panics
    ///
    /// If it is zero. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn slow(mut self, slow: Duration) -> Self {
        assert!(!slow.is_zero(), "[I0402] `slow` must be longer than zero");
        self.slow = slow;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 2] {
        [
            Setting::new("level", level::shown(self.level)),
            Setting::new("slow", Value::Duration(self.slow)),
        ]
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self::new()
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Logging {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        LoggingWith::new(self).intercept(call, next).await
    }
}

/// The interceptor that the attribute makes from the settings and the setting `fields`.
#[doc(hidden)]
pub struct LoggingWith<'a, F = NoFields> {
    config: &'a Logging,
    fields: F,
}

impl<'a> LoggingWith<'a> {
    /// Logs calls.
    #[must_use]
    pub const fn new(config: &'a Logging) -> Self {
        Self {
            config,
            fields: NoFields,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn with_look(self, entry: usize) -> LoggingWith<'a, Look> {
        LoggingWith {
            config: self.config,
            fields: Look(entry),
        }
    }

    #[doc(hidden)]
    pub fn with_fields<F>(self, fields: F) -> LoggingWith<'a, F> {
        LoggingWith {
            config: self.config,
            fields,
        }
    }
}

impl<F> fmt::Debug for LoggingWith<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logging")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The setting `fields`: takes values from a request, to log them at the end.
#[doc(hidden)]
pub trait Fields<Req>: Send + Sync {
    type Captured: FnOnce(&Finish<'_>) + Send + 'static;

    fn capture<Res>(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Option<Self::Captured>;
}

impl<Req, F, C> Fields<Req> for F
where
    F: Fn(&Req) -> C + Send + Sync,
    C: FnOnce(&Finish<'_>) + Send + 'static,
{
    type Captured = C;

    fn capture<Res>(&self, call: &mut Call<Req>, _: &mut impl Next<Req, Res>) -> Option<C> {
        call.message().map(self)
    }
}

/// Takes the fields with a look at the message in a frame.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Look(usize);

/// Type-erases the closure of each method. `None` if no subscriber is interested.
type Captured = Box<dyn FnOnce(&Finish<'_>) + Send>;

impl Fields<Opaque> for Look {
    type Captured = Captured;

    fn capture<Res>(
        &self,
        call: &mut Call<Opaque>,
        next: &mut impl Next<Opaque, Res>,
    ) -> Option<Captured> {
        let mut captured = None::<Captured>;
        // A look for fields rejects nothing.
        let _ = look(self.0, call, next, Way::In, &mut captured);
        captured
    }
}

#[doc(hidden)]
impl<F, M, B> Looks<M, B> for LoggingWith<'_, F>
where
    F: Fn(&M) -> F::Captured + Fields<M>,
{
    fn look(&self, seen: Seen<'_, M, B>) -> Result<(), Status> {
        if let (Some(taken), Some(request)) = (seen.look.taken.downcast_mut(), seen.request) {
            *taken = Some(Box::new((self.fields)(request)) as Captured);
        }
        Ok(())
    }
}

/// No additional fields.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct NoFields;

impl<Req> Fields<Req> for NoFields {
    type Captured = fn(&Finish<'_>);

    fn capture<Res>(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, Res>,
    ) -> Option<fn(&Finish<'_>)> {
        None
    }
}

/// In its own function, so that it is compiled once and not for each message.
fn emit(finish: &Finish<'_>) {
    crate::__finish_event!(finish, {});
}

/// The values of a finish event.
#[doc(hidden)]
#[derive(Debug)]
pub struct Finish<'a> {
    pub level: Level,
    pub component: &'static str,
    pub service: &'a str,
    pub method: &'a str,
    pub method_type: Option<&'static str>,
    pub peer: Option<tracing::field::DisplayValue<Peer>>,
    pub client: Option<tracing::field::DisplayValue<Client>>,
    pub code: &'static str,
    pub error: Option<&'a str>,
    pub time_ms: f64,
    pub msgs_received: Option<u64>,
    pub msgs_sent: Option<u64>,
    pub attempts: Option<u32>,
    pub outcome: &'static str,
    pub slow: Option<bool>,
    pub request_id: Option<&'a str>,
}

/// Emits the finish event at its level, with the additional fields first.
#[doc(hidden)]
#[macro_export]
macro_rules! __finish_event {
    ($finish:expr, { $($fields:tt)* }) => {{
        let finish: &$crate::logging::Finish<'_> = $finish;
        match finish.level {
            $crate::tracing::Level::ERROR => {
                $crate::__finish_event!(@ERROR finish { $($fields)* })
            }
            $crate::tracing::Level::WARN => {
                $crate::__finish_event!(@WARN finish { $($fields)* })
            }
            $crate::tracing::Level::INFO => {
                $crate::__finish_event!(@INFO finish { $($fields)* })
            }
            $crate::tracing::Level::DEBUG => {
                $crate::__finish_event!(@DEBUG finish { $($fields)* })
            }
            $crate::tracing::Level::TRACE => {
                $crate::__finish_event!(@TRACE finish { $($fields)* })
            }
        }
    }};
    (@$level:ident $finish:ident { $($fields:tt)* }) => {
        $crate::tracing::event!(
            target: "interceptors::logging",
            $crate::tracing::Level::$level,
            protocol = "grpc",
            grpc.component = $finish.component,
            grpc.service = $finish.service,
            grpc.method = $finish.method,
            grpc.method_type = $finish.method_type,
            peer.address = $finish.peer,
            client.address = $finish.client,
            grpc.code = $finish.code,
            grpc.error = $finish.error,
            grpc.time_ms = $finish.time_ms,
            grpc.msgs_recv = $finish.msgs_received,
            grpc.msgs_sent = $finish.msgs_sent,
            grpc.attempts = $finish.attempts,
            outcome = $finish.outcome,
            slow = $finish.slow,
            request_id = $finish.request_id,
            $($fields)*
            "finished call"
        )
    };
}

struct Record<C> {
    level: Level,
    /// In nanoseconds: half the size of a `Duration`, because the future of each call has space for it.
    slow: u64,
    peer: Option<SocketAddr>,
    /// The address when the call arrives. `client_ip` may be listed further in.
    client: Option<IpAddr>,
    captured: Option<C>,
}

impl<C: FnOnce(&Finish<'_>) + Send + 'static> Observer for Record<C> {
    fn end(self, end: &End<'_>) {
        let slow = end.kind() == Kind::Unary && end.elapsed() > Duration::from_nanos(self.slow);
        let level = match end.side() {
            Side::Server => server_level(end.code(), self.level),
            Side::Client => client_level(end.code(), self.level),
        };
        let requests = end.kind().request_is_stream();
        let requests = requests.then(|| end.known_request_messages()).flatten();
        let responses = end.kind().response_is_stream().then_some(end.messages());
        let (msgs_received, msgs_sent) = match end.side() {
            Side::Server => (requests, responses),
            Side::Client => (responses, requests),
        };
        let names = end.name().names();
        let client = end.client_ip().or(self.client);
        let finish = Finish {
            // `Level`s are ordered by verbosity.
            level: if slow { level.min(Level::WARN) } else { level },
            component: end.side().as_str(),
            service: names.service,
            method: names.method,
            // A channel does not know the kind.
            method_type: end.knows_kind().then_some(end.kind().as_str()),
            peer: self.peer.map(Peer).map(tracing::field::display),
            client: client.map(Client).map(tracing::field::display),
            code: code_name(end.code()),
            error: end.status().map(Status::message),
            // Rounded to microseconds: more digits are noise.
            time_ms: (end.elapsed().as_secs_f64() * 1e6).round() / 1e3,
            msgs_received,
            msgs_sent,
            attempts: (end.side() == Side::Client).then_some(end.attempts()),
            outcome: end.outcome().as_str(),
            slow: slow.then_some(true),
            request_id: end.request_id().map(RequestId::as_str),
        };
        match self.captured {
            Some(emit) => emit(&finish),
            None => emit(&finish),
        }
    }
}

impl<F, Req, Res> Interceptor<Req, Res> for LoggingWith<'_, F>
where
    F: Fields<Req>,
    Req: Send,
    Res: Send,
{
    fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        if !has_subscriber() {
            return Either::Left {
                future: next.run(call),
            };
        }
        let future = async move {
            let record = self.start(call, next);
            // As `Next::observe`, without moving its future.
            let watch = Watch::new(call, ObserverLayer::new(record));
            let result = next.run(watch.call).await;
            watch.settle(result.as_ref().err());
            result
        };
        Either::Right { future }
    }
}

impl<F> LoggingWith<'_, F> {
    /// In its own function and cold, so that calls without a subscriber do not pay for it.
    #[cold]
    fn start<Req, Res>(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Record<F::Captured>
    where
        F: Fields<Req>,
    {
        announce(call);
        Record {
            level: self.config.level,
            slow: u64::try_from(self.config.slow.as_nanos()).unwrap_or(u64::MAX),
            peer: call.peer(),
            client: call.client_ip(),
            captured: self.fields.capture(call, next),
        }
    }
}

/// A subscriber that is interested in any level is interested in errors.
fn has_subscriber() -> bool {
    tracing::event_enabled!(target: "interceptors::logging", Level::ERROR)
}

fn announce(call: &CallDetails) {
    // Fields are evaluated only for a subscriber. The path is split only then.
    let names = LazyCell::new(|| call.name().names());
    let request_id = call.request_id().map(RequestId::as_str);
    tracing::event!(
        target: "interceptors::logging",
        Level::DEBUG,
        protocol = "grpc",
        grpc.component = call.side().as_str(),
        grpc.service = names.service,
        grpc.method = names.method,
        grpc.method_type = call.plan().knows_kind().then_some(call.kind().as_str()),
        peer.address = call.peer().map(Peer).map(tracing::field::display),
        client.address = call.client_ip().map(Client).map(tracing::field::display),
        request_id = request_id,
        "started call"
    );
}
