//! The interceptors of this crate on services, generated clients and channels, over real sockets.
#![allow(clippy::unwrap_used)] // helpers of tests

mod clients;
mod common;
mod gaps;
mod ids;
mod layers;
mod nested;
mod panics;
