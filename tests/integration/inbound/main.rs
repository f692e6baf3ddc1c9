//! One policy in front of a whole server: it runs before anything is decoded, and sees all that is asked for.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;
mod ends;
mod mounts;
mod paths;
mod undecoded;
