//! Generated clients under several policies; see `build.rs`.
#![allow(missing_docs, unused_qualifications, unreachable_pub, clippy::all)]

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use interceptors::auth::{Token, TokenCache};
use interceptors::metrics::Recorder;
use interceptors::{Call, Interceptor, Next};
use prometheus::Registry;
use tonic::{Response, Status};

use crate::{Policy, Steps, WatchEnds};

/// Adds steps to the [`Steps`] in the request's extensions, if there are any. What generated clients list
/// lives as long as the process, and tests run at the same time.
#[derive(Debug)]
pub struct Step(pub &'static str);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Step {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match call.extensions().get::<Steps>().cloned() {
            Some(steps) => steps.recorder(self.0).intercept(call, next).await,
            None => next.run(call).await,
        }
    }
}

/// Tells the [`WatchEnds`] in the request's extensions, if there is one.
#[derive(Debug)]
pub struct Watched;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Watched {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match call.extensions().get::<WatchEnds>().cloned() {
            Some(ends) => ends.intercept(call, next).await,
            None => next.run(call).await,
        }
    }
}

/// Retries by the [`Policy`] in the request's extensions, if there is one.
#[derive(Debug)]
pub struct Chosen;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Chosen {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match call.extensions().get::<Policy>().cloned() {
            Some(policy) => policy.intercept(call, next).await,
            None => next.run(call).await,
        }
    }
}

/// Counts up.
pub fn counted() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// One token for good.
pub static TOKENS: LazyLock<TokenCache> =
    LazyLock::new(|| TokenCache::new(|| async { Ok(Token::new("s3cret")) }));

/// Another token each time that one is fetched.
pub static RENEWED: LazyLock<TokenCache> = LazyLock::new(renewing);

/// A cache of its own that does the same.
pub fn renewing() -> TokenCache {
    let count = AtomicU64::new(1);
    TokenCache::new(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move { Ok(Token::new(format!("token-{number}"))) }
    })
}

/// What [`RECORDER`] and [`RECORDER_OF_ATTEMPTS`] record.
pub static REGISTRIES: LazyLock<[Registry; 2]> = LazyLock::new(Default::default);

/// Counts calls.
pub static RECORDER: LazyLock<Recorder> =
    LazyLock::new(|| Recorder::prometheus(&REGISTRIES[0]).unwrap());

/// Counts attempts.
pub static RECORDER_OF_ATTEMPTS: LazyLock<Recorder> =
    LazyLock::new(|| Recorder::prometheus(&REGISTRIES[1]).unwrap());

macro_rules! clients {
    ($($name:ident),*) => {$(
        pub mod $name {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($name), "/demo.v1.rs"));
            pub use user_service_client::UserServiceClient;
        }
    )*};
}

clients!(
    recorded,
    observed,
    logged,
    retried,
    hedged,
    equipped,
    guarded,
    chaotic,
    chosen,
    interop,
    hurried,
    named,
    traced,
    measured,
    measured_attempts,
    hedged_at_once,
    stamped,
    stamped_once,
    renewing,
    limited,
    limited_only,
    hedged_shed,
    hedged_throttled,
    sharing,
    throttled_broken,
    renewing_outside,
    crowded,
    audited,
    broken
);

/// Services of several packages, generated together.
pub mod odd {
    include!(concat!(env!("OUT_DIR"), "/odd/all.rs"));
}

/// Names that do not survive the way to snake case and back.
pub mod names {
    include!(concat!(env!("OUT_DIR"), "/odd/names.v1.rs"));
}
