//! Only so many calls in so much time, on [`governor`].
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Code, Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(rate_limit(per_minute = 60, burst = 1))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         Ok(Response::new(User { id: request.get_ref().id, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert!(Users.get_user(Request::new(GetUserRequest { id: 7 })).await.is_ok());
//! let refused = Users.get_user(Request::new(GetUserRequest { id: 7 })).await.unwrap_err();
//! assert_eq!(refused.code(), Code::ResourceExhausted);
//! # }
//! ```
//!
//! Where it may be listed and all its settings: [`rate_limit`](crate::intercept#rate_limit) in the reference of the attribute.
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
//! | `client_ip` | calls from one caller also where proxies are in between: the IP address, or the IPv6 network, that `client_ip` has found, which has to be listed before it; without an address as for `peer` |
//! | `metadata("x-api-key")` | calls with the same value of this metadata key; calls without one, or with several, together |
//! | `identity` | calls of one verified identity; it needs an `auth` listed before it, and `Hash` for the identity |
//!
//! A caller chooses the metadata that it sends: put a limit by metadata behind an `auth` that verifies
//! the same key, or a stranger has a new limit with each value.
//!
//! An entry on a method has a limit of its own. The limit lives as long as the process and is
//! shared by all values of the service's type, and by all instances of a generic one; with `limiter = self.limiter` it lives in a
//! [`RateLimiter`] of yours, which may also have a clock of yours.
//!
//! # Memory
//!
//! Keys are kept as 64-bit hashes under a random key of the process, and at most
//! [`max_keys`](Rate::max_keys) of them. Under a flood of more distinct keys than that, the
//! ones too many share one limit until others have recovered: callers that are not known yet are
//! refused more often then, those that are known are not.
//!
//! Without `key` a limit keeps no key, and a call takes no lock.
//!
//! # Limits shared between processes
//!
//! With `store` a limit is kept outside of the process: in Redis (`Redis`, feature `redis`), in Envoy's Rate Limit Service (`Envoy`, feature
//! `envoy-rls`), or in a [`Store`] of your own. Then it holds over all replicas of a service. [`Local`] is a store in the process,
//! for tests, and for services of one process that share a limit.
//!
//! ```
//! use interceptors::intercept;
//! use interceptors::rate_limit::Local;
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Request, Response, Status};
//!
//! struct Users {
//!     limits: Local, // in production `Redis`
//! }
//!
//! #[intercept(rate_limit(
//!     per_second = 200,
//!     burst = 50,
//!     key = metadata("x-api-key"),
//!     store = self.limits,
//!     store_timeout = "50ms",
//!     on_error = local,
//! ))]
//! # #[tonic::async_trait]
//! # impl UserService for Users {
//! #     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//! #         Ok(Response::new(User::default()))
//! #     }
//! # }
//! # let _ = Users { limits: Local::new() }.limits;
//! ```
//!
//! Without `store` nothing of this is compiled into a call: the limit stays in the process, and is checked without waiting.
//!
//! ## When the store does not answer
//!
//! A call waits for the store no longer than `store_timeout`. When the store fails or is late, `on_error` decides:
//!
//! | `on_error` | the call | choose it where |
//! | --- | --- | --- |
//! | `local`, the default | is held to the same limit in this process | a limit per process is better than none, and an outage of the store must not become one of the service |
//! | `allow` | passes | the limit is for fairness, and the service can take all calls |
//! | `deny` | ends with `UNAVAILABLE` "rate limit cannot be checked" and `grpc-retry-pushback-ms: 1000` | no call may pass uncounted |
//!
//! With `local`, so many replicas let through so many times the limit while the store is away. Callers are never told why the store failed. The
//! log is, once when an outage begins (a warning with the reason), and once when the store has answered for a second without
//! a failure (with how many calls were decided meanwhile, and how many of them refused).
//!
//! A denial is remembered until the bucket has a call again, for at most `max_keys` buckets. Nothing but time fills a bucket, so this is exact, and a flood
//! of calls that are denied does not reach the store.
//!
//! ## Who shares a bucket
//!
//! Entries of the same name, numbers and key share a bucket, in whatever service and process. The [id](Bucket::id) of a bucket says so:
//!
//! | part of the id | where it comes from |
//! | --- | --- |
//! | `user.v1.UserService` | the name of the service that is called; with `/Login` behind it for an entry on that method; or `name` |
//! | `:200/1s:50` | 200 calls in each second, and a burst of 50; left out where the store has [limits of its own](Configured) |
//! | `:x-api-key:` and 32 digits | the first 128 bits of the SHA-256 of the key's value; `:peer:`, `:client_ip:` and `:identity:` likewise |
//!
//! Two releases with different numbers therefore count apart while both run. Keys are digested, so that API keys are seen neither in Redis nor in its logs,
//! and no caller chooses the shard of a cluster. Calls without the key, and calls with several values of it, share the value `-`.
//!
//! The name of a service is exact where it came over the wire, or is written: `service = "user.v1.UserService"`. An entry on a
//! [server's struct](crate::server) has a limit for each service that is called, and callers may call services that do not exist:
//! write a `name` there, to have one limit for all.
//!
//! **Identities.** `key = identity` digests the identity's `Hash`. The bytes that a type gives to a hasher are promised only within one build:
//! after an update of the compiler, or of the type, callers have new buckets. Implement [`SharedKey`] for the identity, which gives a text that
//! stays the same. Strings and integers have it.
//!
//! ## Limits of the store's own
//!
//! A [`Configured`] store, such as `Envoy`, needs no `per_second`. Then the entry has no limit to fall back on, so `on_error` must be `allow` or
//! `deny`.
//!
//! ## What it costs
//!
//! On a machine of two cores that was busy with other work, with callers, service and `redis-server` beside each other (`cargo bench -p interceptors-bench
//! --bench shared_limits`; the request and the answer of a call without a socket are among the time and the allocations):
//!
//! | a decision | calls at once | per second | processor time of the service | allocations |
//! | --- | --: | --: | --: | --: |
//! | in the process | 1 | 331,000 | 0.5 µs | 4 |
//! | in Redis | 1 | 7,000 | 27 µs | 15 |
//! | in the process | 32 | 672,000 | 0.5 µs | 4 |
//! | in Redis | 32 | 24,300 | 4.5 µs | 14 |
//! | denied, and remembered | 1 | 308,000 | 1.0 µs | 15 |
//!
//! Whole calls over loopback, 32 at once: 8,100 a second with the limit in the process, 4,800 with the limit in Redis.

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
#[doc(hidden)]
pub use key::ByIdentity;
pub use key::{ByClientIp, ByMetadata, ByPeer, Everyone, Key};
pub use limiter::{Rate, RateLimiter, TokioClock};
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
