//! Calls that pass a server's policy behave as if there were no policy.

use std::task::{Context, Poll};

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_of::collected;
use interceptors::intercept;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Behaviour, KINDS, ask_each_time};
use tonic::Code;
use tower::{Layer, Service, ServiceExt};

use super::common::*;

#[intercept(server)]
struct Empty;

/// All entries that change nothing.
#[intercept(
    server,
    catch_panic,
    logging,
    metrics,
    timeout("1h", idle = "30m"),
    concurrency(max = 1000),
    load_shed(max = 1000),
    rate_limit(per_second = 100000)
)]
struct Looking;

fn message(path: &str) -> Vec<u8> {
    match path {
        GET_USER => framed(&GetUserRequest { id: 7 }),
        LIST_USERS => framed(&ListUsersRequest::default()),
        IMPORT_USERS => framed(&User::default()).repeat(2),
        _ => framed(&ChatMessage::default()).repeat(2),
    }
}

const PATHS: [&str; 5] = [
    GET_USER,
    LIST_USERS,
    IMPORT_USERS,
    CHAT,
    "/demo.v1.UserService/Nothing",
];

#[tokio::test]
async fn responses_are_byte_identical_to_the_bare_server() {
    ask_each_time();
    let plain = Plain::default();
    let bare = interceptors_tests::listen(plain.routes()).await;
    let empty = serve(Empty.layer(), plain.routes()).await;
    let looking = serve(Looking.layer(), plain.routes()).await;
    let axum = serve_axum(plain.routes().into_axum_router().layer(Empty.layer())).await;
    let mut bare = Wire::to(bare).await;
    let mut others = [
        Wire::to(empty).await,
        Wire::to(looking).await,
        Wire::to(axum).await,
    ];
    let behaviours = [
        Behaviour::Answer(0),
        Behaviour::Answer(1),
        Behaviour::Answer(1000),
        Behaviour::Fail(Code::Cancelled),
        Behaviour::Fail(Code::Unauthenticated),
        Behaviour::FailAfter(0, Code::Internal),
        Behaviour::FailAfter(3, Code::NotFound),
    ];
    for path in PATHS {
        for behaviour in behaviours {
            let said = behaviour.to_string();
            let headers = [
                GRPC,
                (Behaviour::KEY, &said),
                ("x-twice", "1"),
                ("x-twice", "2"),
                ("x-data-bin", "AQID"),
                ("grpc-timeout", "1H"),
                ("grpc-accept-encoding", "gzip"),
            ];
            let expected = bare.ask("POST", path, &headers, message(path)).await;
            for (n, wire) in others.iter_mut().enumerate() {
                let answer = wire.ask("POST", path, &headers, message(path)).await;
                assert_eq!(answer, expected, "{n} {path} {behaviour:?}");
            }
        }
    }
    assert_eq!(KINDS.len() + 1, PATHS.len());
}

#[derive(Debug, Clone, PartialEq)]
struct Mark(u32);

/// The request that arrived, as far as it can be compared.
#[derive(Debug, Clone, PartialEq)]
struct Came {
    method: http::Method,
    uri: http::Uri,
    version: http::Version,
    headers: HeaderMap,
    mark: Option<Mark>,
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
}

/// Answers with everything that a response can have, and keeps the request.
#[derive(Clone, Default)]
struct Everything {
    status: Option<(&'static str, bool)>,
    came: std::sync::Arc<std::sync::Mutex<Option<Came>>>,
}

impl Service<Request<tonic::body::Body>> for Everything {
    type Response = Response<tonic::body::Body>;
    type Error = std::convert::Infallible;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let (body, trailers) = collected(body).await;
            *this.came.lock().unwrap() = Some(Came {
                method: head.method,
                uri: head.uri,
                version: head.version,
                headers: head.headers,
                mark: head.extensions.get().cloned(),
                body,
                trailers,
            });
            let (status, in_headers) = this.status.unwrap();
            let mut response = Response::new(tonic::body::Body::empty());
            let headers = response.headers_mut();
            headers.insert(
                "content-type",
                HeaderValue::from_static("application/grpc+proto"),
            );
            for value in ["1", "2"] {
                headers.append("x-twice", HeaderValue::from_static(value));
            }
            headers.insert("x-data-bin", HeaderValue::from_static("AQID"));
            headers.insert("x-opaque", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
            let mut end = HeaderMap::new();
            end.insert("grpc-status", HeaderValue::from_static(status));
            end.insert("grpc-message", HeaderValue::from_static("so%20%C3%A9%25"));
            end.insert(
                "grpc-status-details-bin",
                HeaderValue::from_static("CAUSAg"),
            );
            end.append("x-end", HeaderValue::from_static("1"));
            end.append("x-end", HeaderValue::from_static("2"));
            if in_headers {
                headers.extend(end);
            } else {
                let parts = tokio_stream::iter([
                    Ok::<_, std::convert::Infallible>(http_body::Frame::data(
                        bytes::Bytes::from_static(&[0, 0, 0, 0, 1, 9]),
                    )),
                    Ok(http_body::Frame::trailers(end)),
                ]);
                *response.body_mut() = tonic::body::Body::new(http_body_of::Parts(parts));
            }
            response.extensions_mut().insert(Mark(8));
            Ok(response)
        })
    }
}

