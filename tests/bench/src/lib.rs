//! The services that the benchmarks compare: nothing around the handler ([`Bare`]), logging, auth
//! and validation written by hand inside the method ([`ByHand`]), the same by the attribute
//! ([`Attribute`]), and chains of interceptors that do nothing ([`NoOp1`] to [`NoOp16`]).

pub mod callgrind;
pub mod clients;
pub mod figures;
pub mod large;
pub mod peers;
pub mod report;

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use axum::extract::OriginalUri;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Uri};
use interceptors::auth::{Identity, Verifier};
use interceptors::{Call, CallDetails, Interceptor, Next, intercept};
use interceptors_proto::demo::user_service_server::UserService;
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use tokio_stream::{Empty, Stream};
use tonic::metadata::MetadataMap;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Extensions, Request, Response, Status, Streaming};
use tracing::{Event, Level, Metadata, Subscriber, span};

const TOKEN: &str = "c2VydmljZS1hY2NvdW50OjQyMTc";

/// What stands in their metadata.
pub const BEARER: &str = "Bearer c2VydmljZS1hY2NvdW50OjQyMTc";

/// Knows one token.
#[derive(Debug, Clone, Copy)]
pub struct Tokens;

/// Who has that token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserId(pub u64);

impl Tokens {
    /// What the method by hand awaits, as the interceptor awaits [`Verifier::verify`].
    async fn check(&self, token: &str) -> Result<UserId, Status> {
        owner(token)
    }
}

impl Verifier for Tokens {
    type Identity = UserId;

    async fn verify(&self, token: &str, _call: &CallDetails) -> Result<UserId, Status> {
        owner(token)
    }
}

fn owner(token: &str) -> Result<UserId, Status> {
    if token == TOKEN {
        Ok(UserId(42))
    } else {
        Err(Status::unauthenticated("unknown token"))
    }
}

/// What a message must hold.
pub trait Validate {
    /// Says what is wrong with it.
    ///
    /// # Errors
    ///
    /// The text for the caller.
    fn validate(&self) -> Result<(), &'static str>;
}

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), &'static str> {
        if self.id == 0 {
            return Err("`id` must not be 0");
        }
        Ok(())
    }
}

/// The typed interceptor: compiles only in front of messages that can be validated.
#[derive(Debug, Clone, Copy)]
pub struct Validated;

impl<Req: Validate + Send, Res: Send> Interceptor<Req, Res> for Validated {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(request) = call.message() {
            request.validate().map_err(Status::invalid_argument)?;
        }
        next.run(call).await
    }
}

/// Does nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoOp;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for NoOp {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

/// Wants to know how the call ended.
#[derive(Debug, Clone, Copy)]
pub struct Observing;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Observing {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.observe(call, |_: &interceptors::End<'_>| {}).await
    }
}

/// The trivial handler.
fn get_user(request: &Request<GetUserRequest>) -> Response<User> {
    Response::new(User {
        id: request.get_ref().id,
        name: String::new(),
    })
}

/// As many users as were asked for, none of them on the heap.
#[derive(Debug)]
pub struct Users {
    left: u32,
}

impl Stream for Users {
    type Item = Result<User, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(left) = self.left.checked_sub(1) else {
            return Poll::Ready(None);
        };
        self.left = left;
        Poll::Ready(Some(Ok(User {
            id: left.into(),
            name: String::new(),
        })))
    }
}

macro_rules! service {
    (
        $(#[$attribute:meta])*
        impl UserService for $name:ty;
        get_user: |$this:ident, $request:pat_param| $get_user:expr
    ) => {
        $(#[$attribute])*
        #[tonic::async_trait]
        impl UserService for $name {
            type ListUsersStream = Users;
            type ChatStream = Empty<Result<ChatMessage, Status>>;

            async fn get_user(
                &$this,
                $request: Request<GetUserRequest>,
            ) -> Result<Response<User>, Status> {
                $get_user
            }

            async fn list_users(
                &$this,
                request: Request<ListUsersRequest>,
            ) -> Result<Response<Users>, Status> {
                Ok(Response::new(Users {
                    left: request.get_ref().limit,
                }))
            }

            async fn login(&$this, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
                Err(not_compared())
            }

            async fn import_users(
                &$this,
                request: Request<Streaming<User>>,
            ) -> Result<Response<ImportSummary>, Status> {
                let mut users = request.into_inner();
                let mut imported = 0;
                while users.message().await?.is_some() {
                    imported += 1;
                }
                Ok(Response::new(ImportSummary { imported }))
            }

            async fn chat(
                &$this,
                _: Request<Streaming<ChatMessage>>,
            ) -> Result<Response<Empty<Result<ChatMessage, Status>>>, Status> {
                Err(not_compared())
            }

            async fn flaky(&$this, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
                Err(not_compared())
            }
        }
    };
}

fn not_compared() -> Status {
    Status::unimplemented("not compared")
}

/// The handlers alone.
#[derive(Debug, Clone, Copy)]
pub struct Bare;

service! {
    impl UserService for Bare;
    get_user: |self, request| Ok(get_user(&request))
}

/// Logging, auth and validation by the attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// Asked by `auth`.
    pub tokens: Tokens,
}

service! {
    #[intercept(
        logging,
        auth(verifier = self.tokens),
        with(Validated, only = [get_user]),
    )]
    impl UserService for Attribute;
    get_user: |self, request| Ok(get_user(&request))
}

