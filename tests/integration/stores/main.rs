//! Limits in custom stores, in the process, and in Envoy's Rate Limit Service.
#![allow(clippy::unwrap_used)] // helpers of tests

mod envoy;
mod identities;
mod own;
mod plan;
mod rls;
mod unready;
