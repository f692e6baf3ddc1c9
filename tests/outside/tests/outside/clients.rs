//! A generated client; its policy is in `build.rs`.
#![allow(unused_qualifications, unreachable_pub, clippy::all)]

pub(crate) use interceptors_tests::clients::Watched;

include!(concat!(env!("OUT_DIR"), "/demo.v1.rs"));

pub(crate) use user_service_client::UserServiceClient;
