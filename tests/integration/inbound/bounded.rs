//! Requests for unknown methods do not use up memory, and leave no secrets.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::task::Poll;

use interceptors::auth::StaticTokens;
use interceptors::concurrency::{Capacity, Limiters};
use interceptors::metrics::{MAX_METHODS, Recorder};
use interceptors::{Kind, intercept};
use interceptors_proto::FILE_DESCRIPTOR_SET;
use interceptors_tests::{Behaviour, Events, KINDS};
use prometheus::Registry;
use tonic::{Code, Status};
use tower::{Layer, ServiceExt};
use tracing::level_filters::LevelFilter;

use super::common::*;

#[intercept(
    server,
    metrics(recorder = self.recorder),
    request_id,
    logging(level = "debug"),
    load_shed(limiter = self.limiters),
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login"]),
)]
struct Measured {
    recorder: Recorder,
    limiters: Limiters,
    tokens: StaticTokens<&'static str>,
}

fn measured(registry: &Registry) -> Measured {
    Measured {
        recorder: Recorder::prometheus(registry).unwrap(),
        limiters: Limiters::per_method(&Capacity::max(100)),
        tokens: tokens(),
    }
}

/// The methods that have a series, and the value of each.
fn series(registry: &Registry, family: &str) -> Vec<(String, f64)> {
    let families = registry.gather();
    let Some(family) = families.iter().find(|it| it.name() == family) else {
        return Vec::new();
    };
    let mut series: Vec<(String, f64)> = Vec::new();
    for metric in family.get_metric() {
        let label = |name: &str| {
            let label = metric.get_label().iter().find(|it| it.name() == name);
            label.unwrap().value().to_owned()
        };
        let method = format!("{}/{}", label("grpc_service"), label("grpc_method"));
        let value = metric.get_counter().get_value() + metric.get_gauge().get_value();
        match series.iter_mut().find(|(it, _)| *it == method) {
            Some((_, sum)) => *sum += value,
            None => series.push((method, value)),
        }
    }
    series.sort_by(|a, b| a.0.cmp(&b.0));
    series
}

const STARTED: &str = "grpc_server_started_total";
const HANDLED: &str = "grpc_server_handled_total";

#[tokio::test]
async fn unknown_method_names_create_no_series() {
    let (_events, _guard) = Events::listen(LevelFilter::OFF);
    let registry = Registry::new();
    let plain = Plain::default();
    let address = serve(measured(&registry).layer(), plain.routes()).await;
    let mut wire = Wire::to(address).await;
    const JUNK: usize = 2 * MAX_METHODS;
    for i in 0..JUNK / 2 {
        for path in [
            format!("/junk.Service/Method{i}"),
            format!("/x{i}{GET_USER}"),
        ] {
            // With a token, tonic answers `UNIMPLEMENTED`. Without one, `auth` answers `UNAUTHENTICATED`.
            let headers: &[(&str, &str)] = if i % 2 == 0 {
                &[GRPC]
            } else {
                &[GRPC, WITH_TOKEN]
            };
            let answer = wire.ask("POST", &path, headers, "").await;
            let expected = if i % 2 == 0 { 16 } else { 12 };
            assert_eq!(answer.grpc_status(), Some(expected));
        }
    }
    let other = || ("_OTHER/_OTHER".to_owned(), JUNK as f64);
    assert_eq!(series(&registry, STARTED), [other()]);
    assert_eq!(series(&registry, HANDLED), [other()]);
    // Methods that exist still get their own series, from the first call on.
    let caller = caller(address).await.with(WITH_TOKEN.0, WITH_TOKEN.1);
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        let failing = caller.told(Behaviour::Fail(Code::NotFound));
        assert_eq!(failing.call(kind).await.code(), Code::NotFound);
    }
    let of = |method: &str| (format!("demo.v1.UserService/{method}"), 2.0);
    let expected = [
        other(),
        of("Chat"),
        of("GetUser"),
        of("ImportUsers"),
        of("ListUsers"),
    ];
    assert_eq!(series(&registry, STARTED), expected);
    assert_eq!(series(&registry, HANDLED), expected);
    let in_flight = series(&registry, "grpc_server_in_flight");
    assert!(
        in_flight.iter().all(|(_, value)| *value == 0.0),
        "{in_flight:?}"
    );
    assert_eq!(in_flight.len(), 5);
}

