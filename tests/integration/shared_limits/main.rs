//! Limits in Redis. Each test starts its own servers, on free ports and in temporary folders.
//!
//! Needs `redis-server` (Debian's package) in the path.
#![allow(clippy::unwrap_used)] // helpers of tests

mod callers;
mod cluster;
mod limits;
mod outages;
mod processes;
mod server;
mod service;
mod traffic;
