//! Connections that are lost during a call.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use interceptors::intercept;
use interceptors_proto::demo::GetUserRequest;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_tests::{Ends, WatchEnds, clients};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// A server that closes the connection once it has the request, and the number of its requests.
async fn closing() -> (Channel, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut connection = h2::server::handshake(socket).await.unwrap();
            if let Some(Ok(_request)) = connection.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    (endpoint.connect_lazy(), requests)
}

#[tokio::test]
async fn lost_connection_is_unavailable_and_retried() {
    let (channel, requests) = closing().await;
    let mut client = clients::retried::UserServiceClient::new(channel);
    let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn wrapped_channel_retries_a_lost_connection() {
    #[intercept(retry(max = 1, base_delay = "1ms"))]
    struct Outbound;

    let (channel, requests) = closing().await;
    let mut client = UserServiceClient::new(Outbound.wrap(channel));
    let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

/// A transport that never becomes ready.
#[derive(Clone)]
struct Broken;

impl tower_service::Service<http::Request<tonic::body::Body>> for Broken {
    type Response = http::Response<tonic::body::Body>;
    type Error = Status;
    type Future = std::future::Pending<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Err(Status::unavailable("broken")))
    }

    fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
        panic!("it was not ready")
    }
}

#[intercept(with(self.0), retry(max = 1, base_delay = "1ms"))]
struct Watching(WatchEnds);

#[tokio::test]
async fn observers_see_a_channel_that_fails_to_become_ready() {
    let (watch, mut ends) = Ends::new();
    let mut client = UserServiceClient::new(Watching(watch.clone()).wrap(Broken));
    let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(ends.next().await.code, Code::Unavailable);

    let mut client = clients::observed::UserServiceClient::new(Broken);
    let mut request = Request::new(GetUserRequest { id: 1 });
    request.extensions_mut().insert(watch);
    let status = client.get_user(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(ends.next().await.code, Code::Unavailable);
}

/// A transport that answers with malformed status details, in trailers or in headers.
#[derive(Clone)]
struct Answering {
    with_message: bool,
}

impl tower_service::Service<http::Request<tonic::body::Body>> for Answering {
    type Response = http::Response<tonic::body::Body>;
    type Error = Status;
    type Future = std::future::Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("grpc-status", "13".parse().unwrap());
        trailers.insert("grpc-status-details-bin", "not base64!".parse().unwrap());
        let mut response = http::Response::new(tonic::body::Body::empty());
        if self.with_message {
            *response.body_mut() = tonic::body::Body::new(Trailers(Some(trailers)));
        } else {
            *response.headers_mut() = trailers;
        }
        let content_type = "application/grpc".parse().unwrap();
        response.headers_mut().insert("content-type", content_type);
        std::future::ready(Ok(response))
    }
}

struct Trailers(Option<http::HeaderMap>);

impl http_body::Body for Trailers {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<bytes::Bytes>, Status>>> {
        Poll::Ready(
            self.0
                .take()
                .map(|trailers| Ok(http_body::Frame::trailers(trailers))),
        )
    }
}

#[tokio::test]
async fn malformed_details_do_not_panic_behind_a_wrapped_channel() {
    let (watch, mut ends) = Ends::new();
    for with_message in [false, true] {
        let channel = Watching(watch.clone()).wrap(Answering { with_message });
        let mut client = UserServiceClient::new(channel);
        let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "{status:?}");
        assert_eq!(ends.next().await.code, Code::Internal);
    }
}
