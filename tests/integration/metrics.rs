//! Counters, gauges and histograms of calls.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeMap;

use interceptors::metrics::{MAX_METHODS, Recorder};
use interceptors::{Kind, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Behaviour, Caller, KINDS, Running, Script, clients, scripted, start};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use prometheus::{Encoder, Registry, TextEncoder};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::{Code, Request};
use tower_service::Service;

/// A meter, and an exporter that keeps its values.
struct Meters {
    provider: SdkMeterProvider,
    exporter: InMemoryMetricExporter,
}

impl Meters {
    fn new() -> Self {
        let exporter = InMemoryMetricExporter::default();
        let reader = PeriodicReader::builder(exporter.clone()).build();
        let provider = SdkMeterProvider::builder().with_reader(reader).build();
        Self { provider, exporter }
    }

    fn recorder(&self) -> Recorder {
        Recorder::new(&self.provider.meter("test"))
    }

    /// The number of calls for each instrument and its attributes.
    fn read(&self) -> BTreeMap<String, i64> {
        self.exporter.reset();
        self.provider.force_flush().unwrap();
        let mut read = BTreeMap::new();
        for resource in self.exporter.get_finished_metrics().unwrap() {
            for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
                let mut add = |attributes: Vec<String>, value| {
                    let mut attributes = attributes;
                    attributes.sort();
                    let name = format!("{} {}", metric.name(), attributes.join(" "));
                    read.insert(name, value);
                };
                let shown = |pair: &opentelemetry::KeyValue| format!("{}={}", pair.key, pair.value);
                match metric.data() {
                    AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                        assert_eq!(metric.unit(), "s");
                        for point in histogram.data_points() {
                            assert_eq!(point.bounds().next(), Some(0.005));
                            assert_eq!(point.bounds().last(), Some(10.0));
                            assert_eq!(point.bounds().count(), 14);
                            let count = i64::try_from(point.count()).unwrap();
                            add(point.attributes().map(shown).collect(), count);
                        }
                    }
                    AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                        for point in sum.data_points() {
                            add(point.attributes().map(shown).collect(), point.value());
                        }
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        read
    }
}

/// The values in a registry, without buckets and sums of times.
fn read(registry: &Registry) -> BTreeMap<String, f64> {
    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut text)
        .unwrap();
    let text = String::from_utf8(text).unwrap();
    let lines = text.lines().filter(|line| {
        !line.starts_with('#') && !line.contains("_bucket{") && !line.contains("seconds_sum{")
    });
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[derive(Clone)]
struct Measured {
    script: Script,
    recorder: Recorder,
}

scripted!(self: Measured, #[intercept(metrics(recorder = self.recorder))]);

async fn measured(recorder: Recorder) -> (Running, Script) {
    let script = Script::default();
    let service = Measured {
        script: script.clone(),
        recorder,
    };
    let server = start(Routes::new(UserServiceServer::new(service))).await;
    (server, script)
}

fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "GetUser",
        Kind::ClientStreaming => "ImportUsers",
        Kind::ServerStreaming => "ListUsers",
        Kind::BidiStreaming => "Chat",
    }
}

/// Makes calls that end in every possible way. Abandoned calls are dropped after the handler was entered.
async fn calls(server: &Running, script: &Script) {
    let caller = Caller::new(&server.channel);
    for kind in KINDS {
        for behaviour in [
            Behaviour::Answer(2),
            Behaviour::Answer(2),
            Behaviour::Fail(Code::NotFound),
            Behaviour::FailAfter(1, Code::Unavailable),
            Behaviour::PanicAfter(1),
        ] {
            caller.told(behaviour).call(kind).await;
            script.entered().await;
        }
        let caller = caller.told(Behaviour::HangAfter(1));
        if kind.response_is_stream() {
            let mut messages = caller.open(kind).await.unwrap();
            messages.next().await.unwrap().unwrap();
            script.entered().await;
        } else {
            let call = tokio::spawn(async move { caller.open(kind).await.map(drop) });
            script.entered().await;
            call.abort();
            let _ = call.await;
        }
    }
}

#[tokio::test]
async fn service_metrics_follow_opentelemetry_conventions() {
    let meters = Meters::new();
    let (server, script) = measured(meters.recorder()).await;
    calls(&server, &script).await;
    server.stop().await;
    let mut expected = BTreeMap::new();
    for kind in KINDS {
        let name = format!("rpc.method=demo.v1.UserService/{} ", method(kind));
        let mut ended = |code: &str, error: &str, count| {
            let key = format!(
                "rpc.server.call.duration {error}{name}rpc.status_code={code} rpc.system.name=grpc"
            );
            expected.insert(key, count);
        };
        ended("OK", "", 2);
        ended("NOT_FOUND", "", 1);
        ended("UNAVAILABLE", "error.type=UNAVAILABLE ", 1);
        ended("INTERNAL", "error.type=INTERNAL ", 1);
        ended("CANCELLED", "", 1);
        expected.insert(
            format!("rpc.server.active_calls {name}rpc.system.name=grpc"),
            0,
        );
    }
    assert_eq!(meters.read(), expected);
}

