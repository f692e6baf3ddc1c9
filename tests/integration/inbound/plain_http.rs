//! Requests that are not gRPC pass through the same policy, and are rejected with plain HTTP responses.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use hyper_util::rt::TokioIo;
use interceptors::auth::StaticTokens;
use interceptors::{Outcome, intercept};
use interceptors_tests::{Ends, KINDS, WatchEnds};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tower_http::compression::CompressionLayer;

use super::common::*;

/// Answers with the status in the path.
async fn status(axum::extract::Path(code): axum::extract::Path<u16>) -> impl IntoResponse {
    (StatusCode::from_u16(code).unwrap(), "as you wish")
}

/// A body that looks as if trailers of gRPC-Web were in it.
async fn odd() -> Vec<u8> {
    let mut body = vec![0x80, 0, 0, 0, 14];
    body.extend_from_slice(b"grpc-status: 5");
    body
}

fn router(plain: &Plain) -> axum::Router {
    plain
        .routes()
        .into_axum_router()
        .route("/healthz", get(|| async { "fine" }))
        .route("/status/{code}", get(status))
        .route("/odd", get(odd))
        .route("/echo", post(|body: axum::body::Bytes| async { body }))
        .route(
            "/page",
            get(|| async { "text ".repeat(500) }).layer(CompressionLayer::new()),
        )
}

#[tokio::test]
async fn rejection_is_a_plain_http_response() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve_axum(router(&plain).layer(guard.layer())).await;
    let mut wire = Wire::to(address).await;
    for (method, path) in [
        ("GET", "/status/200"),
        ("GET", "/nothing"),
        ("POST", "/echo"),
        ("DELETE", "/healthz"),
        ("POST", GET_USER),
    ] {
        let answer = wire.ask(method, path, &[], "").await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(answer.grpc_status(), None);
        assert_eq!(
            answer.text(),
            "the request does not carry valid authentication credentials\n"
        );
        let end = told.next().await;
        assert_eq!((end.code, &*end.path), (Code::Unauthenticated, path));
    }
    let head = wire.ask("HEAD", "/status/200", &[], "").await;
    assert_eq!((head.status, head.data.len()), (401, 0));
    assert_eq!(plain.script.runs(), 0);
    // gRPC calls to the same server are rejected with a gRPC status.
    let caller = caller(address).await;
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Unauthenticated);
    }
}

#[tokio::test]
async fn http_status_determines_the_final_code() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve_axum(router(&plain).layer(guard.layer())).await;
    let mut wire = Wire::to(address).await;
    for (status, code) in [
        (200, Code::Ok),
        (204, Code::Ok),
        (302, Code::Ok),
        (400, Code::InvalidArgument),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::NotFound),
        (409, Code::Aborted),
        (418, Code::InvalidArgument),
        (429, Code::ResourceExhausted),
        (500, Code::Internal),
        (501, Code::Unimplemented),
        (502, Code::Internal),
        (503, Code::Unavailable),
        (504, Code::DeadlineExceeded),
    ] {
        let answer = wire
            .ask("GET", &format!("/status/{status}"), &[WITH_TOKEN], "")
            .await;
        assert_eq!(answer.status, status);
        let end = told.next().await;
        assert_eq!(end.code, code, "{status}");
        let outcome = match code {
            Code::Ok => Outcome::Ok,
            _ => Outcome::Error,
        };
        assert_eq!((end.outcome, end.messages), (outcome, 0), "{status}");
    }
    let answer = wire.ask("GET", "/odd", &[WITH_TOKEN], "").await;
    assert_eq!(answer.data.len(), 19);
    let end = told.next().await;
    assert_eq!((end.code, end.messages), (Code::Ok, 0));
}

#[tokio::test]
async fn accepted_requests_pass_unchanged() {
    let (plain, (guard, _told)) = (Plain::default(), Guard::new());
    let guarded = serve_axum(router(&plain).layer(guard.layer())).await;
    let bare = serve_axum(router(&plain)).await;
    let (mut guarded, mut bare) = (Wire::to(guarded).await, Wire::to(bare).await);
    for (method, path, headers, body) in [
        ("GET", "/healthz", &[][..], ""),
        ("HEAD", "/healthz", &[], ""),
        ("HEAD", "/page", &[WITH_TOKEN], ""),
        ("GET", "/page", &[WITH_TOKEN], ""),
        (
            "GET",
            "/page",
            &[WITH_TOKEN, ("accept-encoding", "gzip")],
            "",
        ),
        ("POST", "/echo", &[WITH_TOKEN], "what is said"),
        ("GET", "/echo", &[WITH_TOKEN], ""),
        ("GET", "/nothing", &[WITH_TOKEN], ""),
        ("POST", GET_USER, &[WITH_TOKEN], "no message"),
        ("GET", GET_USER, &[WITH_TOKEN], ""),
    ] {
        let answer = guarded.ask(method, path, headers, body).await;
        let alone = bare.ask(method, path, headers, body).await;
        assert_eq!(answer, alone, "{method} {path}");
    }
}

