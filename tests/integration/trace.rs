//! Spans of calls, on both sides.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeMap;
use std::sync::Once;

use interceptors::{Kind, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest, LoginRequest};
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_client::StubsClient;
use interceptors_proto::stubs::stubs_server::{Stubs, StubsServer};
use interceptors_tests::{
    Behaviour, Caller, KINDS, Running, Script, UserStream, ask_each_time, clients, scripted, start,
};
use opentelemetry::global;
use opentelemetry::trace::{SpanId, SpanKind, Status as SpanStatus, TracerProvider as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// The ended spans of this thread.
struct Spans {
    exporter: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    _guard: DefaultGuard,
}

impl Spans {
    fn listen() -> Self {
        static PROPAGATOR: Once = Once::new();
        PROPAGATOR.call_once(|| global::set_text_map_propagator(TraceContextPropagator::new()));
        ask_each_time();
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder()
            .with_simple_exporter(exporter.clone())
            .build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        // Spans of other crates, such as h2, are left out.
        let filter = tracing_subscriber::EnvFilter::new("off,interceptors=info,test=info");
        let subscriber = tracing_subscriber::registry().with(filter).with(layer);
        Self {
            exporter,
            _provider: provider,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    fn ended(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().unwrap()
    }
}

fn attributes(span: &SpanData) -> BTreeMap<&str, String> {
    let pairs = span.attributes.iter();
    let pairs = pairs.map(|pair| (pair.key.as_str(), pair.value.to_string()));
    pairs
        .filter(|(key, _)| {
            key.starts_with("rpc.") || *key == "error.type" || *key == "previous-rpc-attempts"
        })
        .collect()
}

fn named<'a>(spans: &'a [SpanData], name: &str, kind: &SpanKind) -> Vec<&'a SpanData> {
    let fits = |span: &&SpanData| span.name == name && span.span_kind == *kind;
    spans.iter().filter(fits).collect()
}

struct Traced {
    script: Script,
}

scripted!(self: Traced, #[intercept(trace)]);

async fn traced() -> (Running, Script) {
    let script = Script::default();
    let service = Traced {
        script: script.clone(),
    };
    let server = start(Routes::new(UserServiceServer::new(service))).await;
    (server, script)
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "demo.v1.UserService/GetUser",
        Kind::ClientStreaming => "demo.v1.UserService/ImportUsers",
        Kind::ServerStreaming => "demo.v1.UserService/ListUsers",
        Kind::BidiStreaming => "demo.v1.UserService/Chat",
    }
}

#[tokio::test]
async fn server_call_has_one_child_span_with_the_final_status() {
    for (behaviour, code, is_error, description) in [
        (Behaviour::Answer(2), "OK", false, ""),
        (Behaviour::Fail(Code::NotFound), "NOT_FOUND", false, ""),
        (
            Behaviour::FailAfter(1, Code::Unavailable),
            "UNAVAILABLE",
            true,
            "told to fail",
        ),
        (Behaviour::PanicAfter(1), "INTERNAL", true, ""),
        (Behaviour::HangAfter(1), "CANCELLED", false, ""),
    ] {
        for kind in KINDS {
            let spans = Spans::listen();
            let (server, script) = traced().await;
            let caller = Caller::new(&server.channel)
                .with("traceparent", format!("00-{TRACE}-{PARENT}-01"))
                .with("tracestate", "vendor=7")
                .told(behaviour);
            if !matches!(behaviour, Behaviour::HangAfter(_)) {
                caller.call(kind).await;
            } else if kind.response_is_stream() {
                let mut messages = caller.open(kind).await.unwrap();
                messages.next().await.unwrap().unwrap();
                assert_eq!(spans.ended().len(), 0);
            } else {
                let call = tokio::spawn(async move { caller.open(kind).await.map(drop) });
                script.entered().await;
                call.abort();
                let _ = call.await;
            }
            server.stop().await;
            let ended = spans.ended();
            let [span] = &ended[..] else {
                panic!("{kind} {behaviour}: {ended:#?}")
            };
            assert_eq!(span.name, name(kind));
            assert_eq!(span.span_kind, SpanKind::Server);
            assert_eq!(span.span_context.trace_id().to_string(), TRACE);
            assert_eq!(span.parent_span_id.to_string(), PARENT);
            assert!(span.parent_span_is_remote);
            assert_eq!(span.span_context.trace_state().get("vendor"), Some("7"));
            let mut expected = BTreeMap::from([
                ("rpc.system.name", "grpc".to_owned()),
                ("rpc.method", name(kind).to_owned()),
                ("rpc.status_code", code.to_owned()),
            ]);
            if is_error {
                expected.insert("error.type", code.to_owned());
            }
            assert_eq!(attributes(span), expected, "{kind} {behaviour}");
            let status = match is_error {
                false => SpanStatus::Unset,
                true => SpanStatus::error(description),
            };
            assert_eq!(span.status, status, "{kind} {behaviour}");
        }
    }
}

/// `client_ip` is listed before `trace` or after it.
struct Behind {
    script: Script,
}

scripted!(self: Behind, #[intercept(client_ip(trusted = ["127.0.0.0/8"]), trace)]);

struct Before {
    script: Script,
}

scripted!(self: Before, #[intercept(trace, client_ip(trusted = ["127.0.0.0/8"]))]);

#[tokio::test]
async fn span_has_the_client_address_once() {
    let script = Script::default;
    let behind = Routes::new(UserServiceServer::new(Behind { script: script() }));
    let before = Routes::new(UserServiceServer::new(Before { script: script() }));
    for routes in [behind, before] {
        for kind in KINDS {
            let spans = Spans::listen();
            let server = start(routes.clone()).await;
            let caller = Caller::new(&server.channel).with("x-forwarded-for", "192.0.2.1");
            caller.call(kind).await;
            server.stop().await;
            let ended = spans.ended();
            let addresses = ended[0]
                .attributes
                .iter()
                .filter(|pair| pair.key.as_str() == "client.address");
            let addresses: Vec<_> = addresses.map(|pair| pair.value.to_string()).collect();
            assert_eq!(addresses, ["192.0.2.1"], "{kind}");
        }
    }
}

#[tokio::test]
async fn malformed_traceparent_is_ignored() {
    let good = format!("00-{TRACE}-{PARENT}-01");
    for malformed in [
        vec!["".to_owned()],
        vec!["nonsense".to_owned()],
        vec!["-".repeat(4_000)],
        vec!["0".repeat(4_000)],
        vec![format!("{good}{}", "0".repeat(4_000))],
        vec![format!("00-{TRACE}-0000000000000000-01")],
        vec![format!("00-{}-{PARENT}-01", "0".repeat(32))],
        vec![format!("00-{TRACE}-{PARENT}")],
        vec![format!("00-{}-{PARENT}-01", TRACE.to_uppercase())],
        vec![format!("ff-{TRACE}-{PARENT}-01")],
        vec![format!("00-{TRACE}-{PARENT}-zz")],
        vec![format!("+0-{TRACE}-{PARENT}-x1")],
        // With two values the parent is ambiguous.
        vec![good.clone(), good.clone()],
    ] {
        for service in [Trust::Callers, Trust::Nobody] {
            let spans = Spans::listen();
            let server = service.start().await;
            let mut request = Request::new(GetUserRequest { id: 7 });
            for value in &malformed {
                let value = value.parse().unwrap();
                request.metadata_mut().append("traceparent", value);
            }
            let mut client = UserServiceClient::new(server.channel.clone());
            client.get_user(request).await.unwrap();
            drop(client);
            server.stop().await;
            let ended = spans.ended();
            let [span] = &ended[..] else {
                panic!("{malformed:?}: {ended:#?}")
            };
            assert_eq!(span.parent_span_id, SpanId::INVALID, "{malformed:?}");
            assert_ne!(span.span_context.trace_id().to_string(), TRACE);
            assert!(span.links.links.is_empty(), "{malformed:?}");
        }
    }
}

/// Values that are not text, sent over the wire.
#[tokio::test]
async fn non_ascii_traceparent_is_ignored() {
    let spans = Spans::listen();
    let (server, _) = traced().await;
    let mut request = Request::new(GetUserRequest { id: 7 });
    let headers = request.metadata_mut().as_mut();
    let opaque = http::HeaderValue::from_bytes(b"00-\xff\xfe-\x80-01").unwrap();
    headers.insert("traceparent", opaque.clone());
    headers.insert("tracestate", opaque);
    let mut client = UserServiceClient::new(server.channel.clone());
    client.get_user(request).await.unwrap();
    drop(client);
    server.stop().await;
    let ended = spans.ended();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].parent_span_id, SpanId::INVALID);
}

#[tokio::test]
async fn malformed_or_oversized_tracestate_is_dropped_but_not_the_trace() {
    let members = |n| {
        let members: Vec<_> = (0..n).map(|n| format!("k{n}=v")).collect();
        members.join(",")
    };
    let of_length = |n: usize| format!("k={}", "v".repeat(n - 2));
    for (state, is_carried) in [
        (members(32), true),
        (members(33), false),
        (of_length(256), true),
        (of_length(513), false),
        (of_length(8_000), false),
        (members(1_000), false),
        (",,,=,=;=".to_owned(), false),
        ("nonsense".to_owned(), false),
        (" ".to_owned(), false),
    ] {
        let spans = Spans::listen();
        let (server, _) = traced().await;
        let caller = Caller::new(&server.channel)
            .with("traceparent", format!("00-{TRACE}-{PARENT}-01"))
            .with("tracestate", &state);
        assert_eq!(caller.call(Kind::Unary).await.code(), Code::Ok);
        server.stop().await;
        let ended = spans.ended();
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].parent_span_id.to_string(), PARENT, "{state}");
        let carried = ended[0].span_context.trace_state().header();
        assert_eq!(carried, if is_carried { &state } else { "" }, "{state}");
    }
}

