//! One policy, and the ways to have it: by hand, by tower's layers, by `tonic-middleware`, and by the
//! attribute. The benchmark `peers` compares them over loopback.
//!
//! The policy of a server is logging, auth with a bearer token, and a rate limit that no call reaches. That
//! of a client is retries that no call needs, and two keys of metadata.

use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::process;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http::header::AUTHORIZATION;
use http_body_util::{BodyExt, Full};
use interceptors::intercept;
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use tokio::net::TcpListener;
use tokio_stream::{Empty, Stream};
use tonic::body::Body;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::service::InterceptorLayer;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_middleware::{
    Middleware, MiddlewareLayer, RequestInterceptor, RequestInterceptorLayer, ServiceBound,
};
use tower::retry::Policy;
use tower::{Layer, Service, ServiceBuilder};
use tower_http::trace::{DefaultMakeSpan, DefaultOnEos, TraceLayer};
use tracing::Level;

use crate::clients::{self, Error, Peer};
use crate::{BEARER, Tokens, Users};

/// A value of metadata.
pub const TENANT: &str = "acme";
/// Another.
pub const REGION: &str = "eu-central-1";

/// What [`LoginRequest::name`] asks the server to do, instead of a login.
pub const START: &str = "start";
/// Ends the process.
pub const STOP: &str = "stop";

/// How much of a request a client sends before the server has read any of it: what HTTP/2 begins with. With hyper's megabyte, how much of a
/// large request arrives before it is refused depends on time.
const STREAM_WINDOW: u32 = 65_535;
/// In a second: more than there are calls.
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// Listens to the events of `INFO` and above, and writes them as JSON to nowhere.
///
/// # Errors
///
/// If there is a subscriber already.
pub fn listen() -> Result<(), Error> {
    let json = tracing_subscriber::fmt().json();
    let subscriber = json.with_max_level(Level::INFO).with_writer(std::io::sink);
    Ok(tracing::subscriber::set_global_default(
        subscriber.finish(),
    )?)
}

/// Callgrind counts from here: it sets its counts to zero when a function with this name is entered.
#[inline(never)]
pub fn zero_counts() {
    black_box(());
}

