//! Generated clients, hand-written stubs and wrapped channels over real sockets: all four kinds, in order,
//! with their true ends.

mod common;
mod inherited;
mod mounts;
mod secrets;
mod shapes;
