use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::metadata::MetadataMap;
use tonic::{Response, Status};

use super::super::Limiter;
use super::super::interceptor::exhausted;
use super::denied::Denied;
use super::key::{BucketKey, KeyValue};
use super::outage::Outage;
use super::store::{Configured, Decision, Store, StoreError, Verdict};
use super::{Bucket, OnError, Sharing};
use crate::core::name::Names;
use crate::{Call, CallDetails, Interceptor, Next};

/// The pushback for callers whose limit cannot be checked.
const PUSHBACK_MS: u64 = 1000;

/// The state of an entry with a shared limit.
#[doc(hidden)]
pub struct Shared {
    sharing: &'static Sharing,
    /// Decides while the store cannot.
    local: Option<Limiter>,
    denied: Denied,
    outage: Outage,
    hasher: RandomState,
}

impl Shared {
    /// A limit without state.
    #[must_use]
    pub fn new(sharing: &'static Sharing) -> Self {
        let limit = sharing.limit.filter(|_| sharing.on_error == OnError::Local);
        Self {
            sharing,
            local: limit.map(Limiter::new),
            denied: Denied::new(sharing.max_keys),
            outage: Outage::default(),
            hasher: RandomState::new(),
        }
    }

    /// Identifies a bucket within the process. A hash costs less than the bucket's ID.
    fn hash(&self, names: &Names<'_>, key: Option<&KeyValue<'_>>) -> u64 {
        let of_service = self.sharing.is_of_server && self.sharing.name.is_none();
        let service = of_service.then_some(names.service);
        self.hasher.hash_one((service, key))
    }

    /// The name of the limit in the log.
    fn label<'a>(&'a self, names: &Names<'a>) -> &'a str {
        self.sharing.name.unwrap_or(names.service)
    }

    /// Decides about a call after the store failed.
    #[cold]
    fn without_store(&self, why: &StoreError, names: &Names<'_>, hash: u64) -> Result<(), Status> {
        let decided = match (self.sharing.on_error, &self.local) {
            (OnError::Allow, _) => Ok(()),
            (OnError::Local, Some(limiter)) => limiter.check(Some(hash)).map_err(exhausted),
            (OnError::Deny, _) | (OnError::Local, None) => Err(unchecked()),
        };
        let on_error = self.sharing.on_error;
        self.outage
            .failed(why, on_error, self.label(names), decided.is_err());
        decided
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("sharing", self.sharing)
            .field("denied", &self.denied.len())
            .finish_non_exhaustive()
    }
}

/// The interceptor behind `rate_limit(store = …)`. See the [module documentation](crate::rate_limit).
#[derive(Debug)]
pub struct SharedRateLimit<'a, S: ?Sized, K> {
    shared: &'a Shared,
    store: &'a S,
    key: K,
}

impl<'a, S: ?Sized, K> SharedRateLimit<'a, S, K> {
    /// Limits calls; those with the same key share a limit.
    #[doc(hidden)]
    pub const fn new(shared: &'a Shared, store: &'a S, key: K) -> Self {
        Self { shared, store, key }
    }

    /// The same, with the limits of the store.
    #[doc(hidden)]
    pub const fn configured(shared: &'a Shared, store: &'a S, key: K) -> Self
    where
        S: Configured,
    {
        Self { shared, store, key }
    }
}

impl<S, K, Req, Res> Interceptor<Req, Res> for SharedRateLimit<'_, S, K>
where
    S: Store + ?Sized,
    K: BucketKey,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let told = self.admit(call).await?;
        let mut result = next.run(call).await;
        if let Some(told) = told {
            tell(&told, &mut result);
        }
        result
    }
}

impl<S: Store + ?Sized, K: BucketKey> SharedRateLimit<'_, S, K> {
    /// Does not depend on the message, so it is compiled once for each store and kind of key.
    async fn admit(&self, call: &CallDetails) -> Result<Option<MetadataMap>, Status> {
        let Self { shared, store, key } = self;
        let names = call.name().names();
        let key = key.of(call);
        let hash = shared.hash(&names, key.as_ref());
        if let Some(wait) = shared.denied.wait(hash) {
            return Err(exhausted(wait));
        }
        let asked_at = Instant::now();
        let timeout = shared.sharing.store_timeout;
        // If the timeout overflows the clock, a day replaces it.
        let until = asked_at.checked_add(timeout);
        let until = until.unwrap_or_else(|| asked_at + Duration::from_secs(86_400));
        let bucket = Bucket::new(shared.sharing, names.service, names.method, key, until);
        let decision = match timeout_at(until, store.take(&bucket)).await {
            Ok(Ok(decision)) => decision,
            Ok(Err(why)) => {
                shared.without_store(&why, &names, hash)?;
                return Ok(None);
            }
            Err(_) => {
                let why = StoreError::new(format_args!("no answer within {timeout:?}"));
                shared.without_store(&why, &names, hash)?;
                return Ok(None);
            }
        };
        shared.outage.answered(shared.label(&names));
        let Decision {
            verdict, metadata, ..
        } = decision;
        match verdict {
            Verdict::Allowed => Ok(metadata),
            Verdict::Denied(retry_after) => {
                if let Some(until) = retry_after.and_then(|wait| asked_at.checked_add(wait)) {
                    shared.denied.remember(hash, until);
                }
                Err(refused(retry_after, metadata.as_ref()))
            }
        }
    }
}

#[cold]
fn refused(retry_after: Option<Duration>, told: Option<&MetadataMap>) -> Status {
    let mut status = match retry_after {
        Some(wait) => exhausted(wait),
        None => Status::resource_exhausted("rate limit exceeded"),
    };
    if let Some(told) = told {
        add(told, status.metadata_mut());
    }
    status
}

#[cold]
fn unchecked() -> Status {
    let mut status = Status::unavailable("rate limit cannot be checked");
    let pushback = PUSHBACK_MS.into();
    status
        .metadata_mut()
        .insert("grpc-retry-pushback-ms", pushback);
    status
}

fn tell<Res>(told: &MetadataMap, result: &mut Result<Response<Res>, Status>) {
    match result {
        Ok(response) => add(told, response.metadata_mut()),
        Err(status) => add(told, status.metadata_mut()),
    }
}

/// Adds all values of keys that `metadata` does not have yet.
fn add(told: &MetadataMap, metadata: &mut MetadataMap) {
    let told = told.as_ref();
    let mut headers = std::mem::take(metadata).into_headers();
    for name in told.keys() {
        if headers.contains_key(name) {
            continue;
        }
        for value in told.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    *metadata = MetadataMap::from_headers(headers);
}
