//! How a request is framed, and when its messages are polled.

use std::future::{Ready, poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use http::HeaderMap;
use http_body::Body as _;
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, ImportSummary, User};
use interceptors_tests::clients;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tower::service_fn;

/// A server that answers with an empty message and reports the size of each frame of the request.
async fn counting() -> (Channel, mpsc::UnboundedReceiver<Vec<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, frames) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(socket).await.unwrap();
        while let Some(Ok((request, answer))) = connection.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut body = request.into_body();
                let mut sizes = Vec::new();
                while let Some(Ok(data)) = body.data().await {
                    sizes.push(data.len());
                }
                tell.send(sizes).unwrap();
                answer_with_an_empty_message(answer);
            });
        }
    });
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    (endpoint.connect_lazy(), frames)
}

fn answer_with_an_empty_message(mut answer: SendResponse<Bytes>) {
    let mut response = http::Response::new(());
    let content_type = "application/grpc".parse().unwrap();
    response.headers_mut().insert("content-type", content_type);
    let mut send = answer.send_response(response, false).unwrap();
    send.send_data(Bytes::from_static(&[0; 5]), false).unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    send.send_trailers(trailers).unwrap();
}

#[intercept(retry(max = 1))]
struct Outbound;

#[tokio::test]
async fn single_message_request_is_one_frame() {
    let (channel, mut frames) = counting().await;
    let request = GetUserRequest { id: 1 };
    let mut bare = UserServiceClient::new(channel.clone());
    bare.get_user(request).await.unwrap();
    assert_eq!(frames.recv().await.unwrap(), [7, 0], "tonic by itself");
    let mut wrapped = UserServiceClient::new(Outbound.wrap(channel.clone()));
    wrapped.get_user(request).await.unwrap();
    assert_eq!(frames.recv().await.unwrap(), [7], "a wrapped channel");
    let mut client = clients::retried::UserServiceClient::new(channel);
    client.get_user(request).await.unwrap();
    assert_eq!(frames.recv().await.unwrap(), [7], "a generated client");
    let users = tokio_stream::iter([User::default(), User::default()]);
    let summary = client.import_users(users).await.unwrap().into_inner();
    assert_eq!(summary, ImportSummary::default());
    let sent: usize = frames.recv().await.unwrap().iter().sum();
    assert_eq!(sent, 10);
}

#[tokio::test]
async fn too_long_message_is_not_sent() {
    let (channel, mut frames) = counting().await;
    let client = clients::retried::UserServiceClient::new(channel);
    let mut client = client.max_encoding_message_size(1);
    let status = client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    // hyper turns an error of the request's body into this, also without the attribute.
    assert_eq!(status.code(), Code::Internal, "{status:?}");
    drop(client);
    assert_eq!(frames.recv().await.unwrap_or_default(), [0; 0]);
}

/// A stream that records whether it was polled.
struct Asked(Arc<AtomicBool>);

impl Stream for Asked {
    type Item = User;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<User>> {
        self.0.store(true, Ordering::SeqCst);
        Poll::Ready(None)
    }
}

#[tokio::test]
async fn request_stream_is_first_polled_by_the_transport() {
    let asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    let unread = service_fn(move |_: http::Request<Body>| {
        ready(Err::<http::Response<Body>, _>(
            match seen.load(Ordering::SeqCst) {
                true => Status::internal("it was asked too early"),
                false => Status::aborted("as it should be"),
            },
        ))
    });
    let mut client = clients::observed::UserServiceClient::new(unread);
    let status = client.import_users(Asked(asked)).await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted, "{status:?}");
}

/// A transport that records whether a slot was reserved.
#[derive(Clone)]
struct Reserved(Arc<AtomicBool>);

impl tower_service::Service<http::Request<Body>> for Reserved {
    type Response = http::Response<Body>;
    type Error = Status;
    type Future = Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.0.store(true, Ordering::SeqCst);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        ready(Err(Status::aborted("it was called")))
    }
}

#[tokio::test]
async fn expired_call_reserves_no_slot() {
    let asked = Arc::new(AtomicBool::new(false));
    let mut client = clients::observed::UserServiceClient::new(Reserved(Arc::clone(&asked)));
    let mut request = Request::new(GetUserRequest { id: 1 });
    request.set_timeout(Duration::ZERO);
    let status = client.get_user(request).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    assert!(!asked.load(Ordering::SeqCst), "a slot was reserved");
}

#[tokio::test]
async fn call_cancelled_before_sending_is_not_sent() {
    let mut request = Request::new(GetUserRequest { id: 1 });
    let handle = request.cancellation_handle();
    // The call is cancelled before this transport reads the request.
    let transport = service_fn(move |request: http::Request<Body>| {
        let handle = handle.clone();
        async move {
            handle.cancel();
            let mut body = request.into_body();
            let frame = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            Err::<http::Response<Body>, _>(match frame {
                Some(Err(status)) => status,
                other => Status::internal(format!("{other:?}")),
            })
        }
    });
    let mut client = clients::observed::UserServiceClient::new(transport);
    let status = client.get_user(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled, "{status:?}");
}
