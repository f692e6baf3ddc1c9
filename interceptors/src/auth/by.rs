//! `auth(by = Inbound)`: the identity comes from the mount in front of the service.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

use tonic::{Extensions, Response, Status};

use super::interceptor::refused;
use crate::kit::identity::{Identifies, Identity};
use crate::{Call, CallDetails, Interceptor, Next};

/// A server's struct whose `auth` says who calls: the attribute implements it.
///
/// It is what `auth(by = Inbound)` on the `impl` of a service takes. The identity is known at compile time where the
/// verifier is a field of the struct, or the struct itself.
#[diagnostic::on_unimplemented(
    message = "[I0813] `{Self}` is not the struct of a server that verifies callers",
    label = "not a struct with `#[intercept(server, auth(verifier = self.field), …)]`",
    note = "the verifier is a field of that struct, or the struct itself, so that the type of the identity is known"
)]
pub trait Authenticates: Send + Sync + 'static {
    /// What is known of the caller.
    type Identity: Clone + Send + Sync + 'static;
}

/// The call came through the mount `C`, whose `auth` did not look at it.
struct Passed<C>(PhantomData<fn() -> C>);

/// `auth` of the mount `C` has found out who calls.
struct Authenticated<C>(PhantomData<fn() -> C>);

impl<C> Clone for Passed<C> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<C> Clone for Authenticated<C> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

/// Says that the call comes through the mount `C`, past its `auth`.
#[doc(hidden)]
pub fn passes<C: 'static>(call: &mut CallDetails) {
    let extensions = call.extensions_mut();
    extensions.insert(Passed::<C>(PhantomData));
    // The request may have been here before, as part of another call.
    extensions.remove::<Authenticated<C>>();
}

/// What an `auth` leaves with the call beside the identity.
#[doc(hidden)]
pub trait Mark: Send + Sync + 'static {
    fn leave(extensions: &mut Extensions);
}

/// Nothing.
impl Mark for () {
    #[inline]
    fn leave(_: &mut Extensions) {}
}

/// That it is the one of the mount `C`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Of<C>(PhantomData<fn() -> C>);

impl<C: 'static> Mark for Of<C> {
    fn leave(extensions: &mut Extensions) {
        extensions.insert(Authenticated::<C>(PhantomData));
    }
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

/// As [`By::new`]. It is a function, so that the compiler says in our words what `C` is not.
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
        let extensions = call.extensions();
        let is_authenticated = extensions.get::<Authenticated<C>>().is_some();
        let has_identity = extensions.get::<Identity<C::Identity>>().is_some();
        if is_authenticated && has_identity {
            return next.run(call).await;
        }
        Err(match extensions.get::<Passed<C>>() {
            Some(_) => refused(),
            None => unreached(call, type_name::<C>()),
        })
    }
}

/// The service was reached past the mount that it relies on.
#[cold]
fn unreached(call: &CallDetails, mount: &str) -> Status {
    tracing::error!(
        path = call.path(),
        mount,
        "a call has not come through the mount whose `auth` this service relies on; serve it behind `layer()` or `wrap(…)` of that struct",
    );
    Status::internal("the server is not set up to authenticate this call")
}
