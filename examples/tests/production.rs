//! The production policies at work: metrics as Prometheus scrapes them, and spans as an exporter gets
//! them.
#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use examples::issuer::Issuer;
use examples::production::generated::user_service_client::UserServiceClient;
use examples::production::generated::{GetUserRequest, LoginRequest, User};
use examples::production::{AUDIENCE, Inbound, Outbound, Users, export, serve};
use examples::{connect, telemetry};
use interceptors::Intercepted as _;
use interceptors::client::InterceptedChannel;
use interceptors::metrics::Recorder;
use opentelemetry::trace::{SpanId, SpanKind, Status as SpanStatus, TraceContextExt, TraceId};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use prometheus::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::Channel;
use tonic::{Code, Request};
use tracing::{Instrument, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

type Client = UserServiceClient<InterceptedChannel<Outbound, Channel>>;

struct Running {
    admin: Client,
    guest: Client,
    /// A client without interceptors, for tokens from other issuers.
    stranger: UserServiceClient<Channel>,
    issuer: Arc<Issuer>,
    endpoint: String,
}

async fn running() -> Running {
    let registry = Registry::new();
    let recorder = Recorder::prometheus(&registry).unwrap();
    let issuer = Arc::new(Issuer::new().unwrap());
    let inbound = Inbound::new(&issuer.published().unwrap(), recorder.clone()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve(listener, inbound));
    let endpoint = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint_address = endpoint.local_addr().unwrap().to_string();
    tokio::spawn(export(endpoint, registry));
    let channel = connect(&address).await.unwrap();
    let client = |sub, roles| {
        let outbound = Outbound::new(&issuer, sub, roles, recorder.clone());
        UserServiceClient::new(outbound.wrap(channel.clone()))
    };
    Running {
        admin: client("ada", &["admin"]),
        guest: client("bob", &[]),
        stranger: UserServiceClient::new(channel.clone()),
        issuer,
        endpoint: endpoint_address,
    }
}

/// All series in Prometheus's text format, with their labels.
async fn scrape(address: &str) -> HashMap<String, f64> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let series = body
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    series
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').expect("a series and its value");
            (series.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

/// The sum of all series of a metric that have all of these labels.
fn total(series: &HashMap<String, f64>, family: &str, labels: &[&str]) -> f64 {
    let of_family = series.iter().filter(|(name, _)| {
        name.split('{').next() == Some(family) && labels.iter().all(|label| name.contains(label))
    });
    of_family.map(|(_, value)| value).sum()
}

fn user(name: &str) -> User {
    User {
        id: 1,
        name: name.to_owned(),
    }
}

#[tokio::test]
async fn prometheus_counts_how_each_call_ended() {
    let Running {
        mut admin,
        mut guest,
        endpoint,
        ..
    } = running().await;
    guest.get_user(GetUserRequest { id: 7 }).await.unwrap();
    let users = [user("a"), user("b")];
    let summary = admin.import_users(tokio_stream::iter(users)).await.unwrap();
    assert_eq!(summary.into_inner().imported, 2);
    let status = guest.get_user(GetUserRequest { id: 0 }).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let users = tokio_stream::iter([user("a")]);
    let status = guest.import_users(users).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let users = tokio_stream::iter([user("a"), user("")]);
    let status = admin.import_users(users).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let login = LoginRequest {
        name: "panic".to_owned(),
        password: "a-password".to_owned(),
    };
    let status = guest.login(login).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "internal error")
    );

    let series = scrape(&endpoint).await;
    for (method, code, expected) in [
        ("GetUser", "OK", 1.0),
        ("GetUser", "InvalidArgument", 1.0),
        ("ImportUsers", "OK", 1.0),
        ("ImportUsers", "PermissionDenied", 1.0),
        ("ImportUsers", "InvalidArgument", 1.0),
        ("Login", "Internal", 1.0),
    ] {
        let method = format!("grpc_method=\"{method}\"");
        let code = format!("grpc_code=\"{code}\"");
        let handled = total(&series, "grpc_server_handled_total", &[&method, &code]);
        assert_eq!(handled, expected, "{method} {code}");
    }
    assert_eq!(total(&series, "grpc_server_started_total", &[]), 6.0);
    assert_eq!(total(&series, "grpc_server_in_flight", &[]), 0.0);
    assert_eq!(total(&series, "grpc_client_started_total", &[]), 6.0);
    let text = format!("{series:?}");
    assert!(!text.contains("a-password") && !text.contains("eyJ"));
}

