//! Tokens that the library verifies itself, and who of those that are known may call what, over real connections.
#![allow(clippy::unwrap_used)] // helpers of tests

mod authorize;
mod jwt;
mod jwt_streams;
mod static_tokens;
mod tokens;
