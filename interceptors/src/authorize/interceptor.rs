use std::fmt;

use tonic::{Response, Status};

use super::{HasRole, Policy};
use crate::auth::Identity;
use crate::core::plan::{Setting, Value};
use crate::kit::identity::Identifies;
use crate::{Call, CallDetails, Interceptor, Next};

/// The settings `role` and `roles`, made by the attribute: the roles that are allowed.
///
/// # Default
///
/// No roles: every call is rejected.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub struct Roles {
    roles: &'static [&'static str],
    /// A single role, as the plan shows it.
    role: Option<&'static str>,
}

impl Roles {
    /// No roles: every call is rejected.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            roles: &[],
            role: None,
        }
    }

    /// Callers with this role.
    ///
    /// # Panics
    ///
    /// If the role is empty. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn role(mut self, role: &'static str) -> Self {
        assert!(!role.is_empty(), "[I0408] `role` is empty; name a role");
        self.role = Some(role);
        self
    }

    /// Callers with any of these roles.
    ///
    /// # Panics
    ///
    /// If there is none, or one is empty. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn roles(mut self, roles: &'static [&'static str]) -> Self {
        assert!(!roles.is_empty(), "[I0408] `roles` names no role; name one");
        let mut i = 0;
        while i < roles.len() {
            assert!(
                !roles[i].is_empty(),
                "[I0408] one of `roles` is empty; name a role, or take it out"
            );
            i += 1;
        }
        self.roles = roles;
        self
    }

    const fn effective(&self) -> &[&'static str] {
        match &self.role {
            Some(role) => std::slice::from_ref(role),
            None => self.roles,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 2] {
        let role = match self.role {
            Some(role) => Value::Text(role),
            None => Value::Unset,
        };
        let roles = match self.roles {
            [] => Value::Unset,
            roles => Value::Texts(roles),
        };
        [Setting::new("role", role), Setting::new("roles", roles)]
    }
}

impl Default for Roles {
    fn default() -> Self {
        Self::new()
    }
}

/// The interceptor behind `authorize`. Only the attribute can make it, because it knows the preceding `auth`.
///
/// It uses the identity that this `auth` has verified.
#[doc(hidden)]
pub struct Authorize<P> {
    policy: P,
    /// Knows the type of the identity. A mismatch is reported where this is made, and not again for each chain.
    allows: fn(&P, &CallDetails) -> bool,
}

impl Authorize<&'static Roles> {
    /// Allows callers with one of the roles.
    pub const fn by_role<A, Id>(_: &impl Fn() -> A, roles: &'static Roles) -> Self
    where
        A: Identifies<Identity = Id>,
        Id: HasRole + Clone + Send + Sync + 'static,
    {
        Self {
            policy: roles,
            allows: |roles, call| {
                let has_any = |who: &Id| roles.effective().iter().any(|role| who.has_role(role));
                identity(call).is_some_and(has_any)
            },
        }
    }
}

impl<F> Authorize<F> {
    /// Allows callers for whom the function returns true.
    pub const fn by_fn<A, Id>(_: &impl Fn() -> A, allows: F) -> Self
    where
        A: Identifies<Identity = Id>,
        Id: Clone + Send + Sync + 'static,
        F: Fn(&Id) -> bool + Send + Sync,
    {
        Self {
            policy: allows,
            allows: |allows, call| identity(call).is_some_and(allows),
        }
    }
}

impl<'a, P: ?Sized> Authorize<&'a P> {
    /// Allows callers whom the policy allows.
    pub const fn by_policy<A, Id>(_: &impl Fn() -> A, policy: &'a P) -> Self
    where
        A: Identifies<Identity = Id>,
        Id: Clone + Send + Sync + 'static,
        P: Policy<Id>,
    {
        Self {
            policy,
            allows: |policy, call| identity(call).is_some_and(|who| policy.allows(who, call)),
        }
    }
}

fn identity<Id: Clone + Send + Sync + 'static>(call: &CallDetails) -> Option<&Id> {
    let identity = &call.extensions().get::<Identity<Id>>()?.0;
    Some(identity)
}

impl<P: Send + Sync, Req: Send, Res: Send> Interceptor<Req, Res> for Authorize<P> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if !(self.allows)(&self.policy, call) {
            return Err(Status::permission_denied(
                "the caller may not call this method",
            ));
        }
        next.run(call).await
    }
}

impl<P> fmt::Debug for Authorize<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorize")
    }
}