#[tokio::test]
async fn tracestate_headers_are_joined_in_order() {
    let twice = |n: usize| format!("k={}", "v".repeat(n - 2));
    let half = twice(256);
    for (states, carried) in [
        (["a=1", "b=2,c=3"], "a=1,b=2,c=3"),
        (["a=1", ""], "a=1"),
        // Together they are longer than the limit.
        ([half.as_str(), half.as_str()], ""),
    ] {
        let spans = Spans::listen();
        let (server, _) = traced().await;
        let mut request = Request::new(GetUserRequest { id: 7 });
        let headers = request.metadata_mut().as_mut();
        let parent = format!("00-{TRACE}-{PARENT}-01");
        headers.insert("traceparent", parent.parse().unwrap());
        for state in states {
            headers.append("tracestate", state.parse().unwrap());
        }
        let mut client = UserServiceClient::new(server.channel.clone());
        client.get_user(request).await.unwrap();
        drop(client);
        server.stop().await;
        let ended = spans.ended();
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].parent_span_id.to_string(), PARENT);
        assert_eq!(ended[0].span_context.trace_state().header(), carried);
    }
}

/// Whether a service continues the traces of its callers.
enum Trust {
    Callers,
    Nobody,
}

impl Trust {
    async fn start(&self) -> Running {
        let script = Script::default();
        let routes = match self {
            Self::Callers => Routes::new(UserServiceServer::new(Traced { script })),
            Self::Nobody => Routes::new(UserServiceServer::new(Public { script })),
        };
        start(routes).await
    }
}