/// Helpers for bodies.
mod http_body_of {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use http::HeaderMap;
    use http_body::{Body, Frame};
    use tokio_stream::Stream;

    pub(super) struct Parts<S>(pub(super) S);

    impl<S, E> Body for Parts<S>
    where
        S: Stream<Item = Result<Frame<Bytes>, E>> + Unpin,
    {
        type Data = Bytes;
        type Error = E;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, E>>> {
            Pin::new(&mut self.0).poll_next(cx)
        }
    }

    /// The data and the trailers.
    pub(super) async fn collected<B>(body: B) -> (Vec<u8>, Option<HeaderMap>)
    where
        B: Body<Data = Bytes>,
        B::Error: std::fmt::Debug,
    {
        let mut body = pin!(body);
        let (mut data, mut trailers) = (Vec::new(), None);
        while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            match frame.unwrap().into_data() {
                Ok(part) => data.extend_from_slice(&part),
                Err(frame) => trailers = frame.into_trailers().ok(),
            }
        }
        (data, trailers)
    }
}

fn asked() -> Request<tonic::body::Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-request-end", HeaderValue::from_static("1"));
    let parts = tokio_stream::iter([
        Ok::<_, std::convert::Infallible>(http_body::Frame::data(bytes::Bytes::from_static(b"ab"))),
        Ok(http_body::Frame::trailers(trailers)),
    ]);
    let mut request = Request::post("http://a.example:1/demo.v1.UserService/GetUser?a=b")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", "me")
        .header("x-twice", "1")
        .header("x-twice", "2")
        .header("x-opaque", HeaderValue::from_bytes(b"\xff").unwrap())
        .body(tonic::body::Body::new(http_body_of::Parts(parts)))
        .unwrap();
    request.extensions_mut().insert(Mark(7));
    request
}

/// All of a response that a layer outside can see.
async fn seen<S, R>(
    service: S,
) -> (
    http::StatusCode,
    HeaderMap,
    Option<Mark>,
    Vec<u8>,
    Option<HeaderMap>,
)
where
    S: Service<Request<tonic::body::Body>, Response = Response<R>>,
    S::Error: std::fmt::Debug,
    R: http_body::Body<Data = bytes::Bytes>,
    R::Error: std::fmt::Debug,
{
    let (head, body) = service.oneshot(asked()).await.unwrap().into_parts();
    let (data, trailers) = collected(body).await;
    (
        head.status,
        head.headers,
        head.extensions.get().cloned(),
        data,
        trailers,
    )
}

#[tokio::test]
async fn only_request_trailers_are_dropped() {
    ask_each_time();
    for in_headers in [false, true] {
        for status in ["0", "5", "13", "16"] {
            let service = Everything {
                status: Some((status, in_headers)),
                ..Everything::default()
            };
            let expected = seen(service.clone()).await;
            let mut came = service.came.lock().unwrap().take();
            assert_eq!(came.as_ref().unwrap().mark, Some(Mark(7)));
            let trailers = came.as_mut().unwrap().trailers.take();
            assert_ne!(trailers, None, "a bare service gets them");
            assert_eq!(expected.2, Some(Mark(8)));
            assert_eq!(seen(Empty.layer().layer(service.clone())).await, expected);
            assert_eq!(service.came.lock().unwrap().take(), came);
            assert_eq!(
                seen(Empty.wrap(Empty.wrap(service.clone()))).await,
                expected
            );
            assert_eq!(service.came.lock().unwrap().take(), came);
            assert_eq!(seen(Looking.wrap(service.clone())).await, expected);
            assert_eq!(service.came.lock().unwrap().take(), came);
        }
    }
}
