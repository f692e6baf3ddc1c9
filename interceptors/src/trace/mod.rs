//! `trace`: makes spans for OpenTelemetry.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(trace(public_endpoint = true))]
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
//! The reference says where you can list it, and has all its settings: [`trace`](crate::intercept#trace).
//!
//! Each call has a span, made with [tracing](https://docs.rs/tracing) and [tracing-opentelemetry](https://docs.rs/tracing-opentelemetry). The span
//! lasts until the true end of the call, including its response stream. The handler and its response stream run in the span. If a client goes away
//! half way through its request stream, the handler sees a normal end of the stream, and the span has the handler's status, unless the policy runs
//! before decoding, or the server has `server::RequestCancellationLayer`.
//!
//! | field | |
//! | --- | --- |
//! | `otel.name`, `rpc.method` | such as `user.v1.UserService/Login` |
//! | `otel.kind` | `server` or `client` |
//! | `rpc.system.name` | `grpc` |
//! | `rpc.status_code` | such as `NOT_FOUND` |
//! | `error.type` | the status code again, if it is an error |
//! | `client.address` | the address of the caller behind proxies; on a service whose list has `client_ip`, before or after `trace` |
//! | `otel.status_code`, `otel.status_description` | `ERROR` and the status's message, if it is an error |
//!
//! The names are those of version 1.45.0 of OpenTelemetry's [conventions for RPC](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/). By
//! these, every status except `OK` is an error on a client. On a service, `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`
//! and `DATA_LOSS` are errors. Spans have the target `interceptors::trace` and the level `INFO`. If a filter disables them, a call costs one check.
//!
//! # The context
//!
//! A service reads the caller's span from the request's metadata, and makes it the parent of its own span. A client writes its span into the
//! metadata. Both use OpenTelemetry's global propagator. For W3C's `traceparent` and `tracestate`, set the propagator at the start of `main`:
//!
//! ```
//! use opentelemetry::global;
//! use opentelemetry_sdk::propagation::TraceContextPropagator;
//!
//! global::set_text_map_propagator(TraceContextPropagator::new());
//! ```
//!
//! To export the spans, add the layer of `tracing-opentelemetry` to the subscriber. The guide has a [complete `main`](crate::guide::production#traces).
//!
//! A malformed context is ignored, and the span's parent is then the current span, if any. Two `traceparent` headers count as malformed. A
//! `tracestate` of more than 512 bytes or 32 members is dropped, so that it is not passed from service to service. Calls that a handler makes are
//! children of its span.
//!
//! # Services that anybody can call
//!
//! The sender of a `traceparent` chooses the ID of the trace and, by its flag, whether the trace is sampled. If anybody can call the service, do not
//! let callers choose: write `trace(public_endpoint = true)`, which is OpenTelemetry's name for this. Each call then begins a new trace, and the
//! sampler decides about it as usual. The caller's span becomes a link, which also has its `tracestate`. Baggage from the caller is ignored. Calls
//! that the handler makes continue the new trace.
//!
//! # Attempts
//!
//! On a client, each attempt has a span inside the call's span. Its name is `Attempt.user.v1.UserService/Login`, as in gRFC A72, and its field
//! `previous-rpc-attempts` counts the attempts before it. The server's span is a child of the attempt's span. List `retry` and `hedge` after `trace`.
//! If they are listed before it, each attempt has the span of a whole call.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, global};
use tonic::{Response, Status};
use tracing::field::{Empty, display};
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::core::chain::watched;
use crate::core::layer::Layer;
use crate::core::name::CallName;
use crate::core::plan::{Setting, Value};
use crate::kit::code_names::{code_name, is_error};
use crate::kit::cut_off::CUT_OFF_IS_OK;
use crate::kit::full_name::FullName;
use crate::kit::key::is_text;
use crate::{Call, CallDetails, End, Interceptor, Next, Side};

/// Makes a span for each call, for OpenTelemetry: the interceptor behind `trace`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.trace)`, or to test other
/// interceptors together with it. On a client, the entry `trace` also makes a span for each attempt; `with(self.trace)` does not.
///
/// ```
/// use interceptors::trace::Trace;
///
/// const TRACE: Trace = Trace::new().public_endpoint(true);
/// # let _ = TRACE;
/// ```
///
/// # Default
///
/// - public_endpoint: `false`
#[derive(Debug, Clone)]
pub struct Trace {
    public_endpoint: bool,
}

