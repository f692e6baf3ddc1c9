use std::sync::Arc;

use crate::CallDetails;

/// An identity that has roles. See the [module documentation](super).
#[diagnostic::on_unimplemented(
    message = "[I0804] `{Self}`, the identity that `auth` verifies here, has no roles",
    label = "does not implement `interceptors::authorize::HasRole`",
    note = "implement it for the identity, or decide by `authorize(with = |identity| …)`"
)]
pub trait HasRole {
    /// Whether the caller has this role. `role` is the text in the attribute, unchanged.
    fn has_role(&self, role: &str) -> bool;
}

/// Decides which callers may make which calls. Also implemented for functions and closures `Fn(&Id) -> bool`.
///
/// ```
/// use std::collections::HashSet;
///
/// use interceptors::CallDetails;
/// use interceptors::authorize::Policy;
///
/// #[derive(Clone)]
/// struct User {
///     permissions: HashSet<String>,
/// }
///
/// /// A permission for each method, by its path.
/// struct ByPath;
///
/// impl Policy<User> for ByPath {
///     fn allows(&self, user: &User, call: &CallDetails) -> bool {
///         user.permissions.contains(call.path())
///     }
/// }
/// ```
///
/// Use it with `authorize(with = ByPath)`.
#[diagnostic::on_unimplemented(
    message = "[I0805] `{Self}` does not decide about `{Id}`, the identity that `auth` verifies here",
    label = "does not implement `interceptors::authorize::Policy<{Id}>`",
    note = "`with` takes a function `Fn(&{Id}) -> bool`, a closure, or a value that implements `Policy<{Id}>`"
)]
pub trait Policy<Id: ?Sized>: Send + Sync {
    /// Whether this caller may make this call.
    fn allows(&self, identity: &Id, call: &CallDetails) -> bool;
}

#[diagnostic::do_not_recommend]
impl<Id: ?Sized, F: Fn(&Id) -> bool + Send + Sync> Policy<Id> for F {
    fn allows(&self, identity: &Id, _call: &CallDetails) -> bool {
        self(identity)
    }
}

#[diagnostic::do_not_recommend]
impl<Id: ?Sized, P: Policy<Id> + ?Sized> Policy<Id> for Arc<P> {
    fn allows(&self, identity: &Id, call: &CallDetails) -> bool {
        (**self).allows(identity, call)
    }
}
