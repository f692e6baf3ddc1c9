//! The verified identity of a caller: one interceptor finds it out, others use it.

/// The verified identity of the caller, as it stands in the request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity<T>(pub T);

/// An interceptor that puts an [`Identity`] into the extensions of each request whose caller it knows.
pub trait Identifies {
    /// What is known of the caller.
    type Identity: Clone + Send + Sync + 'static;
}
