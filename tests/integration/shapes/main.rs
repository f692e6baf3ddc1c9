//! Every shape in which services are written: each goes through its chain, and does what it did.

// Paths in all their spellings are the point.
#![allow(unused_qualifications)]

mod aliases;
mod attributes;
mod bodies;
mod common;
mod desugared;
mod generics;
mod kinds;
mod macros;
mod messages;
mod names_in_scope;
mod order;
mod places;
mod receivers;
mod siblings;
mod streams;
mod stubs;
