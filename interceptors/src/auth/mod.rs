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
//! The reference says where you can list it, and has all its settings: [`auth`](crate::intercept#auth).
//!
//! # On a service
//!
//! Every method that the entry covers needs a token, unless `public` lists it. A stream is checked when it opens, and
//! [ends with its token](#streams-end-with-their-token). `only`, `except` and, on a method, `skip(auth)` open methods too. Prefer `public`: a
//! method that is added later then needs a token.
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
//! These end with `UNAUTHENTICATED` and one fixed text, and the verifier is not called: no credentials, credentials of another scheme, an empty
//! token, a value that is not visible ASCII, and more than one value.
//!
//! If the verifier itself rejects a token, the call ends with the verifier's own status. So a token store that is down can answer `UNAVAILABLE`.
//!
//! # Streams end with their token
//!
//! A token is verified when its call arrives. If the verifier knows when the token expires ([`Verifier::expires_at`]; `JwtVerifier` does), the
//! streams of the call end at that time with `UNAUTHENTICATED`. A response stream ends with that status in its trailers. A request stream gives
//! the handler an error, even while the handler waits for a message. Observers such as `logging` get the same status.
//!
//! `auth(outlive_token = true)` lets streams go on. It is an error if all methods that it covers are unary, since it would change nothing.
//!
//! - A unary call is not ended, and neither is the single response to a request stream: a handler that runs longer than the token is valid
//!   still finishes. A handler that has not yet returned its response stream also finishes, and the stream then ends at once. To bound handlers,
//!   use `timeout`.
//! - The time is computed once, when the call is verified. Setting the clock of this machine does not move it.
//! - A server's struct does not know which calls are unary (unless `descriptors` say so), and the first message in each direction may be all of
//!   a unary call. So that message passes, however late. A request that is not gRPC is cut off while it waits for more of the body.
//! - With `auth(by = Inbound)` the struct ends the streams. Observers on the service behind it see that the response stream was dropped;
//!   observers on the struct get the final status.
//! - As with `timeout`, a response stream that its reader does not read is not polled. It ends when it is polled again.
//!
//! # Ready-made verifiers
//!
//! - `jwt::JwtVerifier` verifies JWTs. Feature `jwt`, which is off by default.
//! - With feature `jwks-url`, also off by default, a `JwtVerifier` fetches the keys of its issuer itself.
//! - `Introspection`, of the same feature, asks the issuer about each token (RFC 7662).
//! - [`StaticTokens`] knows a fixed set of tokens.
//!
//! `authorize` says what a verified caller may do.
//!
//! # A verifier that is chosen at run time
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
//!     Fixed(StaticTokens<String>), // on the machine of a developer
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
//! Each call sends the token of a [`TokenSource`], except calls of `public` methods. If `auth` is listed after `retry`, each attempt asks for the
//! token again.
//!
//! [`TokenCache`] fetches a token when it is needed, and the next one before that expires. If the server answers `UNAUTHENTICATED`, it fetches a
//! new token and the call is made once more. For that, up to 256 KiB of the request are kept until it is answered. Fetches do not depend on the
//! calls that need the token. After failures it waits longer and longer before the next fetch.
//!
//! Where the scheme is known, tokens are sent over `https` only. Other calls fail with `UNAUTHENTICATED`, unless `allow_plaintext = true`. The
//! scheme is known
//!
//! - on a generated client that was connected to a URI or given an origin,
//! - on a channel that `client::Connect` made (feature `channel`),
//! - on any other channel, if the client that uses it was given an origin.
//!
//! It is not known if a client was given only a channel.
//!
//! tonic encrypts only if the scheme is `https` and tonic was built with TLS. Everything else counts as plaintext, including a Unix socket
//! (`unix:`), which tonic does not tell from a TCP connection. An origin that you set is trusted.
//!
//! # Secrets
//!
//! The token is in no log, error or `Debug` output of this crate. If an attribute lists `auth`, the header of the token is marked sensitive in
//! every method, so the `Debug` output of the request hides it. `auth` marks it itself. It is marked before the first interceptor runs if `auth`
//! does not cover the method (`public`, `skip`), or if an interceptor of yours comes before `auth`.
//!
//! If an interceptor of yours comes before `auth`, and on clients, `authorization`, `proxy-authorization`, `cookie` and `x-api-key` are marked too.
//! HTTP/2 sends sensitive values as secrets: they are kept in no table of the connection.

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
