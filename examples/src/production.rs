//! A service and a client with the recommended policies: tokens are JWTs, spans go to OpenTelemetry, and Prometheus fetches the metrics.
//!
//! The guide explains the order of the entries (`interceptors/docs/production.md`). [`issuer`](crate::issuer) signs the tokens, and
//! [`telemetry`](crate::telemetry) exports the spans.

use std::hash::{Hash, Hasher};
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use interceptors::auth::jwt::{Algorithm, JwkSet, JwtVerifier};
use interceptors::auth::{RequestExt, Token, TokenCache};
use interceptors::authorize::HasRole;
use interceptors::intercept;
use interceptors::metrics::Recorder;
use interceptors::request_id::RequestId;
use interceptors::validate::{Validate, Violations};
use prometheus::{Registry, TextEncoder};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{self, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::issuer::{ISSUER, Issuer, LIFETIME};
use crate::{Error, reflection};

/// The code that tonic generates. The messages are types of this crate, so it can implement `Validate` for them.
#[allow(missing_docs, unused_qualifications, clippy::all)]
pub mod generated {
    include!(concat!(env!("OUT_DIR"), "/production/demo.v1.rs"));
}

use generated::user_service_server::{UserService, UserServiceServer};
use generated::{GetUserRequest, ImportSummary, LoginReply, LoginRequest, User};

/// The caller: the claims of a token that the service reads.
#[derive(Debug, Clone, Deserialize)]
pub struct Caller {
    sub: String,
    #[serde(default)]
    roles: Vec<String>,
}

impl HasRole for Caller {
    fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// All tokens of one subject share a limit of `rate_limit(key = identity)`.
impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sub.hash(state);
    }
}

/// The required value of the claim `aud`.
pub const AUDIENCE: &str = "users";

impl Validate for GetUserRequest {
    fn validate(&self) -> Result<(), Violations> {
        let mut violations = Violations::new();
        if self.id == 0 {
            violations.add("id", "must not be 0");
        }
        violations.into_result()
    }
}

impl Validate for User {
    fn validate(&self) -> Result<(), Violations> {
        let mut violations = Violations::new();
        if self.name.is_empty() {
            violations.add("name", "must not be empty");
        }
        violations.into_result()
    }
}

/// The policy for all services. It runs before messages are decoded.
#[intercept(
    server,
    descriptors = [interceptors_proto::FILE_DESCRIPTOR_SET, tonic_health::pb::FILE_DESCRIPTOR_SET],
    catch_panic,
    trace,
    metrics(recorder = self.recorder),
    request_id,
    logging(slow = "500ms"),
    timeout("2s", idle = "1s", except = ["/grpc.health.v1.Health/Watch"]),
    auth(verifier = self.verifier, public = ["/demo.v1.UserService/Login", "/grpc.health.v1.Health/*"]),
)]
#[derive(Debug)]
pub struct Inbound {
    verifier: JwtVerifier<Caller>,
    recorder: Recorder,
}

impl Inbound {
    /// Accepts tokens that one of these keys has signed.
    ///
    /// # Errors
    ///
    /// Fails if there is no usable key.
    pub fn new(published: &JwkSet, recorder: Recorder) -> Result<Self, Error> {
        // A real service replaces the keys from time to time: `JwtVerifier::set_keys`.
        let verifier = JwtVerifier::builder([Algorithm::EdDSA])
            .issuer([ISSUER])
            .audience([AUDIENCE])
            .keys(published)
            .build()?;
        Ok(Self { verifier, recorder })
    }
}

/// The service.
#[derive(Debug)]
pub struct Users;

// The policy for this service. The policy of the server has verified the caller before.
#[intercept(
    auth(by = Inbound, public = [login]),
    authorize(role = "admin", only = [import_users]),
    rate_limit(per_second = 100, burst = 50, key = identity),
    concurrency(max = 100, queue = 50, wait = "100ms"),
    validate(except = [login]),
)]
#[tonic::async_trait]
impl UserService for Users {
    // Callers have no identity yet, and guesses of passwords do not wait in a queue. `RUST_LOG=interceptors::payload=debug` logs the name, but never
    // the password.
    #[intercept(
        rate_limit(per_second = 5, burst = 5, key = peer),
        skip(concurrency),
        load_shed(max = 10),
        payload(show = [request.name])
    )]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        match request.into_inner().name.as_str() {
            "panic" => panic!("a handler with a mistake"),
            _ => Err(Status::unauthenticated("wrong name or password")),
        }
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let caller = request.identity::<Caller>()?;
        let id = RequestId::of(&request).map(RequestId::to_string);
        tracing::debug!(caller.sub, id, "looks a user up");
        let id = request.get_ref().id;
        let name = format!("user-{id}");
        Ok(Response::new(User { id, name }))
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        let mut users = request.into_inner();
        let mut imported = 0;
        while let Some(user) = users.next().await {
            user?;
            imported += 1;
        }
        Ok(Response::new(ImportSummary { imported }))
    }
}

/// Serves the service, health and reflection until the task is dropped.
///
/// # Errors
///
/// Returns the errors of tonic's server.
pub async fn serve(listener: TcpListener, inbound: Inbound) -> Result<(), transport::Error> {
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<UserServiceServer<Users>>().await;
    Server::builder()
        .layer(inbound.layer())
        .add_service(UserServiceServer::new(Users))
        .add_service(health_service)
        .add_service(reflection())
        .serve_with_incoming(incoming)
        .await
}

/// Answers `GET /metrics` with what is in the registry.
///
/// # Errors
///
/// Fails if the listener fails.
pub async fn export(listener: TcpListener, registry: Registry) -> io::Result<()> {
    let metrics = move || {
        let text = TextEncoder::new().encode_to_string(&registry.gather());
        async move { text.map_err(|error| error.to_string()) }
    };
    axum::serve(listener, Router::new().route("/metrics", get(metrics))).await
}

/// The policy of a client's channel.
#[intercept(
    trace,
    metrics(recorder = self.recorder),
    request_id,
    logging,
    deadline("1s"),
    retry(max = 2, base_delay = "20ms", only = ["/demo.v1.UserService/GetUser"]),
    circuit_breaker(failures = 5, open_for = "10s"),
    auth(token = self.tokens, public = ["/demo.v1.UserService/Login"], allow_plaintext = true),
    metadata("x-client" = "examples/1.0"),
)]
#[derive(Debug)]
pub struct Outbound {
    tokens: TokenCache,
    recorder: Recorder,
}

impl Outbound {
    /// Calls as this subject, with these roles. A token is fetched when a call needs one, and replaced before it expires.
    #[must_use]
    pub fn new(
        issuer: &Arc<Issuer>,
        sub: &'static str,
        roles: &'static [&'static str],
        recorder: Recorder,
    ) -> Self {
        let issuer = Arc::clone(issuer);
        let tokens = TokenCache::new(move || {
            // A future, because over the network this takes a while.
            let token = issuer.token(AUDIENCE, sub, roles);
            async move {
                let token = token.map_err(|_| Status::unavailable("no token was issued"))?;
                Ok(Token::new(token).expires_in(LIFETIME))
            }
        });
        Self { tokens, recorder }
    }
}
