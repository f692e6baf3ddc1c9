//! Functions that the attribute's generated code calls. This room knows no interceptor.

pub(crate) mod descriptors;
pub(crate) mod frame;
pub(crate) mod link;
pub(crate) mod once;
pub(crate) mod path;
pub(crate) mod policy;
pub(crate) mod probe;
pub(crate) mod reply;
pub(crate) mod rpc;
#[cfg(feature = "server")]
pub(crate) mod service;
pub(crate) mod through;

/// The facts of a call that a service receives.
#[cfg(feature = "server")]
pub(crate) use service::ServerFacts;
/// The facts of a call that a service receives. Without feature `server` there are none.
#[cfg(not(feature = "server"))]
pub(crate) type ServerFacts = ();
