//! `metrics`: counts and times calls, by method and status code, for OpenTelemetry or Prometheus.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(metrics)]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         Ok(Response::new(User { id: request.get_ref().id, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let user = Users.get_user(Request::new(GetUserRequest { id: 7 })).await;
//! assert!(user.is_ok());
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`metrics`](crate::intercept#metrics).
//!
//! Each call is measured at its true end, with its final status. A streaming call is measured when its response stream ends, even if the stream
//! fails, is dropped, or the handler panics. There is one exception. If a client goes away half way through its request stream, the handler sees a
//! normal end of the stream. The call is then measured with the handler's status, unless the policy runs before
//! decoding, or the server has `server::RequestCancellationLayer`.
//!
//! # OpenTelemetry
//!
//! By default the metrics go to OpenTelemetry's global meter provider. They follow version 1.45.0 of its
//! [conventions for RPC](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-metrics/):
//!
//! | instrument | | unit |
//! | --- | --- | --- |
//! | `rpc.server.call.duration`, `rpc.client.call.duration` | histogram | `s` |
//! | `rpc.server.active_calls`, `rpc.client.active_calls` | up-down counter, not in the conventions | `{call}` |
//!
//! | attribute | |
//! | --- | --- |
//! | `rpc.system.name` | `grpc` |
//! | `rpc.method` | such as `user.v1.UserService/Login`. On a channel or a server's struct, names after the first [`MAX_METHODS`] are `_OTHER`. On a server's struct, names that no service has answered for are `_OTHER` too |
//! | `rpc.status_code` | such as `NOT_FOUND`; only on the duration |
//! | `error.type` | the status code again, if the conventions call it an error: on a client all codes except `OK`; on a service `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS` |
//!
//! Set the global provider (`opentelemetry::global::set_meter_provider`) before the first call, because OpenTelemetry's instruments keep the provider
//! with which they were made. To use your own meter, for example in tests, keep a [`Recorder`] in a field and write
//! `metrics(recorder = self.recorder)`.
//!
//! # Prometheus
//!
//! With feature `prometheus`, [`Recorder::prometheus`] uses the names that dashboards for go-grpc-middleware expect: `grpc_server_started_total`,
//! `grpc_server_handled_total`, `grpc_server_msg_received_total`, `grpc_server_msg_sent_total` and `grpc_server_handling_seconds`.
//! `grpc_server_in_flight` is an addition of this crate. On a client the names begin with `grpc_client_`. The guide shows all steps, from the recorder
//! to a [dashboard](crate::guide::production#dashboards).
//!
//! The labels are `grpc_type`, `grpc_service` and `grpc_method`. `handled_total` also has `grpc_code`, in Go's spelling (`OK`, `NotFound`,
//! `Canceled`). On a channel, which does not know the kind of a call, `grpc_type` is `unknown`. Messages are counted when the call has ended.
//!
//! # On a server's struct
//!
//! Anybody can call any method name on a [server](crate::server). So a name gets its own series only when a service has answered for it. Before that,
//! calls that are rejected or that end with `UNIMPLEMENTED` count for the method `_OTHER`. The first call of a name that a service answers counts as
//! started when the response begins. With
//! [`descriptors`](crate::intercept#descriptors), the methods of the descriptor sets have series from the start.
//!
//! # Cost
//!
//! A series is looked up once for each method and status code, and then kept with the method. So for a call, this crate does not format or hash
//! labels. OpenTelemetry's SDK still looks up the attributes for each call. A channel gets the method's name from the call, and looks it up in a
//! table.
//!
//! # Order
//!
//! Before `retry` or `hedge`, `metrics` counts calls; after them, it counts attempts. If an earlier interceptor rejects a call, the call is not
//! measured. So `metrics` usually comes first.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use opentelemetry::metrics::Meter;
use opentelemetry::{InstrumentationScope, global};
use tonic::{Code, Response, Status};

use crate::core::name::{CallName, name_in};
use crate::kit::cut_off::CUT_OFF_IS_OK;
use crate::{Call, CallDetails, End, Interceptor, Kind, Next, Observer, Side};

mod otel;
#[cfg(feature = "prometheus")]
mod prom;

/// How many method names a [`Recorder`] tracks on a channel or a server's struct, where names are known only at run time. Further names are recorded
/// as `_OTHER`.
pub const MAX_METHODS: usize = 1024;

const OTHER: &str = "_OTHER";

/// The number of gRPC's status codes.
const CODES: usize = 17;

/// Receives the measurements, and passes them to OpenTelemetry or Prometheus. Clones share one recorder.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::metrics::Recorder;
///
/// #[intercept(metrics(recorder = self.recorder))]
/// struct Outbound {
///     recorder: Recorder,
/// }
///
/// let meter = opentelemetry::global::meter("users");
/// let outbound = Outbound { recorder: Recorder::new(&meter) };
/// # let _ = outbound.recorder;
/// ```
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    /// Identifies a recorder, even after it was dropped.
    id: u64,
    instruments: Instruments,
    /// Methods without a [`Series`] of their own, for each side.
    found: [Found; 2],
}

