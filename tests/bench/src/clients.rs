//! The clients that the benchmarks compare, and a transport that has no wire.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use http_body::{Body, Frame};
use interceptors::auth::{Token, TokenCache};
use interceptors::intercept;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest, User};
use tokio::net::TcpListener;
use tonic::client::GrpcService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};
use tonic_async_interceptor::async_interceptor;
use tower::ServiceBuilder;
use tower_http::trace::TraceLayer;
use tower_service::Service;

use crate::NoOp;

/// What is called on every one of them.
pub trait Users {
    /// One message for one.
    fn get_user(
        &mut self,
        request: Request<GetUserRequest>,
    ) -> impl Future<Output = Result<Response<User>, Status>> + Send;

    /// A stream of them.
    fn list_users(
        &mut self,
        request: Request<ListUsersRequest>,
    ) -> impl Future<Output = Result<Response<Streaming<User>>, Status>> + Send;
}

macro_rules! users {
    ($client:ident) => {
        impl<T> Users for $client<T>
        where
            T: GrpcService<tonic::body::Body> + Send,
            T::Error: Into<tonic::codegen::StdError>,
            T::Future: Send,
            T::ResponseBody: Body<Data = Bytes> + Send + 'static,
            <T::ResponseBody as Body>::Error: Into<tonic::codegen::StdError> + Send,
        {
            async fn get_user(
                &mut self,
                request: Request<GetUserRequest>,
            ) -> Result<Response<User>, Status> {
                $client::get_user(self, request).await
            }

            async fn list_users(
                &mut self,
                request: Request<ListUsersRequest>,
            ) -> Result<Response<Streaming<User>>, Status> {
                $client::list_users(self, request).await
            }
        }
    };
}

/// The generated client without an attribute.
pub use interceptors_proto::demo::user_service_client::UserServiceClient as Bare;
users!(Bare);

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $module:ident;)*) => {$(
        #[allow(missing_docs, unused_qualifications, unreachable_pub, clippy::all)]
        mod $module {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($module), "/demo.v1.rs"));
        }
        $(#[$doc])*
        pub use $module::user_service_client::UserServiceClient as $name;
        users!($name);
    )*};
}

clients! {
    /// A chain with nothing in it.
    Empty: empty;
    /// One interceptor that does nothing.
    Idle: no_op;
    /// Logging alone.
    Logged: logged;
    /// Retries alone.
    Retried: retried;
    /// A deadline alone.
    Limited: limited;
    /// One key of metadata alone.
    Marked: marked;
    /// Logging, retries and two keys of metadata.
    RetriedMarked: retried_marked;
    /// A token alone.
    Authenticated: authenticated;
    /// Logging and retries.
    LoggedRetried: logged_retried;
    /// Logging, retries and a deadline.
    Policy: policy;
    /// Retries and two keys of metadata.
    Peer: peer;
}

/// One token for good.
pub static TOKENS: LazyLock<TokenCache> =
    LazyLock::new(|| TokenCache::new(|| async { Ok(Token::new("c2VydmljZS1hY2NvdW50")) }));

/// A channel's chain of one interceptor that does nothing.
#[intercept(with(NoOp))]
#[derive(Debug)]
pub struct OutboundIdle;

/// Retries alone, around a channel.
#[intercept(retry(max = 3))]
#[derive(Debug)]
pub struct OutboundRetried;

/// The same as [`RetriedMarked`], around a channel.
#[intercept(logging, retry(max = 3), metadata("x-client" = "shop", "x-region" = "eu"))]
#[derive(Debug)]
pub struct OutboundRetriedMarked;

/// The same as [`LoggedRetried`], around a channel.
#[intercept(logging, retry(max = 3))]
#[derive(Debug)]
pub struct OutboundLoggedRetried;

/// What a stack of tower's layers does, around a channel.
#[intercept(logging, deadline("5s"), with(NoOp))]
#[derive(Debug)]
pub struct OutboundStack;

/// The same as [`Policy`], around a channel.
#[intercept(logging, retry(max = 3), deadline("5s"))]
#[derive(Debug)]
pub struct OutboundPolicy;

/// How long a call may take, where the policy says so.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Whatever goes wrong before anything is measured.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The policy as far as tower's own layers have it.
pub fn tower_stack(
    channel: Channel,
) -> impl GrpcService<
    tonic::body::Body,
    ResponseBody: Body<Data = Bytes, Error: Into<Error> + Send> + Send + 'static,
    Error: Into<Error>,
    Future: Send,
> + Clone
+ Send
+ 'static {
    ServiceBuilder::new()
        .timeout(LIMIT)
        .layer(TraceLayer::new_for_grpc())
        .layer(async_interceptor(|mut request: Request<()>| {
            request.set_timeout(LIMIT);
            ready(Ok(request))
        }))
        .service(channel)
}

/// The bare service, on loopback.
pub async fn serve() -> Result<Endpoint, Error> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let server = Server::builder().add_service(UserServiceServer::new(crate::Bare));
    // Or a stream ends with the 40 ms for which the other side holds its acknowledgement back.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    tokio::spawn(server.serve_with_incoming(incoming));
    Ok(Endpoint::from_shared(format!("http://{address}"))?)
}

/// A transport that reads the request to its end and answers at once: headers, an empty message, and
/// trailers.
#[derive(Debug, Clone)]
pub struct InMemory;

impl Service<http::Request<tonic::body::Body>> for InMemory {
    type Response = http::Response<Answer>;
    type Error = Infallible;
    type Future = Ready<Result<http::Response<Answer>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        // A message is encoded when it is read.
        let mut body = request.into_body();
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(_)) = Pin::new(&mut body).poll_frame(&mut context) {}
        let mut response = http::Response::new(Answer::Message);
        let grpc = HeaderValue::from_static("application/grpc");
        response.headers_mut().insert(CONTENT_TYPE, grpc);
        ready(Ok(response))
    }
}

/// What is still to come of the answer.
#[derive(Debug)]
pub enum Answer {
    /// The message, and what follows.
    Message,
    /// The trailers.
    Trailers,
    /// Nothing.
    Nothing,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let (frame, rest) = match *self {
            Self::Message => {
                let empty = Bytes::from_static(&[0; 5]);
                (Frame::data(empty), Self::Trailers)
            }
            Self::Trailers => {
                let mut trailers = HeaderMap::with_capacity(1);
                trailers.insert("grpc-status", HeaderValue::from_static("0"));
                (Frame::trailers(trailers), Self::Nothing)
            }
            Self::Nothing => return Poll::Ready(None),
        };
        *self = rest;
        Poll::Ready(Some(Ok(frame)))
    }
}
