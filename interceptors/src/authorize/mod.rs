//! Decides which verified callers may call a method: by roles, or by a decision of your own.
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
//! [`auth`](crate::auth) verifies who calls. `authorize` decides whether that caller may call this method. All other callers get `PERMISSION_DENIED`
//! with a fixed text, before the handler runs. A streaming call is checked when it opens.
//!
//! For a service whose identity is a `User`:
//!
//! - `authorize(role = "admin")`: allows callers with this role
//! - `authorize(roles = ["admin", "ops"])`: allows callers with any of these roles
//! - `authorize(with = |user| !user.roles.is_empty())`: allows callers for whom the closure returns `true`
//! - `authorize(with = self.policy)`: allows callers that a [`Policy`] allows
//!
//! # Which identity is checked
//!
//! `authorize` checks the identity that the `auth` listed before it has just verified. The compiler checks the type: that identity must implement
//! `HasRole`, or be the argument of the `Policy` or closure.
//!
//! If no `auth` comes before the entry, or if the entry covers a method that is public, there is no identity, and the entry does not compile. Leave
//! public methods out with `except`.
//!
//! Only an identity that `auth` has verified counts. A value that other code puts into the request's extensions does not. If an interceptor between
//! `auth` and `authorize` removes the identity, the call is rejected.
//!
//! # Several entries
//!
//! `authorize` may be listed several times, and an entry on a method is added to those of the block. A call must pass all entries that cover its
//! method. `skip(authorize)` on a method removes the entries of the block.
//!
//! # What it cannot see
//!
//! `authorize` does not see the request message. If the decision depends on the message, for example whether a document belongs to the caller, decide
//! in the handler or in an [interceptor of your own](crate::Interceptor). A [`Policy`] is not async, so it can use only data in memory. To ask
//! another service, write an interceptor.

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
        &[Rule::after("logging", "calls that it rejects are not logged").rank(7)];
}