/// Serves with the policy that has this name, until a call ends the process.
///
/// # Errors
///
/// If there is no server of that name, or the transport fails.
pub async fn serve(name: &str, listener: TcpListener) -> Result<(), Error> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let limit = Arc::new(limiter());
    let mut server = Server::builder().initial_stream_window_size(STREAM_WINDOW);
    match name {
        "bare" => {
            let service = UserServiceServer::new(Bare);
            server
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        "by_hand" | "by_hand_all_fields" => {
            let all_fields = name == "by_hand_all_fields";
            let service = UserServiceServer::new(ByHand { limit, all_fields });
            server
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        "tower" => {
            let trace = TraceLayer::new_for_grpc()
                .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
                .on_request(())
                .on_response(())
                .on_eos(DefaultOnEos::new().level(Level::INFO));
            let auth = InterceptorLayer::new(|request: Request<()>| {
                authorize(request.metadata().as_ref())?;
                Ok(request)
            });
            let limit = InterceptorLayer::new(move |request: Request<()>| {
                count(&limit)?;
                Ok(request)
            });
            let service = UserServiceServer::new(Bare);
            server
                .layer(trace)
                .layer(auth)
                .layer(limit)
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        "interceptor" => {
            server
                .layer(interceptor())
                .add_service(UserServiceServer::new(Bare))
                .serve_with_incoming(incoming)
                .await?;
        }
        "tonic_middleware" => {
            let service = UserServiceServer::new(Bare);
            server
                .layer(MiddlewareLayer::new(Logging))
                .layer(RequestInterceptorLayer::new(Auth))
                .layer(RequestInterceptorLayer::new(Limit(limit)))
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        "attribute" => {
            let service = UserServiceServer::new(Attribute { tokens: Tokens });
            server
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        "module" => {
            let service =
                module::user_service_server::UserServiceServer::new(Module { tokens: Tokens });
            server
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        "server" => {
            let service = UserServiceServer::new(Bare);
            server
                .layer(Inbound { tokens: Tokens }.layer())
                .add_service(service)
                .serve_with_incoming(incoming)
                .await?;
        }
        _ => return Err(format!("no server `{name}`").into()),
    }
    Ok(())
}

/// Strings in the message of a call that is refused, and how long each is: 1 MB together.
const STRINGS: usize = 100_000;
const STRING: [u8; 10] = *b"\x0a\x08abcdefgh";
/// As much as comes in one frame of HTTP/2, unless both sides agree on more.
const FRAME: usize = 16 * 1024;

/// A request body that is here in full, in frames as a connection gives them.
struct InFrames(Bytes);

impl http_body::Body for InFrames {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.0.len().min(FRAME);
        let frame = self.0.split_to(length);
        Poll::Ready(Some(Ok(http_body::Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// Calls without a token, of a service with the policy that has this name, one after another. There is no connection: the service is
/// given the request, and its answer is read to the end. Callgrind counts that alone.
///
/// # Errors
///
/// If there is no service of that name, or a call is let through.
pub fn refuse(name: &str, warm_up: u32, calls: u32) -> Result<(), Error> {
    match name {
        "bare" => refuse_each(UserServiceServer::new(Bare), warm_up, calls),
        "interceptor" => {
            let service = interceptor().layer(UserServiceServer::new(Bare));
            refuse_each(service, warm_up, calls)
        }
        "attribute" => {
            let service = UserServiceServer::new(Attribute { tokens: Tokens });
            refuse_each(service, warm_up, calls)
        }
        "module" => {
            let service =
                module::user_service_server::UserServiceServer::new(Module { tokens: Tokens });
            refuse_each(service, warm_up, calls)
        }
        "server" => {
            let service = Inbound { tokens: Tokens }.wrap(UserServiceServer::new(Bare));
            refuse_each(service, warm_up, calls)
        }
        _ => Err(format!("no service `{name}`").into()),
    }
}

fn refuse_each<S, B>(mut service: S, warm_up: u32, calls: u32) -> Result<(), Error>
where
    S: Service<http::Request<Body>, Response = http::Response<B>, Error: Into<Error>>,
    B: http_body::Body<Data = Bytes>,
{
    let message = Bytes::from(STRING.repeat(STRINGS));
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len())?.to_be_bytes());
    framed.extend(message);
    let framed = Bytes::from(framed);
    let request = || {
        http::Request::post("http://127.0.0.1/demo.v1.UserService/Flaky")
            .header("te", "trailers")
            .header("content-type", "application/grpc")
            .header("user-agent", "tonic")
            .body(Body::new(InFrames(framed.clone())))
    };
    for _ in 0..warm_up {
        refuse_one(&mut service, request()?)?;
    }
    let requests = (0..calls).map(|_| request());
    let requests = requests.collect::<Result<Vec<_>, _>>()?;
    zero_counts();
    for request in requests {
        refuse_one(&mut service, request)?;
    }
    Ok(())
}

fn refuse_one<S, B>(service: &mut S, request: http::Request<Body>) -> Result<(), Error>
where
    S: Service<http::Request<Body>, Response = http::Response<B>, Error: Into<Error>>,
    B: http_body::Body<Data = Bytes>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(answer) = pin!(service.call(request)).poll(&mut cx) else {
        return Err("nothing is there to wait for".into());
    };
    let answer = answer.map_err(Into::into)?;
    // Without a policy it comes to the handler, which does not have it.
    const REFUSED: [&str; 2] = ["16", "12"];
    let status = answer.headers().get("grpc-status");
    if !status.is_some_and(|status| REFUSED.iter().any(|refused| status == refused)) {
        return Err("the call was let through".into());
    }
    let mut body = pin!(answer.into_body());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        drop(black_box(frame));
    }
    Ok(())
}

/// tonic's own, which runs before decoding too.
fn interceptor()
-> InterceptorLayer<impl FnMut(Request<()>) -> Result<Request<()>, Status> + Clone + Send + 'static>
{
    InterceptorLayer::new(|request: Request<()>| {
        authorize(request.metadata().as_ref())?;
        Ok(request)
    })
}

fn limiter() -> DefaultDirectRateLimiter {
    RateLimiter::direct(Quota::per_second(RATE))
}

fn authorize(headers: &http::HeaderMap) -> Result<(), Status> {
    match headers.get(AUTHORIZATION) {
        Some(value) if value == BEARER => Ok(()),
        // The words of `auth`: how long they are decides what a refusal takes.
        _ => Err(Status::unauthenticated(
            "the request does not carry valid authentication credentials",
        )),
    }
}

fn count(limit: &DefaultDirectRateLimiter) -> Result<(), Status> {
    limit
        .check()
        .map_err(|_| Status::resource_exhausted("too many calls"))
}

fn get_user(request: &Request<GetUserRequest>) -> Response<User> {
    Response::new(User {
        id: request.get_ref().id,
        name: String::new(),
    })
}

fn list_users(request: &Request<ListUsersRequest>) -> Users {
    Users {
        left: request.get_ref().limit,
    }
}

fn login(request: &LoginRequest) -> Response<LoginReply> {
    match &*request.name {
        START => zero_counts(),
        STOP => process::exit(0),
        _ => {}
    }
    Response::new(LoginReply::default())
}

macro_rules! service {
    (
        $(#[$attribute:meta])*
        impl $service:path, for $name:ty;
        type ListUsersStream = $stream:ty;
        get_user: |$this:ident, $get:ident| $get_user:expr;
        list_users: |$list:ident| $list_users:expr;
    ) => {
        $(#[$attribute])*
        #[tonic::async_trait]
        impl $service for $name {
            type ListUsersStream = $stream;
            type ChatStream = Empty<Result<ChatMessage, Status>>;

            async fn get_user(
                &$this,
                $get: Request<GetUserRequest>,
            ) -> Result<Response<User>, Status> {
                $get_user
            }

            async fn list_users(
                &$this,
                $list: Request<ListUsersRequest>,
            ) -> Result<Response<$stream>, Status> {
                $list_users
            }

            async fn login(
                &$this,
                request: Request<LoginRequest>,
            ) -> Result<Response<LoginReply>, Status> {
                Ok(login(request.get_ref()))
            }

            async fn import_users(
                &$this,
                _: Request<Streaming<User>>,
            ) -> Result<Response<ImportSummary>, Status> {
                Err(crate::not_compared())
            }

            async fn chat(
                &$this,
                _: Request<Streaming<ChatMessage>>,
            ) -> Result<Response<Empty<Result<ChatMessage, Status>>>, Status> {
                Err(crate::not_compared())
            }

            async fn flaky(
                &$this,
                _: Request<FlakyRequest>,
            ) -> Result<Response<FlakyReply>, Status> {
                Err(crate::not_compared())
            }
        }
    };
}

/// No policy.
struct Bare;

service! {
    impl UserService, for Bare;
    type ListUsersStream = Users;
    get_user: |self, request| Ok(get_user(&request));
    list_users: |request| Ok(Response::new(list_users(&request)));
}

/// As the guide spells it: the service's trait is imported, so the attribute learns the name of the
/// package from the first call.
struct Attribute {
    tokens: Tokens,
}

service! {
    #[intercept(logging, auth(verifier = self.tokens), rate_limit(per_second = 1_000_000))]
    impl UserService, for Attribute;
    type ListUsersStream = Users;
    get_user: |self, request| Ok(get_user(&request));
    list_users: |request| Ok(Response::new(list_users(&request)));
}

/// The same, with the attribute on the generated server too.
struct Module {
    tokens: Tokens,
}

service! {
    #[intercept(logging, auth(verifier = self.tokens), rate_limit(per_second = 1_000_000))]
    impl module::user_service_server::UserService, for Module;
    type ListUsersStream = Users;
    get_user: |self, request| Ok(get_user(&request));
    list_users: |request| Ok(Response::new(list_users(&request)));
}

/// The server that `build.rs` generates with the attribute.
#[allow(clippy::all, missing_docs, unreachable_pub, unused_qualifications)]
mod module {
    include!(concat!(env!("OUT_DIR"), "/module/demo.v1.rs"));
}

/// The same in front of the whole server.
#[intercept(server, logging, auth(verifier = self.tokens), rate_limit(per_second = 1_000_000))]
struct Inbound {
    tokens: Tokens,
}

/// What one would write in the methods for this policy and no other.
struct ByHand {
    limit: Arc<DefaultDirectRateLimiter>,
    /// Whether the event has all the fields that the attribute's event has.
    all_fields: bool,
}

impl ByHand {
    fn check(&self, metadata: &MetadataMap) -> Result<(), Status> {
        authorize(metadata.as_ref())?;
        count(&self.limit)
    }

    fn log<T>(&self, path: &'static str, kind: &'static str, request: &Request<T>) -> LogByHand {
        LogByHand {
            path,
            more: self.all_fields.then(|| (kind, request.remote_addr())),
            started: Instant::now(),
        }
    }
}

service! {
    impl UserService, for ByHand;
    type ListUsersStream = LoggedByHand<Users>;
    get_user: |self, request| {
        let log = self.log("/demo.v1.UserService/GetUser", "unary", &request);
        let result = self.check(request.metadata()).map(|()| get_user(&request));
        log.finished(result.as_ref().err().map_or(Code::Ok, Status::code), None);
        result
    };
    list_users: |request| {
        let log = self.log("/demo.v1.UserService/ListUsers", "server_stream", &request);
        match self.check(request.metadata()) {
            Ok(()) => Ok(Response::new(LoggedByHand {
                stream: list_users(&request),
                sent: 0,
                log: Some(log),
            })),
            Err(status) => {
                log.finished(status.code(), None);
                Err(status)
            }
        }
    };
}

struct LogByHand {
    path: &'static str,
    more: Option<(&'static str, Option<SocketAddr>)>,
    started: Instant,
}

impl LogByHand {
    fn finished(self, code: Code, sent: Option<u64>) {
        let elapsed = self.started.elapsed();
        let Some((kind, peer)) = self.more else {
            return log(self.path, Some(code), elapsed);
        };
        let (service, method) = self.path[1..].split_once('/').unwrap_or_default();
        tracing::info!(
            protocol = "grpc",
            grpc.component = "server",
            grpc.service = service,
            grpc.method = method,
            grpc.method_type = kind,
            peer.address = peer.map(tracing::field::display),
            grpc.code = ?code,
            grpc.time_ms = elapsed.as_secs_f64() * 1e3,
            grpc.msgs_sent = sent,
            outcome = if code == Code::Ok { "ok" } else { "error" },
            "finished call"
        );
    }
}

fn log(method: &str, code: Option<Code>, elapsed: Duration) {
    tracing::info!(
        grpc.method = method,
        grpc.code = code.map(tracing::field::debug),
        grpc.time_ms = elapsed.as_secs_f64() * 1e3,
        "finished call"
    );
}

/// Logs how a response stream ends.
struct LoggedByHand<S> {
    stream: S,
    sent: u64,
    log: Option<LogByHand>,
}

impl<S, T> Stream for LoggedByHand<S>
where
    S: Stream<Item = Result<T, Status>> + Unpin,
{
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.stream).poll_next(cx);
        let code = match &polled {
            Poll::Ready(None) => Code::Ok,
            Poll::Ready(Some(Err(status))) => status.code(),
            Poll::Ready(Some(Ok(_))) => {
                self.sent += 1;
                return polled;
            }
            Poll::Pending => return polled,
        };
        if let Some(log) = self.log.take() {
            log.finished(code, Some(self.sent));
        }
        polled
    }
}

impl<S> Drop for LoggedByHand<S> {
    fn drop(&mut self) {
        if let Some(log) = self.log.take() {
            log.finished(Code::Cancelled, Some(self.sent));
        }
    }
}

/// As the documentation of `tonic-middleware` shows it: until the response's headers. It sees neither the
/// end of a stream nor the code of a call that succeeds, which is in the trailers.
#[derive(Clone)]
struct Logging;

#[tonic::async_trait]
impl<S> Middleware<S> for Logging
where
    S: ServiceBound,
    S::Future: Send,
{
    async fn call(
        &self,
        request: http::Request<Body>,
        mut service: S,
    ) -> Result<http::Response<Body>, S::Error> {
        let started = Instant::now();
        let method = request.uri().path().to_owned();
        let response = service.call(request).await?;
        let status = Status::from_header_map(response.headers());
        log(&method, status.map(|it| it.code()), started.elapsed());
        Ok(response)
    }
}

#[derive(Clone)]
struct Auth;

#[tonic::async_trait]
impl RequestInterceptor for Auth {
    async fn intercept(&self, request: http::Request<Body>) -> Result<http::Request<Body>, Status> {
        authorize(request.headers())?;
        Ok(request)
    }
}

#[derive(Clone)]
struct Limit(Arc<DefaultDirectRateLimiter>);

#[tonic::async_trait]
impl RequestInterceptor for Limit {
    async fn intercept(&self, request: http::Request<Body>) -> Result<http::Request<Body>, Status> {
        count(&self.0)?;
        Ok(request)
    }
}

/// So many calls of the client with the policy that has this name, one after another.
///
/// # Errors
///
/// If there is no client of that name, or a call fails.
pub async fn call(name: &str, channel: Channel, calls: u32) -> Result<(), Error> {
    match name {
        "bare" => call_each(clients::Bare::new(channel), calls).await,
        "generated" => call_each(Peer::new(channel), calls).await,
        "channel" => call_each(clients::Bare::new(Outbound.wrap(channel)), calls).await,
        "tower" => call_each(clients::Bare::new(tower_stack(channel)), calls).await,
        "by_hand" => {
            let mut client = clients::Bare::new(channel);
            for id in 1..=calls {
                call_by_hand(&mut client, &GetUserRequest { id: id.into() }).await?;
            }
            Ok(())
        }
        _ => Err(format!("no client `{name}`").into()),
    }
}

async fn call_each(mut client: impl clients::Users, calls: u32) -> Result<(), Error> {
    for id in 1..=calls {
        let request = Request::new(GetUserRequest { id: id.into() });
        client.get_user(request).await?;
    }
    Ok(())
}

/// The same as [`Peer`], around a channel.
#[intercept(retry(max = 3), metadata("x-tenant" = TENANT, "x-region" = REGION))]
struct Outbound;

const ATTEMPTS: u32 = 3;

async fn call_by_hand(
    client: &mut clients::Bare<Channel>,
    message: &GetUserRequest,
) -> Result<Response<User>, Status> {
    let mut attempt = 1;
    loop {
        let mut request = Request::new(*message);
        mark(request.metadata_mut());
        match client.get_user(request).await {
            Err(status) if status.code() == Code::Unavailable && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(100 * u64::from(attempt))).await;
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn mark(metadata: &mut MetadataMap) {
    metadata.insert("x-tenant", MetadataValue::from_static(TENANT));
    metadata.insert("x-region", MetadataValue::from_static(REGION));
}

/// Tower's `Retry` around a channel. A body of tonic cannot be cloned, so the message is
/// collected first.
fn tower_stack(
    channel: Channel,
) -> impl tonic::client::GrpcService<
    Body,
    ResponseBody: http_body::Body<Data = Bytes, Error: Into<Error> + Send> + Send + 'static,
    Error: Into<Error>,
    Future: Send,
> + Clone
+ Send
+ 'static {
    ServiceBuilder::new()
        .layer(InterceptorLayer::new(|mut request: Request<()>| {
            mark(request.metadata_mut());
            Ok(request)
        }))
        .filter_async(|request: http::Request<Body>| async {
            let (head, body) = request.into_parts();
            let message = body.collect().await?.to_bytes();
            Ok::<_, Status>(http::Request::from_parts(head, message))
        })
        .retry(IfUnavailable { left: ATTEMPTS - 1 })
        .map_request(|request: http::Request<Bytes>| {
            request.map(|message| Body::new(Full::new(message)))
        })
        .service(channel)
}

#[derive(Clone)]
struct IfUnavailable {
    left: u32,
}

impl<B, E> Policy<http::Request<Bytes>, http::Response<B>, E> for IfUnavailable {
    type Future = Ready<()>;

    fn retry(
        &mut self,
        _: &mut http::Request<Bytes>,
        result: &mut Result<http::Response<B>, E>,
    ) -> Option<Self::Future> {
        let unavailable = |response: &mut http::Response<B>| {
            let status = Status::from_header_map(response.headers());
            status.is_some_and(|it| it.code() == Code::Unavailable)
        };
        let failed = result.as_mut().map_or(true, unavailable);
        self.left = self.left.checked_sub(failed.into())?;
        failed.then(|| ready(()))
    }

    fn clone_request(&mut self, request: &http::Request<Bytes>) -> Option<http::Request<Bytes>> {
        Some(request.clone())
    }
}
