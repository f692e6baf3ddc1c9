//! Spans for OpenTelemetry: `trace`.
//!
//! Each call has a span, by way of [`tracing`] and
//! [tracing-opentelemetry](https://docs.rs/tracing-opentelemetry), which lives until the call has really
//! ended: a response stream to its end. Handlers run in it, and so does what they do while their response
//! stream is read.
//!
//! | field | |
//! | --- | --- |
//! | `otel.name`, `rpc.method` | such as `user.v1.UserService/Login` |
//! | `otel.kind` | `server` or `client` |
//! | `rpc.system.name` | `grpc` |
//! | `rpc.status_code` | such as `NOT_FOUND` |
//! | `error.type` | the same, where it is an error |
//! | `otel.status_code`, `otel.status_description` | `ERROR` and the status's message, where it is an error |
//!
//! The names are those of version 1.45.0 of OpenTelemetry's [conventions for
//! RPC](https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/). By them an error is, on a client, all
//! but `OK`, and on a service `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and
//! `DATA_LOSS`. Spans have the target `interceptors::trace` and the level `INFO`; filtered out, a call costs
//! one look at whether somebody listens.
//!
//! # The context
//!
//! A service takes the caller's span as parent from the request's metadata, and a client writes its own
//! there, by OpenTelemetry's global propagator. For W3C's `traceparent` and `tracestate`, say so at the start
//! of `main`:
//!
//! ```
//! use opentelemetry::global;
//! use opentelemetry_sdk::propagation::TraceContextPropagator;
//!
//! global::set_text_map_propagator(TraceContextPropagator::new());
//! ```
//!
//! What is malformed counts as absent, and the span stands in the one that is in force, if any. Calls that a
//! handler makes are children of its span.
//!
//! # Attempts
//!
//! On a client each attempt has a span inside of the call's, `Attempt.user.v1.UserService/Login` as in gRFC
//! A72, with the number of those before in `previous-rpc-attempts`; what the server does is inside of that.
//! `retry` and `hedge` usually come after `trace`; listed before it, they make each attempt a call with a span of
//! its own.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::global;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::TraceContextExt;
use tonic::{Response, Status};
use tracing::field::Empty;
use tracing::{Instrument, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::code_names::{code_name, is_error};
use crate::{Call, CallDetails, End, Interceptor, Next, Observer, Side};

/// The interceptor behind `trace`. See the [module documentation](self).
#[derive(Debug)]
pub struct Trace;

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
        let span = span_of_call(call);
        if span.is_disabled() {
            return next.run(call).await;
        }
        if call.side() == Side::Server {
            call.set_span(span.clone());
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

async fn observed<Req: Send, Res: Send>(
    call: &mut Call<Req>,
    next: &mut impl Next<Req, Res>,
    span: Span,
) -> Result<Response<Res>, Status> {
    let side = call.side();
    let ending = Ending {
        span: span.clone(),
        side,
    };
    next.observe(call, ending).instrument(span).await
}

/// Says how the call ended, and lets go of its span.
struct Ending {
    span: Span,
    side: Side,
}

impl Observer for Ending {
    fn end(self, end: &End<'_>) {
        let Self { span, side } = self;
        let code = code_name(end.code());
        span.record("rpc.status_code", code);
        if is_error(side, end.code()) {
            span.record("error.type", code);
            span.record("otel.status_code", "ERROR");
            if let Some(status) = end.status() {
                span.record("otel.status_description", status.message());
            }
        }
    }
}

/// `user.v1.UserService/Login`
struct Name<'a>(&'a CallDetails);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.service(), self.0.method())
    }
}

fn span_of_call(call: &CallDetails) -> Span {
    let span = tracing::info_span!(
        target: "interceptors::trace",
        "call",
        otel.name = %Name(call),
        otel.kind = call.side().as_str(),
        rpc.system.name = "grpc",
        rpc.method = %Name(call),
        rpc.status_code = Empty,
        "error.type" = Empty,
        otel.status_code = Empty,
        otel.status_description = Empty,
    );
    if call.side() == Side::Server && !span.is_disabled() {
        let headers = Headers(call.metadata().as_ref());
        let caller = global::get_text_map_propagator(|propagator| propagator.extract(&headers));
        if caller.span().span_context().is_valid() {
            // It fails where nobody exports spans.
            let _ = span.set_parent(caller);
        }
    }
    span
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

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        let values = self.0.get_all(key).iter();
        let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        (!values.is_empty()).then_some(values)
    }
}

struct HeadersMut<'a>(&'a mut HeaderMap);

impl Injector for HeadersMut<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = HeaderName::from_bytes(key.as_bytes());
        let value = HeaderValue::try_from(value);
        // A propagator of the user's may write what no header can hold.
        if let (Ok(name), Ok(value)) = (name, value) {
            self.0.insert(name, value);
        }
    }
}
