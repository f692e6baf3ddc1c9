//! gRPC-Web passes through the same policy, whether tonic-web is inside or outside of it.

use std::net::SocketAddr;

use axum::routing::get;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use interceptors::{Outcome, intercept};
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use interceptors_tests::{Behaviour, Ends, WatchEnds};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Code;
use tonic::transport::Server;
use tonic_web::GrpcWebLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::trace::TraceLayer;

use super::common::*;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Without the mount.
    Bare,
    /// The mount sees gRPC-Web.
    Outside,
    /// The mount sees gRPC.
    Inside,
    /// As `Outside`, with other common layers around the mount.
    Equipped,
}

const ORDERS: [Order; 3] = [Order::Outside, Order::Inside, Order::Equipped];

async fn serve_web<C>(order: Order, layer: interceptors::server::InterceptLayer<C>) -> SocketAddr
where
    C: interceptors::server::ServerChain,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let incoming = TcpListenerStream::new(listener);
    let routes = Plain::default().routes();
    let server = Server::builder().accept_http1(true);
    match order {
        Order::Bare => {
            let mut server = server.layer(GrpcWebLayer::new());
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
        Order::Outside => {
            let mut server = server.layer(layer).layer(GrpcWebLayer::new());
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
        Order::Inside => {
            let mut server = server.layer(GrpcWebLayer::new()).layer(layer);
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
        Order::Equipped => {
            let cors = CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([Method::POST])
                .allow_headers(Any)
                .expose_headers(["grpc-status", "grpc-message"].map(HeaderName::from_static));
            let mut server = server
                .layer(TraceLayer::new_for_grpc())
                .layer(CompressionLayer::new())
                .layer(cors)
                .layer(layer)
                .layer(GrpcWebLayer::new());
            tokio::spawn(server.add_routes(routes).serve_with_incoming(incoming));
        }
    }
    address
}

/// Decodes base64 texts with padding, one after another.
fn decoded(text: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("no base64"),
    };
    let mut data = Vec::new();
    for group in text.chunks(4) {
        assert_eq!(group.len(), 4);
        let digits: Vec<u8> = group
            .iter()
            .filter(|byte| **byte != b'=')
            .map(value)
            .collect();
        let bits = digits
            .iter()
            .fold(0u32, |bits, digit| bits << 6 | u32::from(*digit));
        let bits = bits << (6 * (4 - digits.len()));
        data.extend_from_slice(&bits.to_be_bytes()[1..digits.len()]);
    }
    data
}

/// The number of messages, and the trailers.
fn parsed(answer: &Answer) -> (usize, Option<String>) {
    let is_text = answer
        .header("content-type")
        .unwrap()
        .starts_with("application/grpc-web-text");
    let data = match is_text {
        true => decoded(&answer.data),
        false => answer.data.to_vec(),
    };
    let (mut rest, mut messages, mut trailers) = (&data[..], 0, None);
    while !rest.is_empty() {
        let length = u32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let (frame, after) = rest.split_at(5 + length);
        assert_eq!(trailers, None, "nothing comes after the trailers");
        match frame[0] {
            0x80 => trailers = Some(String::from_utf8(frame[5..].to_vec()).unwrap()),
            _ => messages += 1,
        }
        rest = after;
    }
    (messages, trailers)
}

fn code_of(answer: &Answer) -> Option<i32> {
    let (_, trailers) = parsed(answer);
    let in_body = trailers.and_then(|trailers| {
        let mut lines = trailers
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .into_iter();
        let line = lines.find(|line| line.starts_with("grpc-status:"))?;
        line["grpc-status:".len()..].trim().parse().ok()
    });
    in_body.or(answer.grpc_status())
}

const BINARY: [&str; 2] = ["application/grpc-web", "application/grpc-web+proto"];
const TEXT: [&str; 2] = [
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
];

fn is_text(content_type: &str) -> bool {
    TEXT.contains(&content_type)
}

/// A request message as gRPC-Web sends it.
fn sent(content_type: &str, message: Vec<u8>) -> Bytes {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if !is_text(content_type) {
        return message.into();
    }
    let mut text = Vec::new();
    for group in message.chunks(3) {
        let mut bytes = [0; 4];
        bytes[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(bytes);
        for digit in 0..4 {
            text.push(match digit <= group.len() {
                true => DIGITS[(bits >> (18 - 6 * digit) & 63) as usize],
                false => b'=',
            });
        }
    }
    text.into()
}

fn both() -> impl Iterator<Item = &'static str> {
    BINARY.into_iter().chain(TEXT)
}

#[tokio::test]
async fn responses_pass_unchanged_and_observers_see_the_final_status() {
    let behaviours = [
        (Behaviour::Answer(0), Code::Ok),
        (Behaviour::Answer(3), Code::Ok),
        (Behaviour::Fail(Code::Aborted), Code::Aborted),
        (Behaviour::FailAfter(2, Code::NotFound), Code::NotFound),
    ];
    for order in ORDERS {
        let (guard, mut told) = Guard::new();
        let address = serve_web(order, guard.layer()).await;
        let bare = serve_web(Order::Bare, Guard::new().0.layer()).await;
        let (mut wire, mut bare) = (Wire::to(address).await, Wire::to(bare).await);
        for content_type in both() {
            for accept in both() {
                for (behaviour, code) in behaviours {
                    let said = behaviour.to_string();
                    let headers = [
                        ("content-type", content_type),
                        ("accept", accept),
                        (Behaviour::KEY, &said),
                        WITH_TOKEN,
                    ];
                    for (path, message) in [
                        (GET_USER, framed(&GetUserRequest { id: 7 })),
                        (LIST_USERS, framed(&ListUsersRequest::default())),
                    ] {
                        let what =
                            format!("{order:?} {content_type} {accept} {behaviour:?} {path}");
                        let body = sent(content_type, message);
                        let answer = wire.ask("POST", path, &headers, body.clone()).await;
                        let mut alone = bare.ask("POST", path, &headers, body).await;
                        if order == Order::Equipped {
                            alone.headers = answer.headers.clone();
                        }
                        assert_eq!(answer, alone, "{what}");
                        assert_eq!(code_of(&answer), Some(code as i32), "{what}");
                        let end = told.next().await;
                        assert_eq!((end.code, &*end.path), (code, path), "{what}");
                        assert_eq!(end.messages, parsed(&answer).0 as u64, "{what}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn rejection_is_a_grpc_status() {
    for order in ORDERS {
        let (guard, mut told) = Guard::new();
        let address = serve_web(order, guard.layer()).await;
        let mut wire = Wire::to(address).await;
        for content_type in both() {
            for path in [GET_USER, "/demo.v1.UserService/Nothing", "/x"] {
                let headers = [
                    ("content-type", content_type),
                    ("origin", "http://a.example"),
                ];
                let body = sent(content_type, framed(&GetUserRequest { id: 7 }));
                let answer = wire.ask("POST", path, &headers, body).await;
                let what = format!("{order:?} {content_type} {path} {answer:?}");
                assert_eq!((answer.status, code_of(&answer)), (200, Some(16)), "{what}");
                let is_web = answer
                    .header("content-type")
                    .unwrap()
                    .starts_with("application/grpc-web");
                assert!(is_web, "{what}");
                let end = told.next().await;
                assert_eq!(
                    (end.code, &*end.path),
                    (Code::Unauthenticated, path),
                    "{what}"
                );
                if order == Order::Equipped {
                    // What a browser needs to read it.
                    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
                    let exposed = answer.header("access-control-expose-headers").unwrap();
                    assert!(exposed.contains("grpc-status"));
                }
            }
        }
        // Over HTTP/1.1, too.
        let request = format!(
            "POST {GET_USER} HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc-web+proto\r\n\
             content-length: 0\r\nconnection: close\r\n\r\n"
        );
        let answer = http1(address, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("grpc-status: 16"), "{answer}");
    }
}

#[intercept(server, with(self.ends), catch_panic, timeout("1s"))]
struct Hurried {
    ends: WatchEnds,
}

#[tokio::test(start_paused = true)]
async fn timed_out_stream_ends_with_a_status_in_its_body() {
    for order in ORDERS {
        for accept in both() {
            let (ends, mut told) = Ends::new();
            let address = serve_web(order, Hurried { ends }.layer()).await;
            let mut wire = Wire::patient(address).await;
            for (behaviour, code, outcome) in [
                (
                    Behaviour::HangAfter(2),
                    Code::DeadlineExceeded,
                    Outcome::Error,
                ),
                (Behaviour::PanicAfter(0), Code::Internal, Outcome::Panicked),
            ] {
                let said = behaviour.to_string();
                let headers = [
                    ("content-type", "application/grpc-web+proto"),
                    ("accept", accept),
                    (Behaviour::KEY, &*said),
                ];
                let body = framed(&ListUsersRequest::default());
                let answer = wire.ask("POST", LIST_USERS, &headers, body).await;
                assert_eq!(
                    code_of(&answer),
                    Some(code as i32),
                    "{order:?} {accept} {answer:?}"
                );
                let end = told.next().await;
                assert_eq!(
                    (end.code, end.outcome),
                    (code, outcome),
                    "{order:?} {accept}"
                );
                assert_eq!(end.messages, parsed(&answer).0 as u64);
            }
        }
    }
}

#[tokio::test]
async fn cors_layer_answers_preflights_before_the_policy() {
    let (guard, mut told) = Guard::new();
    let address = serve_web(Order::Equipped, guard.layer()).await;
    let mut wire = Wire::to(address).await;
    let headers = [
        ("origin", "http://a.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,x-grpc-web"),
    ];
    let answer = wire.ask("OPTIONS", GET_USER, &headers, "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        HeaderValue::from_static("*")
    );
    // Without a CORS layer outside, the policy rejects the preflight.
    let (guard, mut other) = Guard::new();
    let address = serve_web(Order::Outside, guard.layer()).await;
    let answer = Wire::to(address)
        .await
        .ask("OPTIONS", GET_USER, &headers, "")
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(other.next().await.code, Code::Unauthenticated);
    // The first reported end is that of this call, so the preflight reported none.
    wire.ask("POST", CHAT, &[GRPC], "").await;
    assert_eq!(told.next().await.path, CHAT);
}

/// The order that the documentation shows for axum: gRPC-Web around the services alone, then the policy, then CORS.
#[tokio::test]
async fn grpc_web_beside_rest_routes() {
    let healthz = || get(|| async { "fine" });
    let cors = CorsLayer::new()
        .allow_origin(HeaderValue::from_static("https://app.example.com"))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(["authorization", "x-grpc-web"].map(HeaderName::from_static));
    let (guard, mut told) = Guard::new();
    let router = Plain::default().routes().into_axum_router();
    let router = router
        .layer(GrpcWebLayer::new())
        .route("/healthz", healthz());
    let address = serve_axum(router.layer(guard.layer()).layer(cors)).await;

    let healthz_by_http1 = "GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = http1(address, healthz_by_http1).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(told.next().await.code, Code::Ok);

    let mut wire = Wire::to(address).await;
    let preflight = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let answer = wire.ask("OPTIONS", GET_USER, &preflight, "").await;
    let allowed = answer.header("access-control-allow-headers");
    assert_eq!(
        (answer.status, allowed),
        (200, Some("authorization,x-grpc-web"))
    );

    let message = framed(&GetUserRequest { id: 7 });
    let headers = [("content-type", BINARY[0]), WITH_TOKEN];
    let answer = wire.ask("POST", GET_USER, &headers, message.clone()).await;
    assert_eq!((code_of(&answer), parsed(&answer).0), (Some(0), 1));
    assert_eq!(told.next().await.path, GET_USER);
    let answer = wire.ask("POST", GET_USER, &headers[..1], message).await;
    assert_eq!(code_of(&answer), Some(Code::Unauthenticated as i32));

    // Around REST routes, tonic-web's layer rejects HTTP/1.1.
    let (guard, _told) = Guard::new();
    let router = Plain::default().routes().into_axum_router();
    let router = router.route("/healthz", healthz()).layer(guard.layer());
    let address = serve_axum(router.layer(GrpcWebLayer::new())).await;
    let answer = http1(address, healthz_by_http1).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn plain_grpc_passes_unchanged() {
    for order in ORDERS {
        let (guard, mut told) = Guard::new();
        let caller = caller(serve_web(order, guard.layer()).await).await;
        for kind in interceptors_tests::KINDS {
            assert_eq!(caller.call(kind).await.code(), Code::Unauthenticated);
            told.next().await;
            let caller = caller.with(WITH_TOKEN.0, WITH_TOKEN.1);
            let reply = caller
                .told(Behaviour::FailAfter(2, Code::NotFound))
                .call(kind)
                .await;
            assert_eq!(reply.code(), Code::NotFound);
            assert_eq!(told.next().await.messages, reply.messages.len() as u64);
        }
    }
}