struct Public {
    script: Script,
}

scripted!(self: Public, #[intercept(trace(public_endpoint = true))]);

#[tokio::test]
async fn public_endpoint_starts_a_new_trace_and_links_the_callers() {
    for kind in KINDS {
        // A public endpoint also ignores the caller's sampling flag.
        for flags in ["01", "00"] {
            let spans = Spans::listen();
            let server = Trust::Nobody.start().await;
            let reply = Caller::new(&server.channel)
                .with("traceparent", format!("00-{TRACE}-{PARENT}-{flags}"))
                .with("tracestate", "vendor=7")
                .call(kind)
                .await;
            assert_eq!(reply.code(), Code::Ok);
            server.stop().await;
            let ended = spans.ended();
            let [span] = &ended[..] else {
                panic!("{kind}: {ended:#?}")
            };
            assert_eq!(span.name, name(kind));
            assert_eq!(span.span_kind, SpanKind::Server);
            assert_eq!(span.parent_span_id, SpanId::INVALID, "{kind}");
            assert!(!span.parent_span_is_remote);
            assert_ne!(span.span_context.trace_id().to_string(), TRACE);
            assert!(span.span_context.is_sampled());
            assert_eq!(span.span_context.trace_state().header(), "");
            assert_eq!(attributes(span)["rpc.status_code"], "OK");
            let [link] = &span.links.links[..] else {
                panic!("{kind}: {span:#?}")
            };
            let linked = &link.span_context;
            assert_eq!(linked.trace_id().to_string(), TRACE);
            assert_eq!(linked.span_id().to_string(), PARENT);
            assert!(linked.is_remote());
            assert_eq!(linked.trace_state().header(), "vendor=7");
        }
    }
}

/// A caller that does not sample its trace decides for the service, unless the endpoint is public.
#[tokio::test]
async fn only_public_endpoints_ignore_the_callers_sampling_decision() {
    for (service, is_sampled) in [(Trust::Callers, false), (Trust::Nobody, true)] {
        let spans = Spans::listen();
        let server = service.start().await;
        let reply = Caller::new(&server.channel)
            .with("traceparent", format!("00-{TRACE}-{PARENT}-00"))
            .call(Kind::Unary)
            .await;
        assert_eq!(reply.code(), Code::Ok);
        server.stop().await;
        assert_eq!(spans.ended().len(), usize::from(is_sampled));
    }
}

#[tokio::test]
async fn public_endpoint_is_always_a_root_span() {
    let spans = Spans::listen();
    let public = Public {
        script: Script::default(),
    };
    let around = tracing::info_span!(target: "test", "around");
    let call = async {
        let request = Request::new(GetUserRequest { id: 7 });
        interceptors_proto::demo::user_service_server::UserService::get_user(&public, request).await
    };
    tracing::Instrument::instrument(call, around).await.unwrap();
    let ended = spans.ended();
    let [served] = named(&ended, name(Kind::Unary), &SpanKind::Server)[..] else {
        panic!("{ended:#?}")
    };
    assert_eq!(served.parent_span_id, SpanId::INVALID);
    assert!(served.links.links.is_empty());
}

#[tokio::test]
async fn nested_calls_of_a_public_endpoint_continue_its_own_trace() {
    struct PublicFront {
        behind: Channel,
    }

    #[intercept(trace(public_endpoint = true))]
    #[tonic::async_trait]
    impl Stubs for PublicFront {
        async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
            let mut client = clients::traced::UserServiceClient::new(self.behind.clone());
            client.get_user(GetUserRequest { id: 1 }).await?;
            Ok(Response::new(request.into_inner()))
        }
    }

    let spans = Spans::listen();
    let (users, _) = traced().await;
    let behind = users.channel.clone();
    let front = start(Routes::new(StubsServer::new(PublicFront { behind }))).await;
    let mut client = StubsClient::new(front.channel.clone());
    let mut request = Request::new(Item { value: 0 });
    let parent = format!("00-{TRACE}-{PARENT}-01").parse().unwrap();
    request.metadata_mut().insert("traceparent", parent);
    client.unary(request).await.unwrap();
    drop(client);
    front.stop().await;
    users.stop().await;
    let ended = spans.ended();
    let [root] = named(&ended, "stubs.v1.Stubs/Unary", &SpanKind::Server)[..] else {
        panic!("{ended:#?}")
    };
    assert_eq!(ended.len(), 4);
    for span in &ended {
        assert_eq!(span.span_context.trace_id(), root.span_context.trace_id());
        assert_ne!(span.span_context.trace_id().to_string(), TRACE);
    }
}