#[tokio::test]
async fn service_metrics_have_prometheus_names() {
    let registry = Registry::new();
    let (server, script) = measured(Recorder::prometheus(&registry).unwrap()).await;
    calls(&server, &script).await;
    server.stop().await;
    let mut expected = BTreeMap::new();
    for kind in KINDS {
        let labels = format!(
            "grpc_method=\"{}\",grpc_service=\"demo.v1.UserService\",grpc_type=\"{kind}\"",
            method(kind)
        );
        let mut add = |name: &str, value| {
            expected.insert(format!("grpc_server_{name}{{{labels}}}"), value);
        };
        // Messages of response streams are counted up to the failure.
        let (received, sent) = match kind {
            Kind::Unary => (6.0, 2.0),
            Kind::ClientStreaming => (12.0, 2.0),
            Kind::ServerStreaming => (6.0, 7.0),
            // The handler does not read its requests.
            Kind::BidiStreaming => (0.0, 7.0),
        };
        add("started_total", 6.0);
        add("msg_received_total", received);
        add("msg_sent_total", sent);
        add("handling_seconds_count", 6.0);
        add("in_flight", 0.0);
        for (code, count) in [
            ("OK", 2.0),
            ("NotFound", 1.0),
            ("Unavailable", 1.0),
            ("Internal", 1.0),
            ("Canceled", 1.0),
        ] {
            let key = format!("grpc_server_handled_total{{grpc_code=\"{code}\",{labels}}}");
            expected.insert(key, count);
        }
    }
    assert_eq!(read(&registry), expected);
}

#[tokio::test]
async fn active_calls_are_counted_while_they_run() {
    let registry = Registry::new();
    let meters = Meters::new();
    let (by_prometheus, script) = measured(Recorder::prometheus(&registry).unwrap()).await;
    let (by_otel, other_script) = measured(meters.recorder()).await;
    let hanging = |server: &Running| Caller::new(&server.channel).told(Behaviour::HangAfter(1));
    let mut open = Vec::new();
    for server in [&by_prometheus, &by_prometheus, &by_otel] {
        open.push(hanging(server).open(Kind::ServerStreaming).await.unwrap());
    }
    script.entered().await;
    other_script.entered().await;
    let labels = "{grpc_method=\"ListUsers\",grpc_service=\"demo.v1.UserService\",grpc_type=\"server_stream\"}";
    assert_eq!(
        read(&registry)[&format!("grpc_server_in_flight{labels}")],
        2.0
    );
    let active =
        "rpc.server.active_calls rpc.method=demo.v1.UserService/ListUsers rpc.system.name=grpc";
    assert_eq!(meters.read()[active], 1);
    drop(open);
    by_prometheus.stop().await;
    by_otel.stop().await;
    assert_eq!(
        read(&registry)[&format!("grpc_server_in_flight{labels}")],
        0.0
    );
    assert_eq!(meters.read()[active], 0);
}

#[tokio::test]
async fn metrics_outside_retry_count_calls_and_inside_count_attempts() {
    let (server, _) = measured(Meters::new().recorder()).await;
    let failing = || {
        let mut request = Request::new(GetUserRequest { id: 1 });
        let behaviour = Behaviour::Fail(Code::Unavailable).to_string();
        request
            .metadata_mut()
            .insert(Behaviour::KEY, behaviour.parse().unwrap());
        request
    };
    let mut client = clients::measured::UserServiceClient::new(server.channel.clone());
    client.get_user(failing()).await.unwrap_err();
    let users = client
        .list_users(ListUsersRequest::default())
        .await
        .unwrap();
    assert_eq!(users.into_inner().collect::<Vec<_>>().await.len(), 3);
    let users = [User::default(), User::default()];
    client
        .import_users(tokio_stream::iter(users))
        .await
        .unwrap();
    let chat = client.chat(tokio_stream::iter([ChatMessage::default()]));
    assert_eq!(
        chat.await
            .unwrap()
            .into_inner()
            .collect::<Vec<_>>()
            .await
            .len(),
        3
    );

    let found = read(&clients::REGISTRIES[0]);
    let get = |name: &str, method: &str, kind: &str| {
        let key = format!(
            "grpc_client_{name}grpc_method=\"{method}\",grpc_service=\"demo.v1.UserService\",grpc_type=\"{kind}\"}}"
        );
        found.get(&key).copied()
    };
    assert_eq!(get("started_total{", "GetUser", "unary"), Some(1.0));
    assert_eq!(
        get(
            "handled_total{grpc_code=\"Unavailable\",",
            "GetUser",
            "unary"
        ),
        Some(1.0)
    );
    for (method, kind, sent, received) in [
        ("ListUsers", "server_stream", 1.0, 3.0),
        ("ImportUsers", "client_stream", 2.0, 1.0),
        ("Chat", "bidi_stream", 1.0, 3.0),
    ] {
        assert_eq!(get("msg_sent_total{", method, kind), Some(sent), "{method}");
        assert_eq!(get("msg_received_total{", method, kind), Some(received));
        assert_eq!(get("in_flight{", method, kind), Some(0.0));
        assert_eq!(
            get("handled_total{grpc_code=\"OK\",", method, kind),
            Some(1.0)
        );
    }

    let mut client = clients::measured_attempts::UserServiceClient::new(server.channel.clone());
    client.get_user(failing()).await.unwrap_err();
    let found = read(&clients::REGISTRIES[1]);
    let labels =
        "grpc_method=\"GetUser\",grpc_service=\"demo.v1.UserService\",grpc_type=\"unary\"}";
    assert_eq!(
        found[&format!("grpc_client_handled_total{{grpc_code=\"Unavailable\",{labels}")],
        3.0
    );
}

