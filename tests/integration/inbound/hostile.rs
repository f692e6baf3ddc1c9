//! Attacks on the wire without a valid token.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use interceptors_proto::demo::GetUserRequest;
use interceptors_tests::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tower::ServiceExt;

use super::common::*;

/// A body that must not be polled.
struct Untouched;

impl http_body::Body for Untouched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        panic!("the body of a rejected request is read");
    }
}

#[tokio::test]
async fn bodies_of_rejected_requests_are_not_read() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let service = guard.wrap(plain.routes());
    for content_type in ["application/grpc", "application/grpc-web", "text/plain"] {
        let request = http::Request::post(GET_USER).header("content-type", content_type);
        let response = service
            .clone()
            .oneshot(request.body(Untouched).unwrap())
            .await;
        let response = response.unwrap();
        let is_refused = response.status() == 401 || response.headers()["grpc-status"] == "16";
        assert!(is_refused);
        assert_eq!(told.next().await.code, Code::Unauthenticated);
    }
}

#[tokio::test]
async fn rejection_is_sent_before_the_body_arrives() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    let mut wire = Wire::to(address).await;
    let request = wire.request("POST", GET_USER, &[GRPC, ("content-length", "1000000000")]);
    let (response, mut body) = wire.begin(request, false);
    let _ = body.send_data(Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff]), false);
    let answer = soon(answer(response)).await.unwrap();
    assert_eq!(answer.grpc_status(), Some(16));
    // Other requests on the connection continue.
    let message = framed(&GetUserRequest { id: 7 });
    let answer = wire
        .ask("POST", GET_USER, &[GRPC, WITH_TOKEN], message)
        .await;
    assert_eq!(answer.grpc_status(), Some(0));

    let mut stream = TcpStream::connect(address).await.unwrap();
    let head =
        format!("POST {GET_USER} HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\nx");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begun = [0; 12];
    soon(stream.read_exact(&mut begun)).await.unwrap();
    assert_eq!(&begun, b"HTTP/1.1 401");
    assert_eq!(plain.script.runs(), 1);
}

#[tokio::test]
async fn only_a_single_bearer_value_is_accepted() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let mut wire = Wire::to(serve(guard.layer(), plain.routes()).await).await;
    let message = framed(&GetUserRequest { id: 7 });
    for headers in [
        &[GRPC, WITH_TOKEN, WITH_TOKEN][..],
        &[GRPC, WITH_TOKEN, ("authorization", "Bearer x")],
        &[GRPC, ("authorization", "Bearer x"), WITH_TOKEN],
        &[GRPC, ("authorization", "Bearer x, Bearer a-token-of-ann")],
        &[GRPC, ("authorization", "Bearer a-token-of-ann, x")],
        &[GRPC, ("authorization", "Basic a-token-of-ann")],
        &[GRPC, ("authorization", "a-token-of-ann")],
        &[GRPC, ("authorization", "Bearer")],
        &[GRPC, ("authorization", "Bearer ")],
        &[GRPC, ("proxy-authorization", TOKEN)],
        &[GRPC, ("grpc-metadata-authorization", TOKEN)],
        &[GRPC, ("x-original-url", LOGIN)],
        &[
            GRPC,
            ("x-rewrite-url", LOGIN),
            ("x-http-method-override", "GET"),
        ],
        &[
            GRPC,
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
        ],
    ] {
        let answer = wire.ask("POST", GET_USER, headers, message.clone()).await;
        assert_eq!(answer.grpc_status(), Some(16), "{headers:?}");
    }
    assert_eq!(plain.script.runs(), 0);
}

#[tokio::test]
async fn duplicate_content_types_do_not_bypass_auth() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let mut wire = Wire::to(serve(guard.layer(), plain.routes()).await).await;
    const JSON: (&str, &str) = ("content-type", "application/json");
    const WEB: (&str, &str) = ("content-type", "application/grpc-web");
    for headers in [
        &[GRPC, JSON][..],
        &[JSON, GRPC],
        &[WEB, GRPC],
        &[GRPC, WEB],
        &[GRPC, GRPC],
    ] {
        let message = framed(&GetUserRequest { id: 7 });
        let answer = wire.ask("POST", GET_USER, headers, message.clone()).await;
        assert!(
            answer.status == 401 || answer.grpc_status() == Some(16),
            "{headers:?}"
        );
        assert_eq!(plain.script.runs(), 0);
    }
}

#[tokio::test]
async fn token_in_request_trailers_is_ignored() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let guarded = serve(guard.layer(), plain.routes()).await;
    let bare = interceptors_tests::listen(Plain::default().routes()).await;
    let mut answers = Vec::new();
    for address in [guarded, bare] {
        let mut wire = Wire::to(address).await;
        let mut request = wire.request("POST", GET_USER, &[GRPC, WITH_TOKEN]);
        for with_token in [true, false] {
            if !with_token {
                request.headers_mut().remove("authorization");
            }
            let (response, mut body) = wire.begin(request.clone(), false);
            let mut trailers = http::HeaderMap::new();
            // A token in the trailers comes too late.
            trailers.insert("authorization", TOKEN.parse().unwrap());
            trailers.insert("grpc-status", "0".parse().unwrap());
            body.send_trailers(trailers).unwrap();
            answers.push(soon(answer(response)).await.unwrap());
        }
    }
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[1].grpc_status(), Some(16));
    assert_eq!(
        told.next().await.code as i32,
        answers[2].grpc_status().unwrap()
    );
    assert_eq!(plain.script.runs(), 0);
}