#[test]
fn plan_shows_public_endpoint() {
    use interceptors::Intercepted as _;

    let plan = Public::PLAN.to_string();
    assert!(plan.contains("trace        public_endpoint=true"), "{plan}");
    let plan = Traced::PLAN.to_string();
    assert!(
        plan.contains("trace        public_endpoint=false"),
        "{plan}"
    );
    let plan = Outbound::PLAN.to_string();
    assert!(!plan.contains("public_endpoint"), "{plan}");
}

#[tokio::test]
async fn calls_succeed_without_a_subscriber() {
    ask_each_time();
    let (server, _) = traced().await;
    for kind in KINDS {
        let reply = Caller::new(&server.channel).call(kind).await;
        assert_eq!(reply.code(), Code::Ok);
    }
}

fn failing<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let behaviour = Behaviour::Fail(Code::Unavailable).to_string();
    let behaviour = behaviour.parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    request
}

#[tokio::test]
async fn client_call_and_each_attempt_have_spans_above_the_servers() {
    let spans = Spans::listen();
    let (server, _) = traced().await;
    let mut client = clients::traced::UserServiceClient::new(server.channel.clone());
    client
        .get_user(failing(GetUserRequest { id: 1 }))
        .await
        .unwrap_err();
    drop(client);
    server.stop().await;
    let ended = spans.ended();
    assert_eq!(ended.len(), 7, "{ended:#?}");
    let method = name(Kind::Unary);
    let [call] = named(&ended, method, &SpanKind::Client)[..] else {
        panic!("{ended:#?}")
    };
    assert_eq!(call.parent_span_id, SpanId::INVALID);
    assert_eq!(call.status, SpanStatus::error("told to fail"));
    assert_eq!(attributes(call)["error.type"], "UNAVAILABLE");
    let attempts = named(&ended, &format!("Attempt.{method}"), &SpanKind::Client);
    assert_eq!(attempts.len(), 3);
    let arrived = named(&ended, method, &SpanKind::Server);
    for (i, attempt) in attempts.into_iter().enumerate() {
        assert_eq!(attempt.parent_span_id, call.span_context.span_id());
        let attributes = attributes(attempt);
        assert_eq!(attributes["previous-rpc-attempts"], i.to_string());
        assert_eq!(attributes["rpc.status_code"], "UNAVAILABLE");
        assert_eq!(attempt.status, SpanStatus::error("told to fail"));
        let inside = |span: &&&SpanData| span.parent_span_id == attempt.span_context.span_id();
        assert_eq!(arrived.iter().filter(inside).count(), 1);
    }
}

