use std::future::Future;
use std::sync::Arc;

use tonic::{Request, Status};

use crate::CallDetails;
use crate::kit::identity::Identity;

/// Tells whom a token belongs to. See the [module documentation](super) for an example.
///
/// Refuse an unknown or expired token with `UNAUTHENTICATED`, a known caller who may not call
/// this method with `PERMISSION_DENIED`, and answer `UNAVAILABLE` where the token cannot be
/// checked right now. Never put the token into the status.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot verify tokens",
    label = "does not implement `interceptors::auth::Verifier`",
    note = "`auth` without `verifier` asks the service itself; write `auth(verifier = self.field)` to ask one of its fields"
)]
pub trait Verifier: Send + Sync {
    /// What is known of the caller afterwards. The handler finds it with
    /// [`RequestExt::identity`].
    type Identity: Clone + Send + Sync + 'static;

    /// Verifies a token: what follows the scheme in the header, never empty.
    fn verify(
        &self,
        token: &str,
        call: &CallDetails,
    ) -> impl Future<Output = Result<Self::Identity, Status>> + Send;
}

macro_rules! forward_to_the_verifier_behind {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<V: Verifier + ?Sized> Verifier for $pointer {
            type Identity = V::Identity;

            fn verify(
                &self,
                token: &str,
                call: &CallDetails,
            ) -> impl Future<Output = Result<Self::Identity, Status>> + Send {
                (**self).verify(token, call)
            }
        }
    )*};
}

forward_to_the_verifier_behind!(&V, Arc<V>, Box<V>);

/// Finds the verified identity of the caller. See the [module documentation](super).
pub trait RequestExt {
    /// The identity that `auth` verified.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` where there is none: the method is public, or `T` is not the verifier's
    /// `Identity`.
    fn identity<T: Clone + Send + Sync + 'static>(&self) -> Result<&T, Status>;
}

impl<M> RequestExt for Request<M> {
    fn identity<T: Clone + Send + Sync + 'static>(&self) -> Result<&T, Status> {
        match self.extensions().get::<Identity<T>>() {
            Some(Identity(identity)) => Ok(identity),
            None => Err(Status::unauthenticated(
                "this call carries no verified identity",
            )),
        }
    }
}
