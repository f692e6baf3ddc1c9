//! The part of a policy that looks at no message is compiled once for all methods with the same list. To its users it must look as if
//! the whole list were compiled for each.
#![allow(clippy::unwrap_used)] // helpers of tests

mod alike;
mod cancelled;
mod clients;
mod common;
mod lists;
mod looks;
mod order;
mod repeated;