/// [`Attribute`], and the attribute knows the service's name, so that the name on the wire is the
/// one expected.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// Asked by `auth`.
    pub tokens: Tokens,
}

service! {
    #[intercept(
        service = "demo.v1.UserService",
        logging,
        auth(verifier = self.tokens),
        with(Validated, only = [get_user]),
    )]
    impl UserService for Named;
    get_user: |self, request| Ok(get_user(&request))
}

/// The most common of all policies.
#[derive(Debug, Clone, Copy)]
pub struct Three {
    /// Asked by `auth`.
    pub tokens: Tokens,
}

service! {
    #[intercept(
        logging,
        auth(verifier = self.tokens),
        rate_limit(per_second = 1_000_000_000),
    )]
    impl UserService for Three;
    get_user: |self, request| Ok(get_user(&request))
}

/// Five interceptors that look at no message.
#[derive(Debug, Clone, Copy)]
pub struct Five {
    /// Asked by `auth`.
    pub tokens: Tokens,
}

service! {
    #[intercept(
        logging,
        auth(verifier = self.tokens),
        rate_limit(per_second = 1_000_000_000),
        retry(max = 3),
        with(NoOp),
    )]
    impl UserService for Five;
    get_user: |self, request| Ok(get_user(&request))
}

/// Logging, auth and validation inside the method, as one would write them for one method.
#[derive(Debug, Clone, Copy)]
pub struct ByHand {
    /// Asked by the method.
    pub tokens: Tokens,
}

service! {
    impl UserService for ByHand;
    get_user: |self, mut request| {
        let log = tracing::enabled!(target: "by_hand", Level::ERROR)
            .then(|| LogByHand::started(&request));
        let result = async {
            if let Some(value) = request.metadata_mut().as_mut().get_mut(AUTHORIZATION) {
                value.set_sensitive(true);
            }
            let verified = match bearer_token(request.metadata()) {
                Some(token) => self.tokens.check(token).await,
                None => Err(Status::unauthenticated("no valid credentials")),
            };
            request.extensions_mut().insert(Identity::new(verified?));
            request
                .get_ref()
                .validate()
                .map_err(Status::invalid_argument)?;
            Ok(get_user(&request))
        }
        .await;
        if let Some(log) = log {
            log.finished(result.as_ref().err());
        }
        result
    }
}

/// The token in exactly one `authorization: Bearer …`.
fn bearer_token(metadata: &MetadataMap) -> Option<&str> {
    let mut values = metadata.as_ref().get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_at_checked("Bearer".len())?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return None;
    }
    let token = token.strip_prefix(' ')?.trim_matches(' ');
    let blank = |found, b| found | (b == b' ') | (b == b'\t');
    (!token.is_empty() && !token.bytes().fold(false, blank)).then_some(token)
}

struct LogByHand {
    peer: Option<std::net::SocketAddr>,
    started: Instant,
}

impl LogByHand {
    fn started<T>(request: &Request<T>) -> Self {
        let peer = request.remote_addr();
        tracing::event!(
            target: "by_hand",
            Level::DEBUG,
            protocol = "grpc",
            grpc.service = "demo.v1.UserService",
            grpc.method = "GetUser",
            peer.address = peer.map(tracing::field::display),
            "started call"
        );
        Self {
            peer,
            started: Instant::now(),
        }
    }

    fn finished(self, error: Option<&Status>) {
        let code = error.map_or(Code::Ok, Status::code);
        let elapsed = self.started.elapsed();
        tracing::event!(
            target: "by_hand",
            Level::INFO,
            protocol = "grpc",
            grpc.service = "demo.v1.UserService",
            grpc.method = "GetUser",
            peer.address = self.peer.map(tracing::field::display),
            grpc.code = ?code,
            grpc.error = error.map(Status::message),
            grpc.time_ms = elapsed.as_secs_f64() * 1e3,
            slow = (elapsed > Duration::from_millis(500)).then_some(true),
            "finished call"
        );
    }
}

