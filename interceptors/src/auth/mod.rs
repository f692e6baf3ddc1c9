//! Who is calling: bearer tokens, checked before the handler runs.
//!
//! Every method that the entry covers is closed unless it is listed in `public`; a stream is
//! checked when it opens. `only`, `except` and, on a method, `skip(auth)` leave methods open too:
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
//! The token is in no log, error or `Debug` output of this crate, and the metadata value that
//! carried it is marked sensitive, so the handler's `Debug` output of the request hides it too.

#[cfg(feature = "client")]
mod cache;
#[cfg(feature = "client")]
#[doc(hidden)]
pub mod client;
mod interceptor;
mod verifier;

#[cfg(feature = "client")]
pub use cache::{Token, TokenCache};
#[cfg(feature = "client")]
pub use client::{Authenticate, Config as ClientConfig, TokenSource};

pub use interceptor::{Auth, Config};
pub use verifier::{Identity, RequestExt, Verifier};