#[intercept(metrics(recorder = self.recorder))]
#[derive(Clone)]
struct Outbound {
    recorder: Recorder,
}

#[tokio::test]
async fn channel_metrics_identify_methods_by_path() {
    let (server, _) = measured(Meters::new().recorder()).await;
    let registry = Registry::new();
    let recorder = Recorder::prometheus(&registry).unwrap();
    let channel = Outbound { recorder }.wrap(server.channel.clone());
    let mut client = UserServiceClient::new(channel);
    for _ in 0..2 {
        client.get_user(GetUserRequest { id: 1 }).await.unwrap();
        let users = client
            .list_users(ListUsersRequest::default())
            .await
            .unwrap();
        assert_eq!(users.into_inner().collect::<Vec<_>>().await.len(), 3);
    }
    let found = read(&registry);
    for (method, received) in [("GetUser", 2.0), ("ListUsers", 6.0)] {
        let labels = format!(
            "grpc_method=\"{method}\",grpc_service=\"demo.v1.UserService\",grpc_type=\"unknown\"}}"
        );
        let get = |name: &str| found.get(&format!("grpc_client_{name}{labels}")).copied();
        assert_eq!(get("handled_total{grpc_code=\"OK\","), Some(2.0));
        assert_eq!(get("msg_sent_total{"), Some(2.0));
        assert_eq!(get("msg_received_total{"), Some(received));
        assert_eq!(get("in_flight{"), Some(0.0));
    }
}

/// A transport that rejects every call.
#[derive(Clone)]
struct Refusing;

impl Service<http::Request<tonic::body::Body>> for Refusing {
    type Response = http::Response<tonic::body::Body>;
    type Error = tonic::Status;
    type Future = std::future::Ready<Result<Self::Response, tonic::Status>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), tonic::Status>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
        std::future::ready(Err(tonic::Status::unavailable("refused")))
    }
}

#[tokio::test]
async fn number_of_methods_per_channel_is_bounded() {
    let meters = Meters::new();
    let mut channel = Outbound {
        recorder: meters.recorder(),
    }
    .wrap(Refusing);
    for i in 0..MAX_METHODS + 10 {
        let request = http::Request::builder()
            .uri(format!("http://localhost/a.v1.Service/Method{i}"))
            .body(tonic::body::Body::empty())
            .unwrap();
        let _ = channel.call(request).await;
    }
    let found = meters.read();
    let ended = |(name, count): (&String, &i64)| {
        name.starts_with("rpc.client.call.duration")
            .then_some(*count)
    };
    let ended: Vec<_> = found.iter().filter_map(ended).collect();
    // The first method may be stored next to the interceptors, and that slot may belong to another recorder.
    assert!(ended.len() <= MAX_METHODS + 2, "{}", ended.len());
    assert_eq!(ended.iter().sum::<i64>(), MAX_METHODS as i64 + 10);
    let other = "rpc.client.call.duration error.type=UNAVAILABLE rpc.method=_OTHER rpc.status_code=UNAVAILABLE rpc.system.name=grpc";
    assert!(found[other] >= 9, "{}", found[other]);
}

struct Global {
    script: Script,
}

scripted!(self: Global, #[intercept(metrics)]);

#[tokio::test]
async fn global_meter_is_the_default() {
    let meters = Meters::new();
    opentelemetry::global::set_meter_provider(meters.provider.clone());
    let script = Script::default();
    let server = start(Routes::new(UserServiceServer::new(Global { script }))).await;
    Caller::new(&server.channel).call(Kind::Unary).await;
    server.stop().await;
    let key = "rpc.server.call.duration rpc.method=demo.v1.UserService/GetUser rpc.status_code=OK rpc.system.name=grpc";
    assert_eq!(meters.read()[key], 1);
}

#[test]
fn registering_twice_in_one_registry_fails() {
    let registry = Registry::new();
    let _first = Recorder::prometheus(&registry).unwrap();
    assert!(Recorder::prometheus(&registry).is_err());
}
