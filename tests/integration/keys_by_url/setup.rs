//! A service with a verifier, and settings for loopback.

use std::time::Duration;

use interceptors::Kind;
use interceptors::auth::jwt::{Algorithm, Decided, JwtVerifier, JwtVerifierBuilder, Undecided};
use interceptors::auth::{HttpClient, Verifier};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{Caller, Reply, Script, scripted, serve};
use serde::Deserialize;
use tonic::service::Routes;
use tonic::{Code, Status};

use crate::issuer::Issuer;
use crate::tokens::{AUDIENCE, ISSUER};

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
}

/// A service with any verifier.
#[derive(Clone)]
pub(crate) struct Users<V> {
    script: Script,
    verifier: V,
}

mod of_keys {
    use super::*;
    type Service = Users<JwtVerifier<Claims>>;
    scripted!(self: Service, #[intercept(auth(verifier = self.verifier))]);
}

mod of_introspection {
    use super::*;
    use interceptors::auth::Introspection;
    type Service = Users<Introspection>;
    scripted!(self: Service, #[intercept(auth(verifier = self.verifier))]);
}

/// A caller of a service with this verifier.
pub(crate) async fn users<V>(verifier: &V) -> Caller
where
    V: Verifier + Clone + 'static,
    Users<V>: interceptors_proto::demo::user_service_server::UserService,
{
    let service = Users {
        script: Script::default(),
        verifier: verifier.clone(),
    };
    Caller::new(&serve(Routes::new(UserServiceServer::new(service))).await)
}

/// A unary call with this token.
pub(crate) async fn call(caller: &Caller, token: &str) -> Reply {
    let caller = caller.with("authorization", format!("Bearer {token}"));
    caller.call(Kind::Unary).await
}

pub(crate) async fn code(caller: &Caller, token: &str) -> Code {
    call(caller, token).await.code()
}

/// Checks that the call failed because the token could not be checked.
pub(crate) fn assert_unchecked(status: &Status) {
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(status.message(), "the token cannot be checked right now");
}

pub(crate) fn http() -> HttpClient {
    HttpClient::new().allow_insecure_http("127.0.0.1")
}

type Unkeyed = JwtVerifierBuilder<Claims, Decided, Undecided>;

pub(crate) fn builder() -> Unkeyed {
    JwtVerifier::builder([Algorithm::ES256, Algorithm::RS256])
        .audience([AUDIENCE])
        .http(http())
}

/// Takes the keys of this issuer, and requires the usual `iss`.
pub(crate) fn by_url(issuer: &Issuer) -> JwtVerifierBuilder<Claims, Decided, Decided> {
    builder().jwks_url(issuer.jwks()).issuer([ISSUER])
}

#[allow(non_snake_case)]
pub(crate) const fn S(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
