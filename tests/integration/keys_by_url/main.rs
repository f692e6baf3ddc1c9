//! Keys by URL and introspection in whole gRPC calls, with an issuer on loopback.
//!
//! Tests advance the clock by jumps. A paused clock would also advance on its own whenever all tasks wait for a socket.
#![allow(clippy::unwrap_used)] // helpers of tests

mod failures;
mod introspection;
mod introspection_streams;
mod issuer;
mod keys;
mod setup;
mod tls;
#[path = "../authorization/tokens.rs"]
#[allow(dead_code)] // the other test target uses more of it
mod tokens;
