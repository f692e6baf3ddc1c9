//! Services in every form in which people write them: interceptors run, and the behaviour stays.

// These lints are off because the tests need every spelling.
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
