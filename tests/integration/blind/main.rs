//! The part of a policy that reads no message is compiled once for all methods with the same list. It must behave as if the whole
//! list were compiled for each method.
#![allow(clippy::unwrap_used)] // helpers of tests

mod alike;
mod cancelled;
mod clients;
mod common;
mod lists;
mod looks;
mod order;
mod repeated;
