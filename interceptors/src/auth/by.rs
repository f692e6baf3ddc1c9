//! `auth(by = Inbound)`: the mount in front of the service has verified the identity.

use std::any::{TypeId, type_name};
use std::fmt;
use std::marker::PhantomData;

use tonic::{Extensions, Response, Status};

use super::interceptor::refused;
use crate::kit::identity::{Identifies, Identity};
use crate::{Call, CallDetails, Interceptor, Next};

/// A server's struct with `auth`. The attribute implements this trait.
///
/// `auth(by = Inbound)` on the `impl` of a service needs `Inbound` to implement it. The verifier must be a field of the struct, or the struct itself,
/// so that the type of the identity is known at compile time.
#[diagnostic::on_unimplemented(
    message = "[I0813] `{Self}` is not the struct of a server that verifies callers",
    label = "not a struct with `#[intercept(server, auth(verifier = self.field), …)]`",
    note = "the verifier is a field of that struct, or the struct itself, so that the type of the identity is known"
)]
pub trait Authenticates: Send + Sync + 'static {
    /// The type of the verified identity.
    type Identity: Clone + Send + Sync + 'static;
}

/// The call came through the mount `C`, but its `auth` did not apply to it.
struct AuthNotApplied<C>(PhantomData<fn() -> C>);

impl<C> Clone for AuthNotApplied<C> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

/// Records that the call came through the mount `C`, and that its `auth` did not apply.
#[doc(hidden)]
pub fn passes<C: 'static>(call: &mut CallDetails) {
    let extensions = call.extensions_mut();
    extensions.insert(AuthNotApplied::<C>(PhantomData));
}

/// The struct that an `auth` belongs to.
#[doc(hidden)]
pub trait Mount: Send + Sync + 'static {
    /// Stores an identity that this `auth` has found.
    fn store<T: Clone + Send + Sync + 'static>(extensions: &mut Extensions, identity: T);
}

/// It belongs to no struct.
impl Mount for () {
    #[inline]
    fn store<T: Clone + Send + Sync + 'static>(extensions: &mut Extensions, identity: T) {
        store(extensions, identity, None);
    }
}

/// It belongs to the struct `C`, on which services may rely.
#[doc(hidden)]
#[derive(Debug)]
pub struct Of<C>(PhantomData<fn() -> C>);

impl<C: 'static> Mount for Of<C> {
    fn store<T: Clone + Send + Sync + 'static>(extensions: &mut Extensions, identity: T) {
        store(extensions, identity, Some(TypeId::of::<C>()));
        // The request may have been part of another call before.
        extensions.remove::<AuthNotApplied<C>>();
    }
}

#[inline]
fn store<T: Clone + Send + Sync + 'static>(
    extensions: &mut Extensions,
    identity: T,
    finder: Option<TypeId>,
) {
    let former = extensions.insert(Identity::found(identity, finder));
    if let Some(former) = former
        && former.finder() != finder
    {
        keep(extensions, former);
    }
}

/// Identities that another identity of their type has replaced, because one struct wraps another. There is at most one for each struct.
#[derive(Clone)]
struct Replaced<T>(Vec<Identity<T>>);

/// Keeps the identity of an outer struct for `auth(by = Outer)`. This is rare, so it may allocate.
#[cold]
fn keep<T: Clone + Send + Sync + 'static>(extensions: &mut Extensions, former: Identity<T>) {
    let finder = former.finder();
    // `auth(by = …)` names a struct, so it cannot ask for this identity.
    if finder.is_none() {
        return;
    }
    let replaced = extensions.remove::<Replaced<T>>();
    let mut replaced = replaced.map_or_else(Vec::new, |Replaced(identities)| identities);
    replaced.retain(|other| other.finder() != finder);
    replaced.push(former);
    extensions.insert(Replaced(replaced));
}

/// Whether the struct `C` has found an identity. Makes it the present one.
fn is_identified_by<C: Authenticates>(extensions: &mut Extensions) -> bool {
    if extensions.get::<AuthNotApplied<C>>().is_some() {
        return false;
    }
    let finder = Some(TypeId::of::<C>());
    let present = extensions.get::<Identity<C::Identity>>();
    present.is_some_and(|present| present.finder() == finder)
        || restore::<C::Identity>(extensions, finder)
}

