//! Keys that are fetched from an issuer on loopback, and tokens that an issuer is asked about, in whole calls of gRPC.
//!
//! The clock jumps where time has to pass. It is not paused: a paused one would jump by itself whenever everybody waits for a socket.
#![allow(clippy::unwrap_used)] // helpers of tests

mod failures;
mod introspection;
mod introspection_streams;
mod issuer;
mod keys;
mod setup;
mod tls;
#[path = "../authorization/tokens.rs"]
#[allow(dead_code)] // the other binary needs more of it
mod tokens;
