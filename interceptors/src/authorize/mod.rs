//! What a verified caller may do: roles, or a decision of yours.
//!
//! [`auth`](crate::auth) says who is calling; `authorize` says whether that caller may call this method. A caller who
//! may not is refused with `PERMISSION_DENIED` and a fixed text, before the handler runs; a stream when it opens.
//!
//! ```
//! use interceptors::authorize::HasRole;
//!
//! #[derive(Clone)]
//! struct User {
//!     roles: Vec<String>,
//! }
//!
//! impl HasRole for User {
//!     fn has_role(&self, role: &str) -> bool {
//!         self.roles.iter().any(|own| own == role)
//!     }
//! }
//! ```
//!
//! Then, for a service whose `auth` gives a `User`:
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