#[derive(Default)]
struct Found {
    /// By service and method.
    methods: RwLock<HashMap<Box<str>, Arc<Method>>>,
    others: OnceLock<Arc<Method>>,
}

enum Instruments {
    Otel(otel::Instruments),
    #[cfg(feature = "prometheus")]
    Prometheus(prom::Instruments),
}

impl Recorder {
    /// Records with this meter of OpenTelemetry.
    #[must_use]
    pub fn new(meter: &Meter) -> Self {
        Self::with(Instruments::Otel(otel::Instruments::new(meter)))
    }

    /// The default recorder of `metrics`: OpenTelemetry's global meter `interceptors`.
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: LazyLock<Recorder> = LazyLock::new(|| {
            let scope = InstrumentationScope::builder("interceptors")
                .with_version(env!("CARGO_PKG_VERSION"))
                .with_schema_url("https://opentelemetry.io/schemas/1.45.0")
                .build();
            Recorder::new(&global::meter_with_scope(scope))
        });
        &GLOBAL
    }

    /// Records in this Prometheus registry, with the names of go-grpc-middleware. Feature `prometheus`.
    ///
    /// A registry accepts each name only once, so make only one such recorder for each registry:
    ///
    /// ```
    /// use std::sync::LazyLock;
    ///
    /// use interceptors::intercept;
    /// use interceptors::metrics::Recorder;
    ///
    /// static METRICS: LazyLock<Recorder> = LazyLock::new(|| {
    ///     Recorder::prometheus(prometheus::default_registry()).expect("the names are free")
    /// });
    ///
    /// #[intercept(metrics(recorder = &*METRICS))]
    /// struct Outbound;
    /// ```
    ///
    /// # Errors
    ///
    /// If the registry already has one of the names.
    #[cfg(feature = "prometheus")]
    pub fn prometheus(registry: &prometheus::Registry) -> Result<Self, prometheus::Error> {
        let instruments = prom::Instruments::new(registry)?;
        Ok(Self::with(Instruments::Prometheus(instruments)))
    }

    fn with(instruments: Instruments) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(Arc::new(Shared {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            instruments,
            found: Default::default(),
        }))
    }

    fn method(&self, call: &CallDetails, series: &Series) -> Arc<Method> {
        let path = call.path();
        let (id, first) = series
            .0
            .get_or_init(|| (self.0.id, Arc::new(self.make(call.name()))));
        if *id == self.0.id && (*first.path == *path || name_in(&first.path) == name_in(path)) {
            return Arc::clone(first);
        }
        let name = name_in(path);
        let method = self.known(call.side(), name);
        method.unwrap_or_else(|| self.add(call.name(), name))
    }

    /// The series of a requested method, if the server is known to have it. The client chooses the name.
    fn known_method(&self, call: &CallDetails, series: &Series) -> Option<Arc<Method>> {
        let path = call.path();
        match series.0.get() {
            Some((id, first)) if *id == self.0.id && *first.path == *path => {
                Some(Arc::clone(first))
            }
            _ => self.known(call.side(), path),
        }
    }

    /// The series of a method by name. Used for channels, which have many methods in one place, and for further
    /// recorders in tests.
    fn known(&self, side: Side, name: &str) -> Option<Arc<Method>> {
        let known = &self.0.found[side as usize].methods;
        let known = known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned()
    }

    #[cold]
    fn add(&self, call: &CallName, name: &str) -> Arc<Method> {
        let Found { methods, .. } = &self.0.found[call.side() as usize];
        let mut methods = methods.write().unwrap_or_else(PoisonError::into_inner);
        if methods.len() >= MAX_METHODS && !methods.contains_key(name) {
            return self.others(call.side());
        }
        let method = methods
            .entry(name.into())
            .or_insert_with(|| Arc::new(self.make(call)));
        Arc::clone(method)
    }

    fn others(&self, side: Side) -> Arc<Method> {
        let others = self.0.found[side as usize].others.get_or_init(|| {
            let others = Name {
                side,
                kind: None,
                service: OTHER,
                method: OTHER,
            };
            Arc::new(self.make_named(OTHER, &others))
        });
        Arc::clone(others)
    }

    fn make(&self, call: &CallName) -> Method {
        let name = Name {
            side: call.side(),
            kind: call.plan().knows_kind().then_some(call.kind()),
            service: call.service(),
            method: call.method(),
        };
        self.make_named(call.path(), &name)
    }

    fn make_named(&self, path: &str, name: &Name<'_>) -> Method {
        Method {
            path: path.into(),
            side: name.side,
            measures: match &self.0.instruments {
                Instruments::Otel(instruments) => Measures::Otel(Box::new(instruments.of(name))),
                #[cfg(feature = "prometheus")]
                Instruments::Prometheus(instruments) => {
                    Measures::Prometheus(Box::new(instruments.of(name)))
                }
            },
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// The names of a method's series.
struct Name<'a> {
    side: Side,
    /// `None` on a channel.
    #[cfg_attr(not(feature = "prometheus"), allow(dead_code))]
    kind: Option<Kind>,
    service: &'a str,
    method: &'a str,
}

/// The series of one method.
struct Method {
    path: Box<str>,
    side: Side,
    measures: Measures,
}

enum Measures {
    Otel(Box<otel::Measures>),
    #[cfg(feature = "prometheus")]
    Prometheus(Box<prom::Measures>),
}

/// The values that are recorded at the end of a call.
struct Measured {
    code: Code,
    seconds: f64,
    #[cfg_attr(not(feature = "prometheus"), allow(dead_code))]
    requests: u64,
    #[cfg_attr(not(feature = "prometheus"), allow(dead_code))]
    responses: u64,
}

impl Method {
    fn start(&self) {
        match &self.measures {
            Measures::Otel(measures) => measures.start(),
            #[cfg(feature = "prometheus")]
            Measures::Prometheus(measures) => measures.start(),
        }
    }

    fn end(&self, call: &Measured) {
        match &self.measures {
            Measures::Otel(measures) => measures.end(self.side, call),
            #[cfg(feature = "prometheus")]
            Measures::Prometheus(measures) => measures.end(self.side, call),
        }
    }

    fn leave(&self) {
        match &self.measures {
            Measures::Otel(measures) => measures.leave(),
            #[cfg(feature = "prometheus")]
            Measures::Prometheus(measures) => measures.leave(),
        }
    }
}

/// Caches a method's series for the first recorder and path.
#[doc(hidden)]
pub struct Series(OnceLock<(u64, Arc<Method>)>);

#[doc(hidden)]
impl Series {
    #[must_use]
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").finish_non_exhaustive()
    }
}

