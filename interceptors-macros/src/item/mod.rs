//! Parses the annotated item. Nothing here knows the entries.

pub(crate) mod annotated;
pub(crate) mod client_module;
pub(crate) mod constructors;
pub(crate) mod methods;
pub(crate) mod mount;
pub(crate) mod names;
pub(crate) mod server_module;
pub(crate) mod service;
