//! Bearer tokens: a service verifies them before the handler runs, and a client sends them.
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
//! let rejected = users.get_user(request()).await;
//! assert_eq!(rejected.unwrap_err().code(), Code::Unauthenticated);
//!
//! let mut with_token = request();
//! with_token.metadata_mut().insert("authorization", "Bearer s3cret".parse().expect("ASCII"));
//! assert_eq!(users.get_user(with_token).await.expect("a good token").into_inner().name, "ada");
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`auth`](crate::intercept#auth).
//!
//! # On a service
//!
//! Every method that the entry covers needs a token, unless `public` lists it. A streaming call is checked when it opens, and
//! [ends when its token expires](#streams-end-with-their-token). Methods that `only`, `except` or `skip(auth)` leave out need no token either. Prefer
//! `public` to `only`: a method that is added later then needs a token.
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
//! # request.extensions_mut().insert(Identity::new(User { id: 7 }));
//! # assert_eq!(whoami(&request).unwrap(), 7);
//! ```
//!
//! # What is rejected
//!
//! A call ends with `UNAUTHENTICATED` and a fixed text, without a call of the verifier, if it has no credentials, credentials of another scheme, an
//! empty token, a value that is not visible ASCII, or more than one value.
//!
//! If the verifier rejects a token, the call ends with the verifier's status. So a verifier can return `UNAVAILABLE` while its token store is down.
//!
//! # Streams end with their token
//!
//! A token is verified when its call arrives. If the verifier knows when the token expires ([`Verifier::expires_at`]; `JwtVerifier` does), the
//! streams of the call end at that time with `UNAUTHENTICATED`. A response stream ends with that status in its trailers. A request stream gives
//! the handler an error, even while the handler waits for a message. Observers such as `logging` get the same status.
//!
//! `auth(outlive_token = true)` lets streams continue. If all methods that the entry covers are unary, this setting is a compile error, because it
//! would change nothing.
//!
//! - A handler is not stopped when the token expires. A unary call still returns its response, and so does a call with a request stream and a single
//!   response. If a handler returns a response stream after the token has expired, the stream ends at once. To limit the time of handlers, use
//!   `timeout`.
//! - The time until expiry is computed once, when the token is verified. Changing the machine's clock later does not change it.
//! - Without `descriptors`, a server's struct does not know which calls are unary. The first message in each direction may be the only one. So that
//!   message always passes, even after the token has expired. A request that is not gRPC is ended while it waits for more of the body.
//! - With `auth(by = Inbound)` the struct ends the streams. Observers on the struct get the final status. Observers on the service behind the struct
//!   only see that the response stream was dropped.
//! - A response stream is polled only while the client reads it. If the client does not read, the stream ends when it is polled again, as with
//!   `timeout`.
//!
//! # Ready-made verifiers
//!
//! - `jwt::JwtVerifier` verifies JWTs. Feature `jwt`, which is off by default.
//! - With feature `jwks-url`, also off by default, a `JwtVerifier` fetches the keys of its issuer itself.
//! - `Introspection`, of the same feature, asks the issuer about each token (RFC 7662).
//! - [`StaticTokens`] accepts a fixed set of tokens.
//!
//! `authorize` decides which verified callers may call a method.
//!
//! # Choosing a verifier at run time
//!
//! Make an enum of the verifiers:
//!
//! ```
//! use interceptors::CallDetails;
//! use interceptors::auth::{StaticTokens, Verifier};
//! use tonic::Status;
//!
//! # struct Sessions;
//! # impl Sessions {
//! #     async fn find(&self, _: &str) -> Option<String> { None }
//! # }
//! enum Callers {
//!     Fixed(StaticTokens<String>), // on a developer's machine
//!     Sessions(Sessions),
//! }
//!
//! impl Verifier for Callers {
//!     type Identity = String;
//!
//!     async fn verify(&self, token: &str, call: &CallDetails) -> Result<String, Status> {
//!         match self {
//!             Self::Fixed(tokens) => tokens.verify(token, call).await,
//!             Self::Sessions(sessions) => {
//!                 let found = sessions.find(token).await;
//!                 found.ok_or_else(|| Status::unauthenticated("unknown session"))
//!             }
//!         }
//!     }
//! }
//! ```
//!
//! # On a client
//!
//! Each call sends the token of a [`TokenSource`], except calls of `public` methods. If `auth` is listed after `retry`, each attempt asks the source
//! for a token.
//!
//! [`TokenCache`] fetches a token when a call needs one, and replaces it before it expires. If the server answers `UNAUTHENTICATED`, the cache
//! fetches a new token and the call is sent once more. For that, up to 256 KiB of the request are kept until the server answers. A fetch runs in its
//! own task, so it continues if the call that needs the token ends. After a failed fetch, the cache waits before the next one: 1 second at first, and
//! up to 2 minutes.
//!
//! If the scheme of the connection is known, tokens are sent over `https` only. Over any other scheme, calls fail with `UNAUTHENTICATED`, unless
//! `allow_plaintext = true`. The scheme is known
//!
//! - on a generated client that was connected to a URI or given an origin,
//! - on a channel that `client::Connect` made (feature `channel`),
//! - on any other channel, if the client that uses it was given an origin.
//!
//! It is not known if a client was made from a ready-made channel without an origin. The token is then sent.
//!
//! tonic encrypts only if the scheme is `https` and tonic was built with TLS. Everything else counts as plaintext, including a Unix socket (`unix:`),
//! which tonic does not distinguish from a TCP connection. An origin that you set yourself is trusted.
//!
//! # Secrets
//!
//! This crate never writes the token into a log, an error or `Debug` output. If an attribute lists `auth`, the token's header is marked sensitive in
//! every method, so the `Debug` output of the request hides it. Usually `auth` marks the header when it runs. The header is marked before the first
//! interceptor runs if `auth` does not cover the method (`public`, `skip`), or if an interceptor of your own comes before `auth`.
//!
//! On clients, and if an interceptor of your own comes before `auth`, `authorization`, `proxy-authorization`, `cookie` and `x-api-key` are marked
//! too. HTTP/2 never stores sensitive values in the compression table of the connection (HPACK's never-indexed literals).

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

/// The plan entry of `auth` on a service.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "auth";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "calls that it rejects are not logged").rank(5),
        Rule::after(
            "timeout",
            "the time that it takes to verify a token is not bounded",
        )
        .rank(13),
        Rule::after("metrics", "calls that it rejects are not measured").rank(22),
        Rule::after("trace", "calls that it rejects have no span").rank(25),
    ];
}
