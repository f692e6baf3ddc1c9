//! Only so many calls in so much time, on [`governor`].
//!
//! A refused call ends with `RESOURCE_EXHAUSTED`, a `google.rpc.RetryInfo` detail and
//! `grpc-retry-pushback-ms` metadata that say when to come back, so that clients which retry do
//! it then and not before. The handler does not run. A stream is counted when it opens.
//!
//! # Rate and burst
//!
//! A limit is a bucket (GCRA): it begins full, each call takes one, and the rate fills it again, evenly. So in a period that begins with a
//! full bucket `burst` and nearly the rate pass: `per_minute = 60`, whose burst is 60 too, lets 119 calls pass in its first minute, and
//! 60 in each later one of a caller that never rests. With `burst = 10` it is 69, and with `burst = 1`, which spaces calls
//! evenly, 60.
//!
//! # What shares a limit
//!
//! The methods of a service that an entry covers share it, and with `key` each key has its own:
//!
//! | `key` | who shares a limit |
//! | --- | --- |
//! | not given | all calls |
//! | `peer` | calls from one IP address, or one /64 network for IPv6; where the transport knows no address, all such calls, and a warning says so once. Behind `axum::serve` the address is known with feature `axum` and `into_make_service_with_connect_info::<SocketAddr>()` |
//! | `metadata("x-api-key")` | calls with the same value of this metadata key; calls without one, or with several, together |
//! | `identity` | calls of one verified identity; it needs an `auth` listed before it, and `Hash` for the identity |
//!
//! A caller chooses the metadata that it sends: put a limit by metadata behind an `auth` that verifies
//! the same key, or a stranger has a new limit with each value.
//!
//! An entry on a method has a limit of its own. The limit lives as long as the process and is
//! shared by all values of the service's type, and by all instances of a generic one; with `limiter = self.limiter` it lives in a
//! [`Limiter`] of yours, which may also have a clock of yours.
//!
//! # Memory
//!
//! Keys are kept as 64-bit hashes under a random key of the process, and at most
//! [`max_keys`](Config::max_keys) of them. Under a flood of more distinct keys than that, the
//! ones too many share one limit until others have recovered: callers that are not known yet are
//! refused more often then, those that are known are not.
//!
//! Without `key` a limit keeps no key, and a call takes no lock.

#[cfg(feature = "envoy-rls")]
mod envoy;
mod interceptor;
mod key;
mod limiter;
#[cfg(feature = "redis")]
mod redis;
mod shared;
mod store;

#[cfg(feature = "envoy-rls")]
pub use envoy::Envoy;
pub use interceptor::RateLimit;
pub use key::{ByIdentity, ByMetadata, ByPeer, Everyone, Key};
pub use limiter::{Config, Limiter, TokioClock};
#[cfg(feature = "redis")]
pub use redis::Redis;
pub use shared::{Bucket, Configured, Decision, Local, SharedKey, Store, StoreError};
#[doc(hidden)]
pub use shared::{
    BucketKey, IdentityOf, KeyValue, OnError, Shared, SharedByHash, SharedByText, SharedRateLimit,
    Sharing,
};

use crate::{Rule, Sides};

/// What the plan knows of `rate_limit`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "rate_limit";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "calls that it refuses are not logged").rank(6),
        Rule::after("metrics", "calls that it refuses are not measured").rank(23),
        Rule::after("trace", "calls that it refuses have no span").rank(26),
    ];
}
