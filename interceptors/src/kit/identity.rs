//! The verified identity of a caller. One interceptor establishes it, others use it.

/// The verified identity of the caller, as `auth` stores it in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity<T>(pub T);

/// An interceptor that puts an [`Identity`] into the extensions of each request with a known caller.
pub trait Identifies {
    /// The type of the identity.
    type Identity: Clone + Send + Sync + 'static;
}