#[tokio::test]
async fn truncated_request_body_is_left_to_the_route() {
    use tower::ServiceExt;

    let (guard, mut told) = Guard::new();
    let take_any = post(|body: axum::body::Body| async {
        let _ = axum::body::to_bytes(body, 100).await;
        "fine"
    });
    let router = router(&Plain::default()).route("/any", take_any);
    let router = router.layer(guard.layer());
    for (path, status, code, outcome) in [
        ("/echo", 400, Code::InvalidArgument, Outcome::Error),
        // The route ignores the error, so its answer is for half of a request.
        ("/any", 200, Code::Cancelled, Outcome::Cancelled),
    ] {
        let parts = [Ok(axum::body::Bytes::from_static(b"half")), Err("gone")];
        let body = axum::body::Body::from_stream(tokio_stream::iter(parts));
        let request = http::Request::post(path).header(WITH_TOKEN.0, WITH_TOKEN.1);
        let response = router
            .clone()
            .oneshot(request.body(body).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), status);
        let _ = axum::body::to_bytes(response.into_body(), 1000).await;
        let end = told.next().await;
        assert_eq!((end.code, end.outcome), (code, outcome), "{path}");
    }
}

#[intercept(
    server,
    with(self.ends),
    rate_limit(per_minute = 1, burst = 1, only = ["GET /healthz"]),
    auth(verifier = self.tokens, header = "x-api-key", scheme = ""),
    with(self.refuses),
)]
struct Refusing {
    ends: WatchEnds,
    tokens: StaticTokens<&'static str>,
    refuses: Refuses,
}

/// Rejects with the code in `x-code`.
struct Refuses;

impl<Req: Send, Res: Send> interceptors::Interceptor<Req, Res> for Refuses {
    async fn intercept(
        &self,
        call: &mut interceptors::Call<Req>,
        _: &mut impl interceptors::Next<Req, Res>,
    ) -> Result<tonic::Response<Res>, Status> {
        let code = call.metadata().get("x-code").unwrap().to_str().unwrap();
        let code: i32 = code.parse().unwrap();
        let mut status = Status::new(code.into(), "because é");
        let metadata = status.metadata_mut();
        metadata.insert("x-why", "because".parse().unwrap());
        metadata.insert("grpc-retry-pushback-ms", "1001".parse().unwrap());
        Err(status)
    }
}

#[tokio::test]
async fn grpc_codes_map_to_http_statuses() {
    let (ends, mut told) = Ends::new();
    let refusing = Refusing {
        ends,
        tokens: tokens(),
        refuses: Refuses,
    };
    let address = serve_axum(router(&Plain::default()).layer(refusing.layer())).await;
    let mut wire = Wire::to(address).await;
    for (code, status) in [
        (1, 499),
        (2, 500),
        (3, 400),
        (4, 504),
        (5, 404),
        (6, 409),
        (7, 403),
        (8, 429),
        (9, 400),
        (10, 409),
        (11, 400),
        (12, 501),
        (13, 500),
        (14, 503),
        (15, 500),
        (16, 401),
    ] {
        let said = code.to_string();
        let headers = [("x-code", &*said), ("x-api-key", SECRET)];
        let answer = wire.ask("GET", "/nothing", &headers, "").await;
        assert_eq!(answer.status, status, "{code}");
        assert_eq!(answer.text(), "because é\n");
        assert_eq!(answer.header("x-why"), Some("because"));
        assert_eq!(answer.header("retry-after"), Some("2"));
        assert!(
            answer
                .headers
                .keys()
                .all(|name| !name.as_str().starts_with("grpc-"))
        );
        // A custom header has no scheme for `www-authenticate`.
        assert_eq!(answer.header("www-authenticate"), None);
        assert_eq!(told.next().await.code, code.into());
    }
    let limited = |answer: Answer| {
        (
            answer.status,
            answer.header("retry-after").map(str::to_owned),
        )
    };
    assert_eq!(
        limited(wire.ask("GET", "/healthz", &[], "").await),
        (401, None)
    );
    let (status, after) = limited(wire.ask("GET", "/healthz", &[], "").await);
    assert_eq!(status, 429);
    let after: u64 = after.unwrap().parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
}

#[tokio::test]
async fn http1_requests_pass_through_the_policy() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let address = serve_axum(router(&plain).layer(guard.layer())).await;
    let get = |path: &str, more: &str| {
        format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{more}\r\n")
    };
    for (request, expected) in [
        (get("/healthz", ""), "200 OK"),
        (get("http://a/healthz", ""), "200 OK"),
        (get("http://a/status/200", ""), "401 Unauthorized"),
        (get("/status/200", ""), "401 Unauthorized"),
        (
            get("/status/200", "authorization: Bearer a-token-of-ann\r\n"),
            "200 OK",
        ),
        (
            get("/status/200", "authorization: bearer a-token-of-ann\r\n"),
            "200 OK",
        ),
    ] {
        let answer = http1(address, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{request} {answer}"
        );
        let code = match expected {
            "200 OK" => Code::Ok,
            _ => Code::Unauthenticated,
        };
        assert_eq!(told.next().await.code, code, "{request}");
    }
}

