//! Behaviour of the library over real connections.
#![allow(clippy::unwrap_used)] // helpers of tests

mod auth;
mod call;
mod catch_panic;
mod end;
mod guard;
mod long_status;
mod order;
mod plan;
mod rate_limit;
mod request_stream;
mod retry;
mod test_util;
mod timeout;
mod validate;
