//! Generated clients under several policies; see `build.rs`.
#![allow(missing_docs, unused_qualifications, unreachable_pub, clippy::all)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::Duration;

use interceptors::auth::{Token, TokenCache, TokenSource};
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::metrics::Recorder;
use interceptors::{Call, CallDetails, Interceptor, Next};
use prometheus::Registry;
use tokio::time::sleep;
use tonic::{Response, Status};

use crate::{Counted, Policy, Steps, WatchEnds};

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

/// Counts the calls of the soak run's generated client in [`SOAKED`].
#[derive(Debug)]
pub struct Soaked;

/// See [`Soaked`].
pub static SOAKED: LazyLock<Counted> = LazyLock::new(Counted::default);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Soaked {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        SOAKED.intercept(call, next).await
    }
}

/// The places of the soak run's generated client.
pub static SOAKED_LIMITER: LazyLock<Limiter> =
    LazyLock::new(|| Limiter::new(&Capacity::max(64).queue(64)));

/// The token that the soak run's clients begin with; it sets the token before the first call.
pub static SOAKED_TOKEN: OnceLock<String> = OnceLock::new();

/// The tokens of the soak run's generated client.
pub static UNSTEADY: LazyLock<TokenCache> = LazyLock::new(unsteady);

/// A cache whose token endpoint is slow, fails, and hangs for longer than a call has.
pub fn unsteady() -> TokenCache {
    TokenCache::new(move || async {
        match counted() % 16 {
            0 => return Err(Status::unavailable("the token endpoint is down")),
            1 => sleep(Duration::from_secs(1)).await,
            n => sleep(Duration::from_millis(n)).await,
        }
        let token = SOAKED_TOKEN.get().cloned().unwrap_or_default();
        Ok(Token::new(token).expires_in(Duration::from_secs(3)))
    })
    .refresh_before(Duration::from_millis(500))
}

/// Counts up.
pub fn counted() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// One token for good. Every rejected call is made once more with it: a `TokenCache` would do so once a pause.
#[derive(Debug)]
pub struct OneToken;

impl TokenSource for OneToken {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok("s3cret".to_owned())
    }

    fn rejected(&self, _: &str) -> bool {
        true
    }

    fn may_refresh(&self) -> bool {
        true
    }
}

pub static TOKENS: LazyLock<OneToken> = LazyLock::new(|| OneToken);

/// Another token each time that one is fetched.
pub static RENEWED: LazyLock<Renewed> = LazyLock::new(|| Renewed(Mutex::new(Arc::new(renewing()))));

/// The tokens of generated clients are those of the process, and those of a test begin with it.
#[derive(Debug)]
pub struct Renewed(Mutex<Arc<TokenCache>>);

impl Renewed {
    /// Forgets all tokens, and what became of them.
    pub fn forget(&self) {
        *self.0.lock().unwrap() = Arc::new(renewing());
    }

    fn tokens(&self) -> Arc<TokenCache> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

impl TokenSource for Renewed {
    async fn token(&self, call: &CallDetails) -> Result<String, Status> {
        self.tokens().token(call).await
    }

    fn rejected(&self, token: &str) -> bool {
        self.tokens().rejected(token)
    }

    fn may_refresh(&self) -> bool {
        true
    }
}

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
    broken,
    soaked
);

/// Services of several packages, generated together.
pub mod odd {
    include!(concat!(env!("OUT_DIR"), "/odd/all.rs"));
}

/// Names that do not survive the way to snake case and back.
pub mod names {
    include!(concat!(env!("OUT_DIR"), "/odd/names.v1.rs"));
}
