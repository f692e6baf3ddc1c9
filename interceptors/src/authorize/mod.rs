//! What a verified caller may do: roles, or a decision of yours.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Code, Request, Response, Status};
//! use interceptors::auth::StaticTokens;
//! use interceptors::authorize::HasRole;
//! use interceptors::intercept;
//!
//! #[derive(Clone)]
//! struct Caller {
//!     roles: &'static [&'static str],
//! }
//!
//! impl HasRole for Caller {
//!     fn has_role(&self, role: &str) -> bool {
//!         self.roles.contains(&role)
//!     }
//! }
//!
//! struct Users {
//!     tokens: StaticTokens<Caller>,
//! }
//!
//! #[intercept(auth(verifier = self.tokens), authorize(role = "admin"))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         Ok(Response::new(User { id: request.get_ref().id, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let tokens = [("one", Caller { roles: &["admin"] }), ("two", Caller { roles: &[] })];
//! let users = Users { tokens: StaticTokens::new(tokens).expect("good tokens") };
//! for (token, code) in [("Bearer one", Code::Ok), ("Bearer two", Code::PermissionDenied)] {
//!     let mut request = Request::new(GetUserRequest { id: 7 });
//!     request.metadata_mut().insert("authorization", token.parse().expect("ASCII"));
//!     let answer = users.get_user(request).await;
//!     assert_eq!(answer.map_or_else(|status| status.code(), |_| Code::Ok), code);
//! }
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`authorize`](crate::intercept#authorize).
//!
//! [`auth`](crate::auth) finds out who calls. `authorize` decides whether that caller may call this method. Other callers get
//! `PERMISSION_DENIED` with a fixed text, before the handler runs. A stream is checked when it opens.
//!
//! For a service whose `auth` gives a `User`:
//!
//! - `authorize(role = "admin")`: callers with this role
//! - `authorize(roles = ["admin", "ops"])`: callers with any of these
//! - `authorize(with = |user| !user.roles.is_empty())`: callers for whom this is true
//! - `authorize(with = self.policy)`: callers that a [`Policy`] allows
//!
//! # Which caller is checked
//!
//! The identity that the `auth` listed before it has just verified. The compiler compares types: the argument of a `Policy` or a closure, and
//! the type that implements `HasRole`, must be that identity.
//!
//! If no `auth` comes before the entry, or if a method is public under that `auth`, there is no identity and the entry does not compile. Leave
//! public methods out with `except`.
//!
//! Only an identity that `auth` has verified counts, and not a value that something else put into the request's extensions. If an interceptor
//! between the two takes the identity out, the call is rejected.
//!
//! # Several of them
//!
//! `authorize` may be listed several times, and an entry on a method is added to those of the block. A call must pass all entries that cover its
//! method. `skip(authorize)` on a method removes the entries of the block.
//!
//! # What it cannot see
//!
//! `authorize` does not see the request message. If the decision depends on it, for example whether a document belongs to the caller, decide in
//! the handler or in an [interceptor of your own](crate::Interceptor). A [`Policy`] is not async: it decides from what is in memory. If you have
//! to ask another service, write an interceptor.

mod interceptor;
mod policy;

#[doc(hidden)]
pub use interceptor::{Authorize, Roles};
pub use policy::{HasRole, Policy};

use crate::{Rule, Sides};

/// The plan entry of `authorize`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "authorize";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] =
        &[Rule::after("logging", "calls that it refuses are not logged").rank(7)];
}
