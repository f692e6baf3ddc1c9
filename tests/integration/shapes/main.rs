//! Every shape in which services are written: each goes through its chain, and does what it did.

// Code as people write it, in all its spellings, is the point.
#![allow(
    unused_qualifications,
    clippy::needless_arbitrary_self_type,
    clippy::needless_return,
    clippy::redundant_pattern,
    clippy::todo,
    clippy::unwrap_used
)]

mod aliases;
mod attributes;
mod bodies;
mod common;
mod default_stubs;
mod desugared;
mod expressions;
mod generics;
mod kinds;
mod macros;
mod messages;
mod names_in_scope;
mod order;
mod places;
mod readme;
mod receivers;
mod siblings;
mod streams;