#[tokio::test]
async fn first_stream_is_in_flight_once_it_is_answered() {
    let (_events, _guard) = Events::listen(LevelFilter::OFF);
    let registry = Registry::new();
    let address = serve(measured(&registry).layer(), Plain::default().routes()).await;
    let caller = caller(address).await.with(WITH_TOKEN.0, WITH_TOKEN.1);
    let hanging = caller.told(Behaviour::HangAfter(1));
    let open = hanging.open(Kind::ServerStreaming).await.unwrap();
    let list = |value| vec![("demo.v1.UserService/ListUsers".to_owned(), value)];
    assert_eq!(series(&registry, "grpc_server_in_flight"), list(1.0));
    assert_eq!(series(&registry, STARTED), list(1.0));
    drop(open);
    soon(async {
        while series(&registry, "grpc_server_in_flight") != list(0.0) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(series(&registry, HANDLED), list(1.0));
}

/// A path with a prefix must not take the label of the known method, even if it comes first.
#[tokio::test]
async fn prefixed_path_is_not_counted_as_the_known_method() {
    let (_events, _guard) = Events::listen(LevelFilter::OFF);
    let registry = Registry::new();
    let address = serve(measured(&registry).layer(), Plain::default().routes()).await;
    let mut wire = Wire::to(address).await;
    wire.ask("POST", &format!("/evil{GET_USER}"), &[GRPC, WITH_TOKEN], "")
        .await;
    wire.ask("POST", GET_USER, &[GRPC, WITH_TOKEN], vec![0; 5])
        .await;
    wire.ask("POST", &format!("/evil{GET_USER}"), &[GRPC, WITH_TOKEN], "")
        .await;
    let expected = [
        ("_OTHER/_OTHER".to_owned(), 2.0),
        ("demo.v1.UserService/GetUser".to_owned(), 1.0),
    ];
    assert_eq!(series(&registry, STARTED), expected);
}

#[tokio::test]
async fn logs_never_contain_tokens() {
    let (events, _guard) = Events::listen(LevelFilter::TRACE);
    let registry = Registry::new();
    let plain = Plain::default();
    let address = serve(measured(&registry).layer(), plain.routes()).await;
    let mut wire = Wire::to(address).await;
    for (token, content_type) in [
        (TOKEN, "application/grpc"),
        (TOKEN, "text/plain"),
        ("Bearer another-secret", "application/grpc"),
        ("Bearer another-secret", "text/plain"),
        ("Basic another-secret", "application/grpc-web"),
    ] {
        let headers = [("authorization", token), ("content-type", content_type)];
        for path in [GET_USER, "/junk", "/demo.v1.UserService/Nothing"] {
            let answer = wire.ask("POST", path, &headers, vec![0; 5]).await;
            for secret in [SECRET, "another-secret"] {
                assert!(!format!("{answer:?}").contains(secret));
            }
        }
    }
    let logged = events.take();
    assert!(logged.len() >= 15, "{logged:?}");
    for event in logged {
        let text = format!("{event:?}");
        assert!(
            !text.contains(SECRET) && !text.contains("another-secret"),
            "{text}"
        );
    }
}

#[intercept(
    server,
    load_shed(max = 1, per = method),
    auth(verifier = self.tokens, public = ["/demo.v1.UserService/Login"]),
)]
struct ShedFirst {
    tokens: StaticTokens<&'static str>,
}

