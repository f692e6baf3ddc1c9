//! A wrapped channel works with tonic's constructors of clients, and with tower layers on both sides.

use interceptors::client::InterceptedChannel;
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Behaviour, Recorder, Script, Steps};
use tokio_stream::StreamExt;
use tonic::client::GrpcService;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tower::util::BoxCloneService;
use tower::{BoxError, ServiceBuilder, ServiceExt as _};

use crate::common::{Bare, server};

#[intercept(with(self.0))]
struct Outbound(Recorder);

fn wrapped(channel: Channel) -> (Steps, InterceptedChannel<Outbound, Channel>) {
    let steps = Steps::default();
    let channel = Outbound(steps.recorder("chain")).wrap(channel);
    (steps, channel)
}

/// Rejects requests with `x-refused`, and tells the server to fail those with `x-failing`.
fn check(mut request: Request<()>) -> Result<Request<()>, Status> {
    if request.metadata().contains_key("x-refused") {
        return Err(Status::permission_denied("by tonic's interceptor"));
    }
    if request.metadata().contains_key("x-failing") {
        let behaviour = Behaviour::Fail(Code::NotFound).to_string();
        let behaviour = behaviour.parse().unwrap();
        request.metadata_mut().insert(Behaviour::KEY, behaviour);
    }
    Ok(request)
}

fn marked<M>(message: M, key: &'static str) -> Request<M> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(key, "1".parse().unwrap());
    request
}

/// One call of each kind.
async fn all_kinds<T>(client: &mut UserServiceClient<T>)
where
    T: GrpcService<tonic::body::Body>,
    T::Error: Into<BoxError>,
    T::ResponseBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    <T::ResponseBody as http_body::Body>::Error: Into<BoxError> + Send,
{
    let user = client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    assert_eq!(user.into_inner().id, 7);
    let user = |id| User {
        id,
        ..User::default()
    };
    let stream = tokio_stream::iter((0..3).map(user));
    let summary = client.import_users(stream).await.unwrap();
    assert_eq!(summary.into_inner().imported, 3);
    let stream = client.list_users(ListUsersRequest::default()).await;
    assert_eq!(
        stream.unwrap().into_inner().collect::<Vec<_>>().await.len(),
        3
    );
    let messages = tokio_stream::iter([ChatMessage::default()]);
    let stream = client.chat(messages).await.unwrap();
    assert_eq!(stream.into_inner().collect::<Vec<_>>().await.len(), 3);
}

#[tokio::test]
async fn tonic_interceptor_works_around_a_wrapped_channel() {
    let (_, channel) = server().await;
    let (steps, channel) = wrapped(channel);
    let mut client = UserServiceClient::with_interceptor(channel, check);

    let refused = marked(GetUserRequest::default(), "x-refused");
    let status = client.get_user(refused).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(status.message(), "by tonic's interceptor");
    assert_eq!(steps.take(), "", "it never reached the chain");
    let refused = marked(ListUsersRequest::default(), "x-refused");
    let status = client.list_users(refused).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);

    let failing = marked(GetUserRequest::default(), "x-failing");
    let status = client.clone().get_user(failing).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(steps.take(), ">chain <chain");
    all_kinds(&mut client).await;
}

#[tokio::test]
async fn chain_works_around_a_tonic_interceptor() {
    let (_, channel) = server().await;
    let steps = Steps::default();
    let channel = tonic::service::interceptor::InterceptedService::new(channel, check);
    let channel = Outbound(steps.recorder("chain")).wrap(channel);
    let mut client = UserServiceClient::new(channel);
    let refused = marked(GetUserRequest::default(), "x-refused");
    let status = client.get_user(refused).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(steps.take(), ">chain <chain");
    all_kinds(&mut client).await;
}

#[tokio::test]
async fn wrapped_channel_clients_accept_origin_and_size_limits() {
    let (_, bare) = server().await;
    let (_, channel) = wrapped(bare.clone());
    let origin = "http://example.com".parse().unwrap();
    let mut client = UserServiceClient::with_origin(channel.clone(), origin)
        .max_decoding_message_size(1_000)
        .max_encoding_message_size(1_000);
    all_kinds(&mut client).await;

    let mut small = UserServiceClient::new(channel.clone()).max_decoding_message_size(1);
    let mut expected = UserServiceClient::new(bare.clone()).max_decoding_message_size(1);
    let request = GetUserRequest { id: 300 };
    let status = small.get_user(request).await.unwrap_err();
    let expected = expected.get_user(request).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (expected.code(), expected.message())
    );
    let mut small = UserServiceClient::new(channel).max_encoding_message_size(1);
    let mut expected = UserServiceClient::new(bare).max_encoding_message_size(1);
    let status = small.get_user(request).await.unwrap_err();
    let expected = expected.get_user(request).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (expected.code(), expected.message())
    );
}

#[tokio::test]
async fn wrapped_channel_supports_compression_both_ways() {
    let service = interceptors_proto::demo::user_service_server::UserServiceServer::new(Bare {
        script: Script::default(),
    })
    .accept_compressed(CompressionEncoding::Gzip)
    .send_compressed(CompressionEncoding::Gzip);
    let channel = interceptors_tests::serve(tonic::service::Routes::new(service)).await;
    let (steps, channel) = wrapped(channel);
    let mut client = UserServiceClient::new(channel)
        .send_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Gzip);
    let answer = client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    assert_eq!(
        answer.metadata().get("grpc-encoding").unwrap(),
        "gzip",
        "the server has seen that the client accepts it"
    );
    all_kinds(&mut client).await;
    assert_eq!(steps.take().matches(">chain").count(), 5);
}

#[tokio::test]
async fn tower_layers_work_over_and_under_a_wrapped_channel() {
    let (_, channel) = server().await;
    let under = ServiceBuilder::new()
        .map_request(|request: http::Request<tonic::body::Body>| request)
        .concurrency_limit(2)
        .service(channel);
    let steps = Steps::default();
    let chain = Outbound(steps.recorder("chain")).wrap(under);
    let over = ServiceBuilder::new()
        .concurrency_limit(2)
        .map_response(|response: http::Response<interceptors::client::ResponseBody>| response)
        .service(chain);
    let mut client = UserServiceClient::new(over);
    all_kinds(&mut client).await;
    all_kinds(&mut client.clone()).await;
    assert_eq!(steps.take().matches(">chain").count(), 8);
}

#[tokio::test]
async fn wrapped_channel_can_be_boxed_and_can_wrap_a_boxed_one() {
    type Response = http::Response<tonic::body::Body>;
    type Boxed = BoxCloneService<http::Request<tonic::body::Body>, Response, BoxError>;

    fn is_send_and_clone<T: Send + Clone>(_: &T) {}

    let (_, channel) = server().await;
    let boxed: Boxed = BoxCloneService::new(channel.map_err(Into::into));
    let steps = Steps::default();
    let wrapped = Outbound(steps.recorder("chain")).wrap(boxed);
    is_send_and_clone(&wrapped);
    let mut client = UserServiceClient::new(wrapped.clone());
    all_kinds(&mut client).await;
    let boxed: Boxed = BoxCloneService::new(
        wrapped
            .map_response(|response| response.map(tonic::body::Body::new))
            .map_err(Into::into),
    );
    let mut client = UserServiceClient::new(boxed);
    all_kinds(&mut client).await;
}