/// The interceptor behind `metrics`. Only the attribute can make it, because it needs a `static` for each method.
#[doc(hidden)]
#[derive(Debug)]
pub struct Metrics<'a> {
    recorder: &'a Recorder,
    series: &'static Series,
}

impl<'a> Metrics<'a> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(recorder: &'a Recorder, series: &'static Series) -> Self {
        Self { recorder, series }
    }

    fn start(&self, call: &CallDetails) -> InFlight {
        let plan = call.plan();
        // The names of a descriptor set are known.
        let is_asked_for =
            plan.is_named_by_wire() && !plan.knows_kind() && call.side() == Side::Server;
        let method = match is_asked_for {
            false => self.recorder.method(call, self.series),
            true => match self.recorder.known_method(call, self.series) {
                Some(method) => method,
                None => {
                    return InFlight::UnconfirmedMethod(Arc::new(UnconfirmedMethod::new(
                        self, call,
                    )));
                }
            },
        };
        method.start();
        InFlight::Known(method)
    }
}

/// Counts a call as in flight until dropped.
enum InFlight {
    Known(Arc<Method>),
    UnconfirmedMethod(Arc<UnconfirmedMethod>),
}

impl Drop for InFlight {
    fn drop(&mut self) {
        match self {
            Self::Known(method) => method.leave(),
            Self::UnconfirmedMethod(unknown) => unknown.leave(),
        }
    }
}

