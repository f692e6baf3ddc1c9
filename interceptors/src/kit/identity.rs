//! The verified identity of a caller. One interceptor establishes it, others use it.

use std::any::TypeId;

/// The verified identity of the caller. `auth` stores it in the request's extensions.
///
/// A test of a handler can store one too:
///
/// ```
/// use interceptors::auth::{Identity, RequestExt};
/// use tonic::Request;
///
/// let mut request = Request::new(());
/// request.extensions_mut().insert(Identity::new("ada"));
/// assert_eq!(request.identity::<&str>().unwrap(), &"ada");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity<T>(
    /// What the verifier returned.
    pub T,
    Finder,
);

/// The server's struct that found the identity, if it was one.
type Finder = Option<TypeId>;

impl<T> Identity<T> {
    /// An identity, for a test of a handler.
    #[must_use]
    pub const fn new(identity: T) -> Self {
        Self(identity, None)
    }

    /// An identity, and the server's struct that found it.
    #[allow(dead_code, reason = "only one interceptor finds identities")]
    pub(crate) fn found(identity: T, finder: Finder) -> Self {
        Self(identity, finder)
    }

    /// The server's struct that found it.
    #[allow(dead_code, reason = "only one interceptor finds identities")]
    pub(crate) fn finder(&self) -> Finder {
        self.1
    }
}

/// An interceptor that puts an [`Identity`] into the extensions of each request with a known caller.
pub trait Identifies {
    /// The type of the identity.
    type Identity: Clone + Send + Sync + 'static;
}
