//! Tokens that only their issuer can check (OAuth 2.0 Token Introspection, RFC 7662). Feature `jwks-url`.

mod builder;
mod cache;
mod info;
mod outage;
mod verifier;

pub use builder::{IntrospectionBuilder, IntrospectionError};
pub use info::TokenInfo;
pub use verifier::Introspection;
