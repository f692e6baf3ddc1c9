use std::fmt;
use std::marker::PhantomData;

use tonic::{Response, Status};

use super::{AnyRole, HasRole, Policy, PolicyRef};
use crate::auth::{Auth, Identity, Verifier};
use crate::plan::{Setting, Value};
use crate::{Call, CallDetails, Interceptor, Next};

/// Which roles let a caller pass.
///
/// # Default
///
/// None: nobody passes.
#[derive(Debug, Clone)]
pub struct Config {
    roles: &'static [&'static str],
    /// The plan shows one role by itself.
    role: Option<&'static str>,
}

impl Config {
    /// Nobody passes.
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
    /// If the role is empty. In a constant, as the attribute uses it, that is an error of the compiler.
    #[must_use]
    pub const fn role(mut self, role: &'static str) -> Self {
        assert!(!role.is_empty(), "`role` is empty; name a role");
        self.role = Some(role);
        self
    }

    /// Callers with any of these roles.
    ///
    /// # Panics
    ///
    /// If there is none, or one is empty. In a constant, as the attribute uses it, that is an error of the
    /// compiler.
    #[must_use]
    pub const fn roles(mut self, roles: &'static [&'static str]) -> Self {
        assert!(!roles.is_empty(), "`roles` names no role; name one");
        let mut i = 0;
        while i < roles.len() {
            assert!(
                !roles[i].is_empty(),
                "one of `roles` is empty; name a role, or take it out"
            );
            i += 1;
        }
        self.roles = roles;
        self
    }

    pub(super) const fn effective(&'static self) -> &'static [&'static str] {
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

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// The interceptor behind `authorize`. See the [module documentation](super).
///
/// It takes the identity of an [`Auth`], which stands before it.
pub struct Authorize<Id, P> {
    policy: P,
    identity: PhantomData<fn(&Id)>,
}

impl<Id, P> Authorize<Id, P> {
    const fn new(policy: P) -> Self {
        Self {
            policy,
            identity: PhantomData,
        }
    }
}

impl<Id: HasRole> Authorize<Id, AnyRole> {
    /// Lets those pass that have one of the roles.
    pub const fn by_role<V>(_: &Auth<'_, V>, roles: &'static Config) -> Self
    where
        V: Verifier<Identity = Id> + ?Sized,
    {
        Self::new(AnyRole(roles))
    }
}

impl<Id, F: Fn(&Id) -> bool + Send + Sync> Authorize<Id, F> {
    /// Lets those pass for whom this is true.
    pub const fn by_fn<V>(_: &Auth<'_, V>, allows: F) -> Self
    where
        V: Verifier<Identity = Id> + ?Sized,
    {
        Self::new(allows)
    }
}

impl<'a, Id, P: Policy<Id> + ?Sized> Authorize<Id, PolicyRef<'a, P>> {
    /// Lets those pass whom this policy lets pass.
    pub const fn by_policy<V>(_: &Auth<'_, V>, policy: &'a P) -> Self
    where
        V: Verifier<Identity = Id> + ?Sized,
    {
        Self::new(PolicyRef(policy))
    }
}

impl<Id, P> Authorize<Id, P>
where
    Id: Clone + Send + Sync + 'static,
    P: Policy<Id>,
{
    fn check(&self, call: &CallDetails) -> Result<(), Status> {
        match call.extensions().get::<Identity<Id>>() {
            Some(Identity(identity)) if self.policy.allows(identity, call) => Ok(()),
            _ => Err(denied()),
        }
    }
}

fn denied() -> Status {
    Status::permission_denied("the caller may not call this method")
}

impl<Id, P, Req, Res> Interceptor<Req, Res> for Authorize<Id, P>
where
    Id: Clone + Send + Sync + 'static,
    P: Policy<Id>,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.check(call)?;
        next.run(call).await
    }
}

impl<Id, P> fmt::Debug for Authorize<Id, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorize")
    }
}
