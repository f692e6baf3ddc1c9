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
//! Where it may be listed and all its settings: [`authorize`](crate::intercept#authorize) in the reference of the attribute.
//!
//! [`auth`](crate::auth) says who is calling; `authorize` says whether that caller may call this method. A caller who
//! may not is refused with `PERMISSION_DENIED` and a fixed text, before the handler runs; a stream when it opens.
//!
//! For a service whose `auth` gives a `User`:
//!
//! - `authorize(role = "admin")`: callers with this role
//! - `authorize(roles = ["admin", "ops"])`: callers with any of these
//! - `authorize(with = |user| !user.roles.is_empty())`: callers for whom this is true
//! - `authorize(with = self.policy)`: callers whom a [`Policy`] lets pass
//!
//! # Which callers are meant
//!
//! It is the identity that the `auth` listed before it has just verified, by its type: what a `Policy` or a closure
//! takes, and who `HasRole`, is compared by the compiler. Where no `auth` comes before, or where a method is public
//! under it, nobody is known and the entry does not compile; leave public methods out with `except`. What a request's
//! extensions hold for other reasons does not count as verified: should the identity be gone when the entry is reached (an
//! interceptor between the two may take it out), the call is refused.
//!
//! # Several of them
//!
//! `authorize` may be listed several times, and one on a method is added to those of the block: all that cover a
//! method have to agree. `skip(authorize)` on a method takes those of the block away.
//!
//! # What it cannot see
//!
//! The request message: what depends on it, such as whether a document is the caller's own, is for the handler to
//! decide, or for an [interceptor of your own](crate::Interceptor). A [`Policy`] decides at once, from what is in memory; one that
//! has to ask somebody is an interceptor too.

mod interceptor;
mod policy;

#[doc(hidden)]
pub use interceptor::{Authorize, Roles};
pub use policy::{HasRole, Policy};

use crate::{Rule, Sides};

/// What the plan knows of `authorize`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "authorize";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] =
        &[Rule::after("logging", "calls that it refuses are not logged").rank(7)];
}
