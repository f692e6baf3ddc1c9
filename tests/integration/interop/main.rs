//! Python's `grpcio` as the client of an annotated service, and as the server of annotated clients.
//!
//! Needs a Python with the packages of `requirements.txt`. The variable `PYTHON` names it.
#![allow(clippy::unwrap_used)] // helpers of tests

mod client;
mod inbound;
mod python;
mod relay;
mod server;
