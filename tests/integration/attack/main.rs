//! What a stranger may try who wants in, or wants the service down, over real connections.
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