/// Logging alone, by the attribute.
#[derive(Debug, Clone, Copy)]
pub struct Logged;

service! {
    #[intercept(logging)]
    impl UserService for Logged;
    get_user: |self, request| Ok(get_user(&request))
}

/// One observer around the handlers.
#[derive(Debug, Clone, Copy)]
pub struct Observed;

service! {
    #[intercept(with(Observing))]
    impl UserService for Observed;
    get_user: |self, request| Ok(get_user(&request))
}

/// An annotated service whose `get_user` has no interceptor: what the chain itself costs.
#[derive(Debug, Clone, Copy)]
pub struct NoOp0;

service! {
    #[intercept(with(NoOp, only = [login]))]
    impl UserService for NoOp0;
    get_user: |self, request| Ok(get_user(&request))
}

macro_rules! no_ops {
    ($($name:ident = $($no_op:ident)*;)*) => {$(
        /// As many interceptors that do nothing as the name says.
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        service! {
            #[intercept($(with($no_op)),*)]
            impl UserService for $name;
            get_user: |self, request| Ok(get_user(&request))
        }
    )*};
}

no_ops! {
    NoOp1 = NoOp;
    NoOp2 = NoOp NoOp;
    NoOp4 = NoOp NoOp NoOp NoOp;
    NoOp8 = NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp;
    NoOp16 = NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp NoOp;
}

/// Makes requests as tonic's server hands them to a method, without the cost of making them from
/// scratch each time.
#[derive(Debug, Clone)]
pub struct Requests {
    metadata: MetadataMap,
    extensions: Extensions,
}

impl Requests {
    /// With the headers that tonic's own client sends, and what tonic's router and transport put
    /// into the extensions.
    #[must_use]
    pub fn of(path: &'static str) -> Self {
        let mut requests = Self::without_name();
        let uri = Uri::from_static(path);
        requests.extensions.insert(OriginalUri(uri));
        requests
    }

    /// Without the URI that tonic's router adds.
    #[must_use]
    pub fn without_name() -> Self {
        let mut headers = http::HeaderMap::new();
        for (name, value) in [
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "tonic/0.14.9"),
            ("grpc-accept-encoding", "gzip,identity"),
            ("grpc-timeout", "5000000u"),
            ("authorization", BEARER),
            ("x-request-id", "7f9d3a52-4c1b-4d7e-9d53-0a6c52f8e1b7"),
            (
                "traceparent",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut extensions = Extensions::default();
        extensions.insert(TcpConnectInfo {
            local_addr: Some(([127, 0, 0, 1], 50051).into()),
            remote_addr: Some(([127, 0, 0, 1], 40404).into()),
        });
        Self {
            metadata: MetadataMap::from_headers(headers),
            extensions,
        }
    }

    /// With this token in the place of the other.
    ///
    /// # Panics
    ///
    /// If no header can hold it.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let bearer = bearer.parse().expect("a header can hold it");
        self.metadata.insert("authorization", bearer);
        self
    }

    /// A request with this message. Values own their bytes, as those do that HTTP/2 decodes: nothing shares them until somebody makes a copy.
    #[must_use]
    pub fn make<T>(&self, message: T) -> Request<T> {
        let mut headers = self.metadata.clone().into_headers();
        for value in headers.values_mut() {
            if let Ok(owned) = HeaderValue::from_bytes(value.as_bytes()) {
                *value = owned;
            }
        }
        let metadata = MetadataMap::from_headers(headers);
        Request::from_parts(metadata, self.extensions.clone(), message)
    }
}

/// Listens to everything that `tracing` has to say and keeps nothing, so that what is measured is not the
/// subscriber's.
#[derive(Debug, Clone, Copy)]
pub struct Listening;

impl Subscriber for Listening {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Runs a future that has nothing to wait for.
///
/// # Panics
///
/// If it waits.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits for something"),
    }
}

/// Reads a stream that never waits to its end, and counts its messages.
///
/// # Panics
///
/// If it waits or fails.
pub fn drain<M>(stream: impl Stream<Item = Result<M, Status>>) -> usize {
    let mut stream = pin!(stream);
    let mut context = Context::from_waker(Waker::noop());
    let mut messages = 0;
    loop {
        match stream.as_mut().poll_next(&mut context) {
            Poll::Ready(Some(Ok(message))) => {
                black_box(message);
                messages += 1;
            }
            Poll::Ready(None) => return messages,
            Poll::Ready(Some(Err(status))) => panic!("{status}"),
            Poll::Pending => panic!("the stream waits for something"),
        }
    }
}
