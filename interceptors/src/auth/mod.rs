//! Who is calling: bearer tokens, checked before the handler runs, and sent by clients.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Code, Request, Response, Status};
//! use interceptors::auth::{RequestExt, StaticTokens};
//! use interceptors::intercept;
//!
//! struct Users {
//!     tokens: StaticTokens<&'static str>,
//! }
//!
//! #[intercept(auth(verifier = self.tokens))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         let name = request.identity::<&str>()?.to_string();
//!         Ok(Response::new(User { name, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let users = Users { tokens: StaticTokens::new([("s3cret", "ada")]).expect("good tokens") };
//! let request = || Request::new(GetUserRequest { id: 7 });
//! let refused = users.get_user(request()).await;
//! assert_eq!(refused.unwrap_err().code(), Code::Unauthenticated);
//!
//! let mut with_token = request();
//! with_token.metadata_mut().insert("authorization", "Bearer s3cret".parse().expect("ASCII"));
//! assert_eq!(users.get_user(with_token).await.expect("a good token").into_inner().name, "ada");
//! # }
//! ```
//!
//! Where it may be listed and all its settings: [`auth`](crate::intercept#auth) in the reference of the attribute.
//!
//! # On a service
//!
//! Every method that the entry covers is closed unless it is listed in `public`; a stream is
//! checked when it opens, and [ends with its token](#streams-end-with-their-token). `only`, `except` and, on a method, `skip(auth)` leave methods open too:
//! prefer `public`, which closes a method that is added later.
//!
//! ```
//! use interceptors::auth::{Identity, RequestExt, Verifier};
//! use interceptors::CallDetails;
//! use tonic::{Request, Status};
//!
//! #[derive(Clone)]
//! struct User { id: u64 }
//!
//! struct Tokens;
//!
//! impl Verifier for Tokens {
//!     type Identity = User;
//!
//!     async fn verify(&self, token: &str, _call: &CallDetails) -> Result<User, Status> {
//!         match token {
//!             "s3cret" => Ok(User { id: 7 }),
//!             _ => Err(Status::unauthenticated("unknown token")),
//!         }
//!     }
//! }
//!
//! // In a handler behind `auth(verifier = self.tokens)`:
//! fn whoami(request: &Request<()>) -> Result<u64, Status> {
//!     Ok(request.identity::<User>()?.id)
//! }
//! # let mut request = Request::new(());
//! # assert!(whoami(&request).is_err());
//! # request.extensions_mut().insert(Identity(User { id: 7 }));
//! # assert_eq!(whoami(&request).unwrap(), 7);
//! ```
//!
//! # What is refused
//!
//! No credentials, credentials of another scheme, an empty token, a value that is not visible
//! ASCII, and more than one value: all `UNAUTHENTICATED` with the same fixed text, and the
//! verifier is not asked. What the verifier itself refuses passes through with the verifier's own
//! status, so a token store that is down can stay `UNAVAILABLE`.
//!
//! # Streams end with their token
//!
//! A token is verified when its call arrives. Where the verifier knows when the token expires
//! ([`Verifier::expires_at`]; `JwtVerifier` does), the streams of the call end at that moment with `UNAUTHENTICATED`: a response stream by its trailers, and a request
//! stream by an error which the handler gets even while it waits for a message. Observers such as `logging` are told that end.
//! `auth(outlive_token = true)` lets streams go on; where each method that it covers is unary, it is an error, since nothing would change.
//!
//! - A unary call is no stream, nor is the single response of a client stream: a handler that takes longer than the token finishes, and so does one
//!   that has not yet answered with its response stream, which then ends at once. To bound handlers is for `timeout`.
//! - The moment is reckoned once, when the call is verified. Setting the clock of this machine does not move it.
//! - On a server's struct, which does not know kinds (unless `descriptors` say them), the first message in each direction may be all of a unary call, so it passes if
//!   it is there, however late. What is not gRPC is cut off while it waits for more of the body.
//! - With `auth(by = Inbound)` the struct ends the streams: observers on the service behind it are told that the response stream was dropped, those on the struct
//!   the true end.
//! - As with `timeout`, a response stream that its reader does not read is not polled, and ends when it is.
//!
//! # Verifiers that are here
//!
//! `jwt::JwtVerifier` (feature `jwt`, off by default) verifies JWTs, and [`StaticTokens`] a fixed set of tokens. With feature
//! `jwks-url`, off by default too, a `JwtVerifier` fetches the keys of its issuer by itself, and `Introspection` asks the issuer about each
//! token (RFC 7662). What the verified caller may do is said by `authorize`.
//!
//! # On a client
//!
//! The token of a [`TokenSource`] goes along with each call, but for `public` methods; with each attempt where `auth` stands behind
//! `retry`. [`TokenCache`] fetches one when it is needed, before it expires, and once more when the server answers
//! `UNAUTHENTICATED`, in which case the call is made once more too. For that the request is kept, up to 256 KiB of it, until it is
//! answered. Its fetches do not depend on the calls that need the token, and failures are followed by growing pauses.
//!
//! Where the scheme is known, tokens are sent over `https` only: other calls fail with `UNAUTHENTICATED`, unless
//! `allow_plaintext = true`. It is known where a generated client was connected to a URI or given an
//! origin, on a channel that `client::Connect` made (feature `channel`), and on another channel where the client in front of it was given
//! an origin. It is not known where a client was given nothing but a channel.
//!
//! tonic encrypts only where the scheme is `https`, and only if it was built with TLS; whatever else a client connects to
//! counts as plaintext. So does a Unix socket (`unix:`), which tonic does not tell from a connection over TCP. An origin is believed.
//!
//! # Secrets
//!
//! The token is in no log, error or `Debug` output of this crate. Where an attribute lists `auth`, its header is marked sensitive in every method, so
//! that the `Debug` output of the request hides it: by `auth` itself, or before the first interceptor runs where `auth` does not cover the method
//! (`public`, `skip`) or an interceptor of yours comes before it. In the latter case, and on clients, `authorization`, `proxy-authorization`,
//! `cookie` and `x-api-key` are marked too. What is marked is sent as HTTP/2 sends secrets: no table of a connection keeps it.

