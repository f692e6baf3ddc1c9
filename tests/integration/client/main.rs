//! Generated clients, hand-written clients and wrapped channels over real sockets: all four kinds, in order,
//! with their exact ends.

#![allow(clippy::unwrap_used)] // clippy.toml allows it inside of tests, not of their helpers
mod busy;
mod common;
mod constructors;
mod descriptors;
mod hostile;
mod inherited;
mod into_channel;
mod lost;
mod mounts;
mod one_piece;
mod readiness;
mod secrets;
mod shapes;
mod text;
mod tokens;