/// A body in two pieces whose length is known only at its end.
async fn in_pieces() -> axum::body::Body {
    let pieces = ["as you ", "wish"].map(Ok::<_, std::io::Error>);
    axum::body::Body::from_stream(tokio_stream::iter(pieces))
}

/// The same, with the length in a header.
async fn in_pieces_with_length() -> impl IntoResponse {
    ([("content-length", "11")], in_pieces().await)
}

#[tokio::test]
async fn complete_plain_http_response_is_not_cancelled() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    let router = router(&plain)
        .route("/pieces", get(in_pieces))
        .route("/pieces-with-length", get(in_pieces_with_length));
    let address = serve_axum(router.layer(guard.layer())).await;
    let mut wire = Wire::to(address).await;
    for method in ["GET", "HEAD"] {
        for path in [
            "/healthz",
            "/status/200",
            "/status/204",
            "/status/304",
            "/status/404",
            "/pieces",
            "/pieces-with-length",
        ] {
            let code = match path {
                "/status/404" => Code::NotFound,
                _ => Code::Ok,
            };
            let token = "authorization: Bearer a-token-of-ann\r\nconnection: close";
            let request = format!("{method} {path} HTTP/1.1\r\nhost: a\r\n{token}\r\n\r\n");
            http1(address, &request).await;
            let end = told.next().await;
            assert_eq!(
                (&*end.path, end.code),
                (path, code),
                "{method} over HTTP/1.1"
            );
            wire.ask(method, path, &[WITH_TOKEN], "").await;
            let end = told.next().await;
            assert_eq!((&*end.path, end.code), (path, code), "{method} over HTTP/2");
        }
    }
}

#[tokio::test]
async fn plain_http_response_that_the_client_drops_is_cancelled() {
    let (plain, (guard, mut told)) = (Plain::default(), Guard::new());
    // More than fits into the buffers of a connection.
    let large = || async {
        let piece = || Ok::<_, std::io::Error>(vec![0; 64 * 1024]);
        let pieces = std::iter::repeat_with(piece).take(1024);
        let body = axum::body::Body::from_stream(tokio_stream::iter(pieces));
        ([("content-length", (64 * 1024 * 1024).to_string())], body)
    };
    let router = router(&plain).route("/large", get(large));
    let address = serve_axum(router.layer(guard.layer())).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let token = "authorization: Bearer a-token-of-ann";
    let request = format!("GET /large HTTP/1.1\r\nhost: a\r\n{token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 1024]).await.unwrap();
    drop(stream);
    assert_eq!(told.next().await.outcome, Outcome::Cancelled);
}

/// Takes over the connection, and echoes everything twice.
async fn echo(request: axum::extract::Request) -> impl IntoResponse {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let mut stream = TokioIo::new(upgraded);
        let mut heard = [0; 4];
        while stream.read_exact(&mut heard).await.is_ok() {
            stream.write_all(&heard).await.unwrap();
            stream.write_all(&heard).await.unwrap();
        }
    });
    let headers = [("connection", "upgrade"), ("upgrade", "websocket")];
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

#[intercept(server, with(self.ends), auth(verifier = self.tokens, public = ["GET /ws"]))]
struct Upgrading {
    ends: WatchEnds,
    tokens: StaticTokens<&'static str>,
}

#[tokio::test]
async fn connection_upgrades_pass_through_the_policy() {
    let (ends, mut told) = Ends::new();
    let tokens = tokens();
    let router = Plain::default().routes().into_axum_router();
    let router = router.route("/ws", get(echo)).route("/closed", get(echo));
    let address = serve_axum(router.layer(Upgrading { ends, tokens }.layer())).await;
    for (path, token, expected) in [
        ("/ws", "", "HTTP/1.1 101"),
        ("/closed", "", "HTTP/1.1 401"),
        (
            "/closed",
            "authorization: Bearer a-token-of-ann\r\n",
            "HTTP/1.1 101",
        ),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\n{token}connection: upgrade\r\nupgrade: websocket\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with(expected), "{path} {head}");
        let is_upgraded = expected.ends_with("101");
        if is_upgraded {
            for said in [b"ping", b"pong"] {
                stream.write_all(said).await.unwrap();
                let mut heard = [0; 8];
                soon(stream.read_exact(&mut heard)).await.unwrap();
                assert_eq!(heard, [&said[..], said].concat()[..]);
            }
        }
        let code = told.next().await.code;
        assert_eq!(code == Code::Ok, is_upgraded, "{path} {code:?}");
    }
}
