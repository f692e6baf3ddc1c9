//! Attacks over real connections: to get in without credentials, or to bring the service down.
#![allow(clippy::unwrap_used)] // helpers of tests

mod abandoned;
mod cut;
mod deadlines;
mod named;
mod panics;
mod paths;
mod secrets;
mod unread;
mod violations;