#[tokio::test]
async fn hedged_attempts_have_their_own_spans() {
    let spans = Spans::listen();
    let (server, _) = traced().await;
    let mut client = clients::traced::UserServiceClient::new(server.channel.clone());
    client.login(LoginRequest::default()).await.unwrap();
    drop(client);
    server.stop().await;
    let ended = spans.ended();
    let method = "demo.v1.UserService/Login";
    let [call] = named(&ended, method, &SpanKind::Client)[..] else {
        panic!("{ended:#?}")
    };
    assert_eq!(attributes(call)["rpc.status_code"], "OK");
    let attempts = named(&ended, &format!("Attempt.{method}"), &SpanKind::Client);
    let mut numbers: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            assert_eq!(attempt.parent_span_id, call.span_context.span_id());
            attributes(attempt)["previous-rpc-attempts"].clone()
        })
        .collect();
    numbers.sort();
    assert_eq!(numbers, ["0", "1"]);
}

#[tokio::test]
async fn client_spans_last_until_the_response_stream_ends() {
    for is_read in [true, false] {
        let spans = Spans::listen();
        let (server, _) = traced().await;
        let mut client = clients::traced::UserServiceClient::new(server.channel.clone());
        let users = client
            .list_users(ListUsersRequest::default())
            .await
            .unwrap();
        let mut users = users.into_inner();
        users.next().await.unwrap().unwrap();
        assert_eq!(
            named(
                &spans.ended(),
                name(Kind::ServerStreaming),
                &SpanKind::Client
            )
            .len(),
            0
        );
        if is_read {
            while users.next().await.transpose().unwrap().is_some() {}
        }
        drop(users);
        drop(client);
        server.stop().await;
        let ended = spans.ended();
        let [call] = named(&ended, name(Kind::ServerStreaming), &SpanKind::Client)[..] else {
            panic!("{ended:#?}")
        };
        let (code, status) = match is_read {
            true => ("OK", SpanStatus::Unset),
            false => ("CANCELLED", SpanStatus::error("")),
        };
        assert_eq!(attributes(call)["rpc.status_code"], code);
        assert_eq!(call.status, status);
    }
}

