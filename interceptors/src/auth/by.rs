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

/// The `auth` of the mount `C` has verified the caller.
struct Authenticated<C>(PhantomData<fn() -> C>);

impl<C> Clone for AuthNotApplied<C> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<C> Clone for Authenticated<C> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

/// Records that the call came through the mount `C`, and that its `auth` did not apply.
#[doc(hidden)]
pub fn passes<C: 'static>(call: &mut CallDetails) {
    let extensions = call.extensions_mut();
    extensions.insert(AuthNotApplied::<C>(PhantomData));
    // The request may have been part of another call before.
    extensions.remove::<Authenticated<C>>();
}

/// Extensions that an `auth` adds to the call besides the identity.
#[doc(hidden)]
pub trait Mark: Send + Sync + 'static {
    fn leave(extensions: &mut Extensions);

    /// The struct that this `auth` belongs to, if it is one of a struct.
    fn mount() -> Option<TypeId>;
}

/// Adds nothing.
impl Mark for () {
    #[inline]
    fn leave(_: &mut Extensions) {}

    fn mount() -> Option<TypeId> {
        None
    }
}

/// Records that the identity comes from the mount `C`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Of<C>(PhantomData<fn() -> C>);

impl<C: 'static> Mark for Of<C> {
    fn leave(extensions: &mut Extensions) {
        extensions.insert(Authenticated::<C>(PhantomData));
    }

    fn mount() -> Option<TypeId> {
        Some(TypeId::of::<C>())
    }
}

/// Records that an identity has replaced another one of its type: one struct wraps another, or the request was part of
/// another call before.
#[derive(Clone)]
struct Replaced<T> {
    /// `None` if more than one identity was replaced.
    former: Option<T>,
    /// The struct that found the present identity.
    latest: Option<TypeId>,
}

/// Keeps the identity of an outer struct for `auth(by = Outer)`. This is rare, so it may allocate.
#[cold]
pub(super) fn replaced<M: Mark, T: Clone + Send + Sync + 'static>(
    extensions: &mut Extensions,
    Identity(former): Identity<T>,
) {
    let is_first = extensions.get::<Replaced<T>>().is_none();
    extensions.insert(Replaced {
        former: is_first.then_some(former),
        latest: M::mount(),
    });
}

/// Whether the present identity is the one that the struct `C` found. Restores the identity of an outer struct.
fn is_identified_by<C: Authenticates>(extensions: &mut Extensions) -> bool {
    if extensions.get::<Authenticated<C>>().is_none() {
        return false;
    }
    let former = match extensions.get::<Replaced<C::Identity>>() {
        Some(replaced) if replaced.latest != Some(TypeId::of::<C>()) => replaced.former.clone(),
        _ => return extensions.get::<Identity<C::Identity>>().is_some(),
    };
    let Some(former) = former else {
        return false;
    };
    extensions.insert(Identity(former));
    extensions.insert(Replaced::<C::Identity> {
        former: None,
        latest: Some(TypeId::of::<C>()),
    });
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
        let extensions = call.extensions();
        Err(match extensions.get::<AuthNotApplied<C>>() {
            Some(_) => refused(),
            None if extensions.get::<Authenticated<C>>().is_some() => {
                ambiguous(call, type_name::<C>())
            }
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

/// More than two structs have found an identity of one type.
#[cold]
fn ambiguous(call: &CallDetails, mount: &str) -> Status {
    tracing::error!(
        path = call.path(),
        mount,
        "several structs around a service with `auth(by = …)` verify identities of the same type, and the named struct is not the innermost; give \
         each struct its own `Identity` type",
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
        let former = extensions.insert(Identity(N));
        Of::<Struct<N>>::leave(extensions);
        if let Some(former) = former {
            replaced::<Of<Struct<N>>, u8>(extensions, former);
        }
    }

    /// The identity that `auth(by = …)` of the struct `N` finds.
    fn found<const N: u8>(extensions: &Extensions) -> Option<u8> {
        let mut extensions = extensions.clone();
        is_identified_by::<Struct<N>>(&mut extensions)
            .then(|| extensions.get::<Identity<u8>>().unwrap().0)
    }

    #[test]
    fn two_nested_structs_keep_their_identities_apart() {
        let mut extensions = Extensions::new();
        assert_eq!(found::<1>(&extensions), None);
        store::<1>(&mut extensions);
        assert_eq!(
            (found::<1>(&extensions), found::<2>(&extensions)),
            (Some(1), None)
        );
        store::<2>(&mut extensions);
        assert_eq!(
            (found::<1>(&extensions), found::<2>(&extensions)),
            (Some(1), Some(2))
        );
    }

    #[test]
    fn only_the_innermost_of_three_structs_keeps_its_identity() {
        let mut extensions = Extensions::new();
        store::<1>(&mut extensions);
        store::<2>(&mut extensions);
        store::<3>(&mut extensions);
        assert_eq!(found::<1>(&extensions), None);
        assert_eq!(found::<2>(&extensions), None);
        assert_eq!(found::<3>(&extensions), Some(3));
    }
}
