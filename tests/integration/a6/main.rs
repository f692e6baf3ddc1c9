//! gRFC A6, "gRPC Retry Design": rule by rule, on a generated client and on a wrapped channel, against a
//! server that follows a script. The clock is paused, so every moment is exact.
#![allow(clippy::unwrap_used)] // helpers of tests

mod cancelled;
mod connections;
mod entries;
mod explained;
mod guard;
mod hedge;
mod hedge_throttle;
mod mount;
mod properties;
mod request;
mod table;
mod throttle;
mod unsent;