impl Observer for InFlight {
    fn end(self, end: &End<'_>) {
        let measured = Measured {
            code: end.code(),
            seconds: end.elapsed().as_secs_f64(),
            requests: end.request_messages(),
            responses: end.messages(),
        };
        match &self {
            Self::Known(method) => method.end(&measured),
            Self::UnconfirmedMethod(unknown) => unknown.end(end, &measured),
        }
    }
}

/// A call to a server with a method name that no service has confirmed yet.
///
/// Clients can make up names, and each name would create a permanent series. So a name counts once a service has
/// answered for it. Until then the call is recorded without a method.
struct UnconfirmedMethod {
    recorder: Recorder,
    series: &'static Series,
    name: CallName,
    is_grpc: bool,
    method: Mutex<Learned>,
}

enum Learned {
    Nothing,
    Method(Arc<Method>),
    Over,
}

impl UnconfirmedMethod {
    #[cold]
    fn new(metrics: &Metrics<'_>, call: &CallDetails) -> Self {
        let content_type = call.metadata().get("content-type");
        Self {
            recorder: metrics.recorder.clone(),
            series: metrics.series,
            name: call.name().clone(),
            is_grpc: content_type.is_some_and(|it| it.as_bytes().starts_with(b"application/grpc")),
            method: Mutex::new(Learned::Nothing),
        }
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.method.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Confirms the name when a service answers, because a stream may go on for long.
    fn answered(&self) {
        let mut learned = self.learned();
        if self.is_grpc && matches!(*learned, Learned::Nothing) {
            *learned = Learned::Method(self.begin(true));
        }
    }

    fn begin(&self, is_known: bool) -> Arc<Method> {
        let method = match is_known {
            true => self.recorder.add(&self.name, self.name.path()),
            false => self.recorder.others(self.name.side()),
        };
        if is_known {
            let first = (self.recorder.0.id, Arc::clone(&method));
            let _ = self.series.0.set(first);
        }
        method.start();
        method
    }

    /// Whether some service has the method. Unknown if the call was rejected, unimplemented or cancelled.
    fn is_confirmed_by(&self, end: &End<'_>) -> bool {
        match end.code() {
            Code::Ok => true,
            Code::Unimplemented | Code::Cancelled => false,
            _ => self.is_grpc && end.is_sent(),
        }
    }

    fn end(&self, end: &End<'_>, measured: &Measured) {
        let mut learned = self.learned();
        if matches!(*learned, Learned::Nothing) {
            *learned = Learned::Method(self.begin(self.is_confirmed_by(end)));
        }
        if let Learned::Method(method) = &*learned {
            method.end(measured);
        }
    }

    fn leave(&self) {
        let learned = std::mem::replace(&mut *self.learned(), Learned::Over);
        if let Learned::Method(method) = learned {
            method.leave();
        }
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Metrics<'_> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let in_flight = self.start(call);
        let unknown = match &in_flight {
            InFlight::Known(_) => None,
            InFlight::UnconfirmedMethod(unknown) => Some(Arc::clone(unknown)),
        };
        let result = next.observe(call, in_flight).await;
        if let (Some(unknown), Ok(_)) = (unknown, &result) {
            unknown.answered();
        }
        result
    }
}

/// The plan entry of `metrics`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "metrics";
    const REQUEST_STREAM_NOTE: Option<&'static str> = Some(CUT_OFF_IS_OK);
}
