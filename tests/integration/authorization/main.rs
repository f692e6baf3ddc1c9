//! The library's own verifiers, and `authorize`, over real connections.
#![allow(clippy::unwrap_used)] // helpers of tests

mod authorize;
mod jwt;
mod jwt_streams;
mod static_tokens;
mod tokens;