impl Trace {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            public_endpoint: false,
        }
    }

    /// Whether anybody can call the service. If so, each call begins a new trace, and the caller's span is only a link.
    #[must_use]
    pub const fn public_endpoint(mut self, is_public: bool) -> Self {
        self.public_endpoint = is_public;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 1] {
        let public_endpoint = match self.public_endpoint {
            true => "true",
            false => "false",
        };
        [Setting::new(
            "public_endpoint",
            Value::Text(public_endpoint),
        )]
    }

    /// The settings of a client, which has no callers.
    #[doc(hidden)]
    #[must_use]
    pub const fn client_settings(&self) -> [Setting; 0] {
        []
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

/// The span of an attempt of a client, innermost.
#[doc(hidden)]
#[derive(Debug)]
pub struct Attempt;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Trace {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let span = span_of_call(call, self);
        if span.is_disabled() {
            return next.run(call).await;
        }
        observed(call, next, span).await
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Attempt {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let span = span_of_attempt(call);
        if span.is_disabled() {
            return next.run(call).await;
        }
        observed(call, next, span).await
    }
}

fn observed<Req: Send, Res: Send>(
    call: &mut Call<Req>,
    next: &mut impl Next<Req, Res>,
    span: Span,
) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
    let side = call.side();
    let ending = SpanLayer {
        span: span.clone(),
        side,
        knows_client: call.client_ip().is_some(),
    };
    watched(next, call, ending).instrument(span)
}

/// Enters the span while the stream is polled and while inner layers get the end. Then records the result and drops the
/// span.
struct SpanLayer {
    span: Span,
    side: Side,
    /// Whether the span had the caller's address from the beginning.
    knows_client: bool,
}

impl Layer for SpanLayer {
    fn is_around(&self) -> bool {
        self.side == Side::Server
    }

    fn within(&mut self, _: &CallName, run: &mut dyn FnMut()) {
        self.span.in_scope(run);
    }

    fn end(&mut self, end: &End<'_>) {
        let Self {
            span,
            side,
            knows_client,
        } = self;
        if let (Some(address), false) = (end.client_ip(), *knows_client) {
            span.record("client.address", display(address));
        }
        let code = code_name(end.code());
        span.record("rpc.status_code", code);
        if is_error(*side, end.code()) {
            span.record("error.type", code);
            span.record("otel.status_code", "ERROR");
            if let Some(status) = end.status() {
                span.record("otel.status_description", status.message());
            }
        }
        *span = Span::none();
    }
}

/// `user.v1.UserService/Login`
struct Name<'a>(&'a CallDetails);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = FullName {
            service: self.0.service(),
            method: self.0.method(),
        };
        name.fmt(f)
    }
}

fn span_of_call(call: &CallDetails, trace: &Trace) -> Span {
    macro_rules! span {
        ($($parent:tt)*) => {
            tracing::info_span!(
                target: "interceptors::trace",
                $($parent)*
                "call",
                otel.name = %Name(call),
                otel.kind = call.side().as_str(),
                rpc.system.name = "grpc",
                rpc.method = %Name(call),
                client.address = call.client_ip().map(display),
                rpc.status_code = Empty,
                "error.type" = Empty,
                otel.status_code = Empty,
                otel.status_description = Empty,
            )
        };
    }
    match call.side() {
        Side::Client => span!(),
        Side::Server if trace.public_endpoint => {
            let span = span!(parent: None,);
            if !span.is_disabled() {
                // Only from the caller's metadata. The current context does not matter.
                let caller = caller(call, &Context::new());
                span.add_link(caller.span().span_context().clone());
            }
            span
        }
        Side::Server => {
            let span = span!();
            if !span.is_disabled() {
                let caller = caller(call, &Context::current());
                if caller.span().span_context().is_valid() {
                    // Fails if no spans are exported.
                    let _ = span.set_parent(caller);
                }
            }
            span
        }
    }
}

/// The context from the caller's metadata. If there is none, `otherwise`.
fn caller(call: &CallDetails, otherwise: &Context) -> Context {
    let headers = Headers::new(call.metadata().as_ref());
    global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(otherwise, &headers)
    })
}

fn span_of_attempt(call: &mut CallDetails) -> Span {
    let before = call.attempt() - 1;
    let span = tracing::info_span!(
        target: "interceptors::trace",
        "attempt",
        otel.name = %format_args!("Attempt.{}", Name(call)),
        otel.kind = call.side().as_str(),
        rpc.system.name = "grpc",
        rpc.method = %Name(call),
        "previous-rpc-attempts" = before,
        rpc.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
    );
    if !span.is_disabled() {
        let context = span.context();
        let headers = call.metadata_mut().as_mut();
        global::get_text_map_propagator(|propagator| {
            propagator.inject_context(&context, &mut HeadersMut(headers));
        });
    }
    span
}