#[tokio::test]
async fn unknown_names_do_not_share_limits_with_known_methods() {
    let tokens = tokens();
    let address = serve(ShedFirst { tokens }.layer(), Plain::default().routes()).await;
    let ann = caller(address).await.with(WITH_TOKEN.0, WITH_TOKEN.1);
    let mut wire = Wire::to(address).await;
    let known = ann.call(Kind::ClientStreaming).await;
    assert_eq!(known.code(), Code::Ok);
    for n in 0..1100 {
        let path = format!("/made.up.Service/Method{n}");
        // With a token, and without one.
        let headers = [GRPC, WITH_TOKEN];
        let headers = &headers[..1 + n % 2];
        let answer = wire.ask("POST", &path, headers, framed(&())).await;
        let expected = [Code::Unauthenticated, Code::Unimplemented][n % 2];
        assert_eq!(answer.grpc_status(), Some(expected as i32), "{path}");
    }
    // Methods that are called only now also have their own limits.
    let hanging = ann.told(Behaviour::HangAfter(1));
    let open = hanging.open(Kind::ServerStreaming).await.unwrap();
    let refused = ann.call(Kind::ServerStreaming).await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    for kind in [Kind::Unary, Kind::ClientStreaming, Kind::BidiStreaming] {
        assert_eq!(ann.call(kind).await.code(), Code::Ok, "{kind}");
    }
    drop(open);
}

#[intercept(
    server,
    descriptors = FILE_DESCRIPTOR_SET,
    load_shed(max = 1, per = method),
)]
struct Described;

#[tokio::test]
async fn names_outside_the_descriptor_set_share_one_limit() {
    let layer = Described.layer();
    let ask = |path: &str| {
        let service = tower::service_fn(async |request: http::Request<tonic::body::Body>| {
            if request.uri().path().ends_with("/Hang") {
                std::future::pending::<()>().await;
            }
            Ok::<_, Infallible>(Status::unimplemented("not here").into_http::<tonic::body::Body>())
        });
        let request = http::Request::post(format!("http://here{path}"))
            .header("content-type", "application/grpc")
            .body(tonic::body::Body::empty())
            .unwrap();
        let answer = layer.layer(service).oneshot(request);
        async move {
            let answer = answer.await.unwrap();
            Status::from_header_map(answer.headers()).unwrap().code()
        }
    };
    let mut held = Box::pin(ask("/made.up.First/Hang"));
    let waits = poll_fn(|cx| Poll::Ready(held.as_mut().poll(cx).is_pending()));
    assert!(waits.await);
    for path in ["/made.up.Second/Call", "/demo.v1.UserService/MadeUp"] {
        assert_eq!(ask(path).await, Code::ResourceExhausted, "{path}");
    }
    for path in ["/demo.v1.UserService/Login", "/demo.v1.UserService/GetUser"] {
        assert_eq!(ask(path).await, Code::Unimplemented, "{path}");
    }
    drop(held);
    assert_eq!(ask("/made.up.Second/Call").await, Code::Unimplemented);
}

#[intercept(
    server,
    descriptors = FILE_DESCRIPTOR_SET,
    metrics(recorder = self.recorder),
    auth(verifier = self.tokens),
)]
struct MeasuredByName {
    recorder: Recorder,
    tokens: StaticTokens<&'static str>,
}

#[tokio::test]
async fn described_methods_have_series_before_a_service_answers() {
    let registry = Registry::new();
    let layer = MeasuredByName {
        recorder: Recorder::prometheus(&registry).unwrap(),
        tokens: tokens(),
    };
    let address = serve(layer.layer(), Plain::default().routes()).await;
    let mut wire = Wire::to(address).await;
    for path in [
        GET_USER,
        "/demo.v1.UserService/MadeUp",
        "/x/demo.v1.UserService/GetUser",
    ] {
        let answer = wire.ask("POST", path, &[GRPC], "").await;
        assert_eq!(answer.grpc_status(), Some(16));
    }
    let expected = [
        ("_OTHER/_OTHER".to_owned(), 2.0),
        ("demo.v1.UserService/GetUser".to_owned(), 1.0),
    ];
    assert_eq!(series(&registry, STARTED), expected);
    assert_eq!(series(&registry, HANDLED), expected);
}