#[tokio::test]
async fn requests_on_one_connection_are_checked_separately() {
    let plain = Plain::default();
    let (guard, _told) = Guard::new();
    let address = serve(guard.layer(), plain.routes()).await;
    // Pipelined over HTTP/1.1.
    let get = |token: bool, last: bool| {
        let token = if token {
            "authorization: Bearer a-token-of-ann\r\n"
        } else {
            ""
        };
        let last = if last { "connection: close\r\n" } else { "" };
        format!("GET /nothing HTTP/1.1\r\nhost: a\r\n{token}{last}\r\n")
    };
    let requests = [
        get(false, false),
        get(true, false),
        get(false, false),
        get(true, false),
        get(false, true),
    ];
    let answers = http1(address, &requests.concat()).await;
    let statuses: Vec<&str> = answers
        .match_indices("HTTP/1.1 ")
        .map(|(at, head)| &answers[at + head.len()..][..3])
        .collect();
    assert_eq!(statuses, ["401", "200", "401", "200", "401"], "{answers}");
    // Concurrently over HTTP/2.
    let mut wire = Wire::to(address).await;
    let mut open = Vec::new();
    for i in 0..50 {
        let token: &[(&str, &str)] = if i % 2 == 0 {
            &[GRPC, WITH_TOKEN]
        } else {
            &[GRPC]
        };
        let request = wire.request("POST", GET_USER, token);
        let (response, mut body) = wire.begin(request, false);
        body.send_data(framed(&GetUserRequest { id: i }).into(), true)
            .unwrap();
        open.push(response);
    }
    for (i, response) in open.into_iter().enumerate() {
        let answer = soon(answer(response)).await.unwrap();
        let expected = if i % 2 == 0 { 0 } else { 16 };
        assert_eq!(answer.grpc_status(), Some(expected), "{i}");
    }
    assert_eq!(plain.script.runs(), 25);
}

#[tokio::test]
async fn request_smuggling_is_rejected() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    let inner = "GET /nothing HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a-token-of-ann\r\nconnection: close\r\n\r\n";
    for head in [
        format!(
            "content-length: {}\r\ntransfer-encoding: chunked\r\n",
            inner.len()
        ),
        format!("content-length: 0\r\ncontent-length: {}\r\n", inner.len()),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "transfer-encoding : chunked\r\n".to_owned(),
        "authorization : Bearer a-token-of-ann\r\n".to_owned(),
        "x: y\r\n authorization: Bearer a-token-of-ann\r\n".to_owned(),
        "x: y\rauthorization: Bearer a-token-of-ann\r\n".to_owned(),
    ] {
        let request =
            format!("POST {LOGIN}x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{head}\r\n{inner}");
        let answer = http1(address, &request).await;
        let is_open = answer.match_indices("HTTP/1.1 ").any(|(at, _)| {
            let status = &answer[at + 9..][..3];
            status != "400" && status != "401"
        });
        assert!(!is_open, "{head} {answer}");
    }
}

#[tokio::test]
async fn connect_and_upgrade_requests_are_rejected() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve(guard.layer(), plain.routes()).await;
    for request in [
        "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n",
        "GET /ws HTTP/1.1\r\nhost: a\r\nconnection: upgrade, close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "TRACE / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut begun = [0; 12];
        soon(stream.read_exact(&mut begun)).await.unwrap();
        assert_eq!(
            std::str::from_utf8(&begun).unwrap(),
            "HTTP/1.1 401",
            "{request}"
        );
        assert_eq!(told.next().await.code, Code::Unauthenticated);
    }
    // In HTTP/2, a CONNECT has neither a scheme nor a path.
    let mut wire = Wire::to(address).await;
    let mut request = http::Request::new(());
    *request.method_mut() = http::Method::CONNECT;
    *request.uri_mut() = "example.com:443".parse().unwrap();
    let (response, body) = wire.begin(request, false);
    let head = soon(response).await.unwrap();
    assert_eq!(head.status(), 401);
    drop(body);
    assert_eq!(told.next().await.code, Code::Unauthenticated);
    let _: &Script = &plain.script;
}

#[tokio::test]
async fn body_sent_byte_by_byte_is_one_message() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let mut wire = Wire::to(serve(guard.layer(), plain.routes()).await).await;
    let request = wire.request("POST", GET_USER, &[GRPC, WITH_TOKEN]);
    let (response, mut body) = wire.begin(request, false);
    for byte in framed(&GetUserRequest { id: 300 }) {
        body.send_data(Bytes::from(vec![byte]), false).unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(plain.script.runs(), 0);
    body.send_data(Bytes::new(), true).unwrap();
    let answer = soon(answer(response)).await.unwrap();
    assert_eq!(answer.grpc_status(), Some(0));
    let end = told.next().await;
    assert_eq!((end.code, end.messages), (Code::Ok, 1));
}