#[tokio::test]
async fn only_the_issuers_tokens_for_this_audience_are_accepted() {
    let Running {
        mut stranger,
        issuer,
        ..
    } = running().await;
    let token = |of: &Issuer, aud| of.token(aud, "ada", &[]).unwrap();
    let good = token(&issuer, AUDIENCE);
    let (header, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    for (token, code) in [
        (Some(good.clone()), Code::Ok),
        (None, Code::Unauthenticated),
        (Some(token(&issuer, "payments")), Code::Unauthenticated),
        (
            Some(token(&Issuer::new().unwrap(), AUDIENCE)),
            Code::Unauthenticated,
        ),
        // The claims are missing.
        (
            Some(format!("{header}.e30.{signature}")),
            Code::Unauthenticated,
        ),
    ] {
        let mut request = Request::new(GetUserRequest { id: 7 });
        if let Some(token) = &token {
            let bearer = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", bearer);
        }
        let got = stranger.get_user(request).await;
        assert_eq!(
            got.map_or_else(|status| status.code(), |_| Code::Ok),
            code,
            "{token:?}"
        );
    }
}

/// The exporter of all tests in this file.
static TELEMETRY: LazyLock<(SdkTracerProvider, InMemorySpanExporter)> = LazyLock::new(|| {
    let exporter = InMemorySpanExporter::default();
    let provider = telemetry::provider("users", exporter.clone());
    let layer = telemetry::layer(&provider);
    tracing_subscriber::registry().with(layer).init();
    (provider, exporter)
});

/// The ended spans of this trace.
fn spans_of(trace: TraceId) -> Vec<SpanData> {
    let (provider, exporter) = &*TELEMETRY;
    provider.force_flush().unwrap();
    let mut spans = exporter.get_finished_spans().unwrap();
    spans.retain(|span| span.span_context.trace_id() == trace);
    spans
}

fn only<'a>(spans: &'a [SpanData], kind: &SpanKind, name: &str) -> &'a SpanData {
    let mut found = spans
        .iter()
        .filter(|span| span.span_kind == *kind && span.name == name);
    match (found.next(), found.next()) {
        (Some(span), None) => span,
        _ => panic!("not one {name} {kind:?}: {spans:#?}"),
    }
}

fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let mut pairs = span.attributes.iter();
    let pair = pairs.find(|pair| pair.key.as_str() == key)?;
    Some(pair.value.to_string())
}

#[tokio::test]
async fn one_trace_spans_client_attempts_and_service() {
    LazyLock::force(&TELEMETRY);
    let Running {
        mut admin,
        mut guest,
        ..
    } = running().await;
    let name = "demo.v1.UserService/ImportUsers";
    let users = || tokio_stream::iter([user("a"), user("b")]);
    let get = GetUserRequest { id: 7 };
    let denied = "PERMISSION_DENIED";
    let message = "the caller may not call this method";
    for (what, code, on_the_client) in [
        ("admin", "OK", SpanStatus::Unset),
        ("guest", denied, SpanStatus::error(message)),
        ("unary", "OK", SpanStatus::Unset),
    ] {
        let name = match what {
            "unary" => "demo.v1.UserService/GetUser",
            _ => name,
        };
        let root = info_span!("a test");
        let context = root.context().span().span_context().clone();
        let call = async {
            match what {
                "admin" => admin.import_users(users()).await.is_ok(),
                "guest" => guest.import_users(users()).await.is_ok(),
                _ => guest.get_user(get).await.is_ok(),
            }
        };
        let is_ok = call.instrument(root).await;
        assert_eq!(is_ok, code == "OK");

        // The service's span ends when the client's span ends, or a little later: the service records the end
        // after it has sent the status.
        let mut spans = spans_of(context.trace_id());
        while spans.len() < 4 {
            tokio::task::yield_now().await;
            spans = spans_of(context.trace_id());
        }
        let test = only(&spans, &SpanKind::Internal, "a test");
        assert_eq!(test.parent_span_id, SpanId::INVALID);
        let call = only(&spans, &SpanKind::Client, name);
        assert_eq!(call.parent_span_id, test.span_context.span_id());
        let attempt = only(&spans, &SpanKind::Client, &format!("Attempt.{name}"));
        assert_eq!(attempt.parent_span_id, call.span_context.span_id());
        assert_eq!(
            attribute(attempt, "previous-rpc-attempts").as_deref(),
            Some("0")
        );
        // Over the wire, by `traceparent`.
        let served = only(&spans, &SpanKind::Server, name);
        assert_eq!(served.parent_span_id, attempt.span_context.span_id());
        assert!(served.parent_span_is_remote && !attempt.parent_span_is_remote);

        for span in [call, attempt, served] {
            assert_eq!(attribute(span, "rpc.system.name").as_deref(), Some("grpc"));
            assert_eq!(attribute(span, "rpc.method").as_deref(), Some(name));
            assert_eq!(attribute(span, "rpc.status_code").as_deref(), Some(code));
            // A caller's mistake is an error for the client, and not for the service.
            let is_error = code != "OK" && span.span_kind == SpanKind::Client;
            assert_eq!(
                attribute(span, "error.type"),
                is_error.then(|| code.to_owned())
            );
            let status = match span.span_kind {
                SpanKind::Client => &on_the_client,
                _ => &SpanStatus::Unset,
            };
            assert_eq!(span.status, *status);
        }
        let shown = telemetry::tree(&spans);
        assert_eq!(
            shown,
            format!(
                "Internal a test \n  Client {name} {code}\n    Client Attempt.{name} {code}\n      Server {name} {code}\n"
            )
        );
    }
}

#[test]
fn production_policies_have_no_notes() {
    Users::PLAN.assert_no_notes();
    Outbound::PLAN.assert_no_notes();
}
