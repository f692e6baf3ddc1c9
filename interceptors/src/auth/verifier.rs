use std::any::type_name;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use tonic::{Request, Status};

use crate::CallDetails;
use crate::kit::identity::Identity;

/// Verifies a token and returns the identity of its owner. See the [module documentation](super) for an example.
///
/// Return `UNAUTHENTICATED` for an unknown or expired token, `PERMISSION_DENIED` for a known caller who is not allowed to call this method, and
/// `UNAVAILABLE` if the token cannot be checked now. Never put the token into the status.
///
/// The trait is not dyn-compatible. To choose a verifier at run time, write an enum, as in [this example](super#choosing-a-verifier-at-run-time).
#[diagnostic::on_unimplemented(
    message = "[I0802] `{Self}` cannot verify tokens",
    label = "does not implement `interceptors::auth::Verifier`",
    note = "`auth` without `verifier` asks the service itself; write `auth(verifier = self.field)` to ask one of its fields"
)]
pub trait Verifier: Send + Sync {
    /// The verified identity of the caller. The handler gets it with [`RequestExt::identity`].
    type Identity: Clone + Send + Sync + 'static;

    /// Verifies a token. `token` is the text after the scheme, and never empty.
    fn verify(
        &self,
        token: &str,
        call: &CallDetails,
    ) -> impl Future<Output = Result<Self::Identity, Status>> + Send;

    /// When the token of this identity expires, including a tolerance for clocks that differ. `None`, the default, means never.
    ///
    /// At that time, streams end with `UNAUTHENTICATED`; see [the module documentation](super#streams-end-with-their-token). This method is called
    /// once for each call that may have a stream, after [`verify`](Self::verify). If the returned time has already passed, the call is rejected.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use interceptors::CallDetails;
    /// use interceptors::auth::Verifier;
    /// use tonic::Status;
    ///
    /// #[derive(Clone)]
    /// struct Session { user: u64, until: SystemTime }
    ///
    /// struct Sessions;
    ///
    /// impl Sessions {
    ///     async fn find(&self, token: &str) -> Option<Session> {
    ///         // …
    /// #         None
    ///     }
    /// }
    ///
    /// impl Verifier for Sessions {
    ///     type Identity = Session;
    ///
    ///     async fn verify(&self, token: &str, _: &CallDetails) -> Result<Session, Status> {
    ///         self.find(token).await.ok_or_else(|| Status::unauthenticated("unknown token"))
    ///     }
    ///
    ///     fn expires_at(&self, session: &Session) -> Option<SystemTime> {
    ///         Some(session.until)
    ///     }
    /// }
    /// ```
    fn expires_at(&self, identity: &Self::Identity) -> Option<SystemTime> {
        let _ = identity;
        None
    }

    /// Verifies a token and returns its expiry, for verifiers whose identity does not hold the expiry. `may_stream` is
    /// whether the expiry is needed.
    #[doc(hidden)]
    fn verify_until(
        &self,
        token: &str,
        call: &CallDetails,
        may_stream: bool,
    ) -> impl Future<Output = Result<(Self::Identity, Option<SystemTime>), Status>> + Send {
        async move {
            let identity = self.verify(token, call).await?;
            let expires_at = match may_stream {
                true => self.expires_at(&identity),
                false => None,
            };
            Ok((identity, expires_at))
        }
    }
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

            fn expires_at(&self, identity: &Self::Identity) -> Option<SystemTime> {
                (**self).expires_at(identity)
            }

            fn verify_until(
                &self,
                token: &str,
                call: &CallDetails,
                may_stream: bool,
            ) -> impl Future<Output = Result<(Self::Identity, Option<SystemTime>), Status>> + Send
            {
                (**self).verify_until(token, call, may_stream)
            }
        }
    )*};
}

forward_to_the_verifier_behind!(&V, Arc<V>, Box<V>);

/// Gives a handler behind `auth` the verified identity of the caller. See the [module documentation](super).
pub trait RequestExt {
    /// The identity that `auth` verified.
    ///
    /// # Errors
    ///
    /// `UNAUTHENTICATED` if there is none: the method is public, or `T` is not the verifier's `Identity`. An event at `DEBUG` has the
    /// name of `T`.
    fn identity<T: Clone + Send + Sync + 'static>(&self) -> Result<&T, Status>;
}

impl<M> RequestExt for Request<M> {
    fn identity<T: Clone + Send + Sync + 'static>(&self) -> Result<&T, Status> {
        match self.extensions().get::<Identity<T>>() {
            Some(identity) => Ok(&identity.0),
            None => Err(no_identity(type_name::<T>())),
        }
    }
}

#[cold]
fn no_identity(identity: &str) -> Status {
    tracing::debug!(
        identity,
        "no verified identity of this type: the method is public, or this is not the `Identity` of its verifier",
    );
    Status::unauthenticated("this call carries no verified identity")
}