/// Makes a replaced identity the present one again.
#[cold]
fn restore<T: Clone + Send + Sync + 'static>(
    extensions: &mut Extensions,
    finder: Option<TypeId>,
) -> bool {
    let Some(Replaced(replaced)) = extensions.get_mut::<Replaced<T>>() else {
        return false;
    };
    let is_found = |identity: &Identity<T>| identity.finder() == finder;
    let Some(place) = replaced.iter().position(is_found) else {
        return false;
    };
    let found = replaced.swap_remove(place);
    if let Some(present) = extensions.insert(found) {
        keep(extensions, present);
    }
    true
}

/// The interceptor behind `auth(by = Inbound)`. See the [module documentation](super).
pub struct By<C>(PhantomData<fn() -> C>);

impl<C: Authenticates> By<C> {
    /// Takes the identity that the mount `C` has found.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<C: Authenticates> Default for By<C> {
    fn default() -> Self {
        Self::new()
    }
}

/// As [`By::new`]. A function, so that the compiler prints this crate's own message if `C` is no such mount.
#[doc(hidden)]
#[must_use]
pub const fn by_mount<C: Authenticates>() -> By<C> {
    By(PhantomData)
}

impl<C> fmt::Debug for By<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("By").field(&type_name::<C>()).finish()
    }
}

impl<C: Authenticates> Identifies for By<C> {
    type Identity = C::Identity;
}

impl<C, Req, Res> Interceptor<Req, Res> for By<C>
where
    C: Authenticates,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if is_identified_by::<C>(call.extensions_mut()) {
            return next.run(call).await;
        }
        Err(match call.extensions().get::<AuthNotApplied<C>>() {
            Some(_) => refused(),
            None => mount_bypassed(call, type_name::<C>()),
        })
    }
}

/// The call reached the service without the mount that the service relies on.
#[cold]
fn mount_bypassed(call: &CallDetails, mount: &str) -> Status {
    tracing::error!(
        path = call.path(),
        mount,
        "a call reached a service with `auth(by = …)`, but did not pass the named struct; wrap the service with `layer()` or `wrap(…)` of that struct",
    );
    Status::internal("the server is not set up to authenticate this call")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Struct<const N: u8>;

    impl<const N: u8> Authenticates for Struct<N> {
        type Identity = u8;
    }

    /// As `auth` of the struct `N` stores the identity `N`.
    fn store<const N: u8>(extensions: &mut Extensions) {
        Of::<Struct<N>>::store(extensions, N);
    }

    /// The identity that `auth(by = …)` of the struct `N` finds.
    fn found<const N: u8>(extensions: &mut Extensions) -> Option<u8> {
        is_identified_by::<Struct<N>>(extensions)
            .then(|| extensions.get::<Identity<u8>>().unwrap().0)
    }

    #[test]
    fn nested_structs_keep_their_identities_apart() {
        let mut extensions = Extensions::new();
        assert_eq!(found::<1>(&mut extensions), None);
        store::<1>(&mut extensions);
        assert_eq!(found::<2>(&mut extensions), None);
        store::<2>(&mut extensions);
        store::<3>(&mut extensions);
        for _ in 0..2 {
            assert_eq!(found::<2>(&mut extensions), Some(2));
            assert_eq!(found::<1>(&mut extensions), Some(1));
            assert_eq!(found::<3>(&mut extensions), Some(3));
            assert_eq!(found::<4>(&mut extensions), None);
        }
    }

    #[test]
    fn identity_of_another_auth_hides_that_of_a_struct_until_it_is_asked_for() {
        let mut extensions = Extensions::new();
        store::<1>(&mut extensions);
        <() as Mount>::store(&mut extensions, 9_u8);
        assert_eq!(extensions.get::<Identity<u8>>().unwrap().0, 9);
        assert_eq!(found::<1>(&mut extensions), Some(1));
    }

    #[test]
    fn repeated_calls_keep_one_identity_for_each_struct() {
        let mut extensions = Extensions::new();
        for _ in 0..5 {
            store::<1>(&mut extensions);
            store::<2>(&mut extensions);
        }
        assert_eq!(extensions.get::<Replaced<u8>>().unwrap().0.len(), 2);
        assert_eq!(found::<1>(&mut extensions), Some(1));
    }

    #[test]
    fn latest_call_decides_whether_auth_applied() {
        let mut extensions = Extensions::new();
        let public = |extensions: &mut Extensions| {
            extensions.insert(AuthNotApplied::<Struct<1>>(PhantomData));
        };
        store::<1>(&mut extensions);
        public(&mut extensions);
        assert_eq!(found::<1>(&mut extensions), None);
        store::<1>(&mut extensions);
        assert_eq!(found::<1>(&mut extensions), Some(1));
    }
}
