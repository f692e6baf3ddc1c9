//! Limits in Redis: each test has servers of its own, on free ports and in folders that go with it.
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