/// Calls another service through an intercepted client, from its handler and from its response stream.
struct Front {
    behind: Channel,
}

#[intercept(trace)]
#[tonic::async_trait]
impl Stubs for Front {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        let mut client = clients::traced::UserServiceClient::new(self.behind.clone());
        client.get_user(GetUserRequest { id: 1 }).await?;
        Ok(Response::new(request.into_inner()))
    }

    async fn server_stream(&self, _: Request<Item>) -> Result<Response<UserStream<Item>>, Status> {
        let behind = self.behind.clone();
        let answers = tokio_stream::once(1).then(move |value| {
            let mut client = clients::traced::UserServiceClient::new(behind.clone());
            async move {
                client.get_user(GetUserRequest { id: 1 }).await?;
                Ok(Item { value })
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

#[tokio::test]
async fn nested_calls_are_in_the_handlers_span_also_during_streams() {
    for streams in [false, true] {
        let spans = Spans::listen();
        let (users, _) = traced().await;
        let behind = users.channel.clone();
        let front = start(Routes::new(StubsServer::new(Front { behind }))).await;
        let mut client = StubsClient::new(front.channel.clone());
        let first = match streams {
            false => {
                client.unary(Item { value: 0 }).await.unwrap();
                "stubs.v1.Stubs/Unary"
            }
            true => {
                let stream = client.server_stream(Item { value: 0 }).await.unwrap();
                assert_eq!(stream.into_inner().collect::<Vec<_>>().await.len(), 1);
                "stubs.v1.Stubs/ServerStream"
            }
        };
        drop(client);
        front.stop().await;
        users.stop().await;
        let ended = spans.ended();
        let method = name(Kind::Unary);
        let attempt = format!("Attempt.{method}");
        let mut parent = SpanId::INVALID;
        for (name, kind) in [
            (first, SpanKind::Server),
            (method, SpanKind::Client),
            (&attempt, SpanKind::Client),
            (method, SpanKind::Server),
        ] {
            let [span] = named(&ended, name, &kind)[..] else {
                panic!("{name}: {ended:#?}")
            };
            assert_eq!(span.parent_span_id, parent, "{name}");
            parent = span.span_context.span_id();
        }
        assert_eq!(ended.len(), 4);
    }
}

#[intercept(trace)]
struct Outbound;

#[tokio::test]
async fn channel_propagates_its_span() {
    let spans = Spans::listen();
    let (server, _) = traced().await;
    let mut client = UserServiceClient::new(Outbound.wrap(server.channel.clone()));
    let root = tracing::info_span!(target: "test", "root");
    let call = async { client.get_user(GetUserRequest { id: 1 }).await };
    tracing::Instrument::instrument(call, root.clone())
        .await
        .unwrap();
    drop(client);
    drop(root);
    server.stop().await;
    let ended = spans.ended();
    let [root] = named(&ended, "root", &SpanKind::Internal)[..] else {
        panic!("{ended:#?}")
    };
    let method = name(Kind::Unary);
    let [call] = named(&ended, method, &SpanKind::Client)[..] else {
        panic!("{ended:#?}")
    };
    assert_eq!(call.parent_span_id, root.span_context.span_id());
    let [arrived] = named(&ended, method, &SpanKind::Server)[..] else {
        panic!("{ended:#?}")
    };
    assert_eq!(
        arrived.span_context.trace_id(),
        root.span_context.trace_id()
    );
}

struct TracedAndLogged {
    script: Script,
}

scripted!(self: TracedAndLogged, #[intercept(trace, logging, catch_panic)]);

#[intercept(trace, logging(level = "info"))]
#[derive(Clone)]
struct OutboundAndLogged;

/// The only `finished call` event of a span: its code.
fn finished(spans: &[SpanData], method: &str, kind: &SpanKind) -> Option<String> {
    let [span] = named(spans, method, kind)[..] else {
        panic!("{spans:#?}")
    };
    let mut events = span
        .events
        .iter()
        .filter(|event| event.name == "finished call");
    let code = |event: &opentelemetry::trace::Event| {
        let attributes = event.attributes.iter();
        let mut codes = attributes.filter(|pair| pair.key.as_str() == "grpc.code");
        codes.next().map(|pair| pair.value.to_string())
    };
    let first = events.next().map(|event| code(event).unwrap_or_default());
    assert!(
        events.next().is_none(),
        "the call has ended twice: {span:#?}"
    );
    first
}

#[tokio::test]
async fn log_event_is_inside_the_span_if_trace_is_listed_first() {
    for behaviour in [
        Behaviour::Answer(2),
        Behaviour::Fail(Code::NotFound),
        Behaviour::FailAfter(1, Code::Unavailable),
        Behaviour::PanicAfter(1),
        Behaviour::HangAfter(1),
    ] {
        for kind in KINDS {
            let spans = Spans::listen();
            let script = Script::default();
            let service = TracedAndLogged {
                script: script.clone(),
            };
            let server = start(Routes::new(UserServiceServer::new(service))).await;
            let caller =
                Caller::over(OutboundAndLogged.wrap(server.channel.clone())).told(behaviour);
            if !matches!(behaviour, Behaviour::HangAfter(_)) {
                caller.call(kind).await;
            } else if kind.response_is_stream() {
                let mut messages = caller.open(kind).await.unwrap();
                messages.next().await.unwrap().unwrap();
            } else {
                let call = tokio::spawn(async move { caller.open(kind).await.map(drop) });
                script.entered().await;
                call.abort();
                let _ = call.await;
            }
            server.stop().await;
            let ended = spans.ended();
            for side in [SpanKind::Client, SpanKind::Server] {
                let code = finished(&ended, name(kind), &side);
                assert!(code.is_some(), "{kind} {behaviour} {side:?}: {ended:#?}");
            }
        }
    }
}

#[intercept(server, trace)]
struct TracedServer;

#[tokio::test]
async fn plain_http_is_named_by_its_path() {
    use tower::ServiceExt as _;

    let spans = Spans::listen();
    let service = Traced {
        script: Script::default(),
    };
    let routes = Routes::new(UserServiceServer::new(service));
    let server = tower::Layer::layer(&TracedServer.layer(), routes);
    let request = http::Request::get("/healthz").body(tonic::body::Body::empty());
    let response = server.oneshot(request.unwrap()).await.unwrap();
    drop(response);
    let ended = spans.ended();
    assert_eq!(named(&ended, "/healthz", &SpanKind::Server).len(), 1);
    assert_eq!(attributes(&ended[0])["rpc.method"], "/healthz");
}
