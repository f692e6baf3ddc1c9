//! One policy in front of a whole server: it runs before anything is decoded, and sees all that is asked for.
#![allow(clippy::unwrap_used)] // helpers of tests

mod alike;
mod beside;
mod bounded;
mod common;
mod ends;
mod entries;
mod hostile;
mod mounts;
mod paths;
mod plain_http;
mod properties;
mod undecoded;
mod web;