#[doc(hidden)]
pub mod by;
#[cfg(feature = "client")]
mod cache;
#[cfg(feature = "client")]
#[doc(hidden)]
pub mod client;
mod expiry;
#[cfg(any(feature = "client", feature = "jwks-url"))]
mod flight;
mod interceptor;
#[cfg(feature = "jwks-url")]
mod introspection;
#[cfg(feature = "jwt")]
pub mod jwt;
#[cfg(any(feature = "client", feature = "jwks-url"))]
mod pause;
#[cfg(feature = "jwks-url")]
mod remote;
#[cfg(feature = "static-tokens")]
mod static_tokens;
mod verifier;

#[cfg(feature = "client")]
pub use cache::{Token, TokenCache};
#[cfg(feature = "client")]
#[doc(hidden)]
pub use client::Sending;
#[cfg(feature = "client")]
pub use client::{SendToken, TokenSource};

#[doc(hidden)]
pub use by::{Authenticates, By};
pub use interceptor::VerifyToken;
#[doc(hidden)]
pub use interceptor::{Credentials, Verifying};
#[cfg(feature = "jwks-url")]
pub use introspection::{Introspection, IntrospectionBuilder, IntrospectionError, TokenInfo};
#[cfg(feature = "jwks-url")]
pub use remote::{FetchCounts, FetchError, HttpClient};
#[cfg(feature = "static-tokens")]
pub use static_tokens::{StaticTokens, UnusableToken};
pub use verifier::{RequestExt, Verifier};

pub use crate::kit::identity::Identity;

use crate::{Rule, Sides};

/// What the plan knows of `auth`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "auth";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "calls that it refuses are not logged").rank(5),
        Rule::after(
            "timeout",
            "the time that it takes to verify a token is not bounded",
        )
        .rank(13),
        Rule::after("metrics", "calls that it refuses are not measured").rank(22),
        Rule::after("trace", "calls that it refuses have no span").rank(25),
    ];
}