struct Headers<'a> {
    headers: &'a HeaderMap,
    /// Lists that came in several headers, each joined to one value.
    joined: [(&'static str, Option<String>); 2],
}

/// The maximum length of a `tracestate`, and the maximum number of its members. W3C's specification requires no more
/// to be propagated.
const TRACESTATE: (usize, usize) = (512, 32);

impl<'a> Headers<'a> {
    fn new(headers: &'a HeaderMap) -> Self {
        Self {
            headers,
            joined: ["tracestate", "baggage"].map(|key| (key, joined(headers, key))),
        }
    }

    /// The single value of a key. The values of a list are joined: W3C Trace Context §3.3.1.1, W3C Baggage §3.3.
    fn whole(&self, key: &str) -> Option<&str> {
        let joined = self.joined.iter().find(|(name, _)| *name == key);
        if let Some((_, Some(joined))) = joined {
            return Some(joined);
        }
        self.headers.get(key)?.to_str().ok()
    }
}

/// Joins several headers of one list in their order. `None` if there is nothing to join. If a header is not text, the
/// whole list is dropped.
fn joined(headers: &HeaderMap, key: &str) -> Option<String> {
    let mut values = headers.get_all(key).iter();
    let _first = values.next()?;
    values.next()?;
    let values: Result<Vec<_>, _> = headers
        .get_all(key)
        .iter()
        .map(HeaderValue::to_str)
        .collect();
    let values = values.unwrap_or_default().into_iter().map(str::trim);
    let members: Vec<_> = values.filter(|value| !value.is_empty()).collect();
    Some(members.join(","))
}

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.whole(key)?;
        let is_fit = match key {
            "traceparent" => self.headers.get_all(key).iter().nth(1).is_none(),
            "tracestate" => {
                let (bytes, members) = TRACESTATE;
                value.len() <= bytes && value.split(',').nth(members).is_none()
            }
            _ => true,
        };
        is_fit.then_some(value)
    }

    fn keys(&self) -> Vec<&str> {
        self.headers.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values = self.headers.get_all(key).iter();
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then_some(values)
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::from_bytes(key.as_bytes());
        // The user's propagator may write values that metadata cannot hold.
        let value = is_text(value.as_bytes()).then(|| HeaderValue::try_from(value));
        if let (Ok(name), Some(Ok(value))) = (name, value) {
            self.0.insert(name, value);
        }
    }
}

/// The plan entry of `trace`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "trace";
    const REQUEST_STREAM_NOTE: Option<&'static str> = Some(CUT_OFF_IS_OK);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn propagator_writes_only_valid_metadata() {
        let mut headers = HeaderMap::new();
        for value in ["user=Łukasz", "a\tb", "a\nb"] {
            HeadersMut(&mut headers).set("baggage", value.to_owned());
            assert!(headers.is_empty(), "{value:?}");
        }
        HeadersMut(&mut headers).set("baggage", "user=%C5%81ukasz".to_owned());
        assert_eq!(headers["baggage"], "user=%C5%81ukasz");
    }

    #[test]
    fn list_headers_are_joined() {
        use opentelemetry::baggage::BaggageExt;
        use opentelemetry::propagation::TextMapPropagator;
        use opentelemetry_sdk::propagation::BaggagePropagator;

        let mut headers = HeaderMap::new();
        for (key, value) in [
            ("tracestate", "a=1"),
            ("tracestate", " "),
            ("tracestate", "b=2,c=3"),
            ("baggage", "user=7;secret=no, plan=free"),
            ("baggage", "region=eu"),
            ("x-other", "first"),
            ("x-other", "second"),
        ] {
            headers.append(key, HeaderValue::from_static(value));
        }
        let read = Headers::new(&headers);
        assert_eq!(read.get("tracestate"), Some("a=1,b=2,c=3"));
        assert_eq!(read.get("x-other"), Some("first"));
        let context = BaggagePropagator::new().extract(&read);
        for (key, value) in [("user", "7"), ("plan", "free"), ("region", "eu")] {
            let found = context.baggage().get(key).map(ToString::to_string);
            assert_eq!(found.as_deref(), Some(value), "{key}");
        }
        let opaque = HeaderValue::from_bytes(b"d=\xff").unwrap();
        headers.append("tracestate", opaque);
        assert_eq!(Headers::new(&headers).get("tracestate"), Some(""));
    }
}
