//! Limits how many calls pass in a second or a minute, with [`governor`].
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
//! The reference says where you can list it, and has all its settings: [`rate_limit`](crate::intercept#rate_limit).
//!
//! A rejected call ends with `RESOURCE_EXHAUSTED`. A `google.rpc.RetryInfo` detail and `grpc-retry-pushback-ms` metadata say when to try again, so
//! clients that retry wait until then. The handler does not run. A stream is counted when it opens.
//!
//! # Rate and burst
//!
//! A limit is a bucket (GCRA). It begins full, each call takes one from it, and the rate fills it again, evenly. So a period that begins with a full
//! bucket lets `burst` calls pass, and nearly the rate on top. `per_minute = 60`, whose burst is 60 too, lets 119 calls pass in the first minute, and
//! 60 in each later minute of a caller that never rests. With `burst = 10` it is 69 in the first minute. `burst = 1` spaces calls evenly: 60.
//!
//! # What shares a limit
//!
//! The methods of a service that an entry covers share its limit. With `key`, each key has a limit of its own:
//!
//! | `key` | which calls share a limit |
//! | --- | --- |
//! | not given | all calls |
//! | `peer` | calls from one IP address, or one /64 network for IPv6. Calls without a known address share one limit, and one warning says so. Behind `axum::serve` the address is known with feature `axum` and `into_make_service_with_connect_info::<SocketAddr>()` |
//! | `client_ip` | calls from one caller, also behind proxies: the IP address, or the IPv6 network, that the `client_ip` listed before it has found. Calls without an address share one limit, as for `peer` |
//! | `metadata("x-api-key")` | calls with the same value of this metadata key. Calls without a value, or with several, share one limit |
//! | `identity` | calls of one verified identity. An `auth` must be listed before it, and the identity must be `Hash` |
//!
//! A caller chooses the metadata that it sends. So list a limit by metadata after an `auth` that verifies the same key. Otherwise a stranger gets a new
//! limit with each value.
//!
//! An entry on a method has a limit of its own. The limit belongs to the process: all values of the service's type share it, and all instances of a
//! generic one. With `limiter = self.limiter` it belongs to a [`Limiter`] of yours, which may also have a clock of yours.
//!
//! # Memory
//!
//! Keys are kept as 64-bit hashes, hashed with a random key of the process. At most [`max_keys`](Rate::max_keys) are kept. If there are more
//! distinct keys, the surplus keys share one limit until others have recovered. So unknown callers are rejected more often then, and known callers
//! are not.
//!
//! Without `key`, a limit keeps no keys, and a call takes no lock.
//!
//! # Limits shared between processes
//!
//! With `store` a limit is kept outside the process: in Redis (`Redis`, feature `redis`), in Envoy's Rate Limit Service (`Envoy`, feature
//! `envoy-rls`), or in a [`Store`] of your own. All replicas of a service then share it. [`Local`] is a store in the process, for tests, and for
//! services of one process that share a limit.
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
//! Without `store` nothing changes: the limit stays in the process, and a call checks it without waiting.
//!
//! ## When the store does not answer
//!
//! A call waits for the store no longer than `store_timeout`. When the store fails or is late, `on_error` decides:
//!
//! | `on_error` | the call | choose it where |
//! | --- | --- | --- |
//! | `local`, the default | is held to the same limit in this process | a limit per process is better than none, and an outage of the store must not stop the service |
//! | `allow` | passes | the limit is for fairness, and the service can take all calls |
//! | `deny` | ends with `UNAVAILABLE` "rate limit cannot be checked" and `grpc-retry-pushback-ms: 1000` | no call may pass uncounted |
//!
//! With `local`, three replicas let three times the limit through while the store is down. Callers never learn why the store failed. The log has two
//! events: a warning with the reason when an outage begins, and one when the store has answered for a second without a failure. The second says how
//! many calls were decided meanwhile, and how many of them were rejected.
//!
//! A denial is remembered until the bucket has room again, for at most `max_keys` buckets. Only time fills a bucket, so this is exact, and a flood of
//! denied calls does not reach the store.
//!
//! ## Who shares a bucket
//!
//! Entries of the same name, numbers and key share a bucket, in any service and process. The [id](Bucket::id) of a bucket has these parts:
//!
//! | part of the id | where it comes from |
//! | --- | --- |
//! | `user.v1.UserService` | the name of the service that is called; `/Login` follows for an entry on that method; or `name` |
//! | `:200/1s:50` | 200 calls in each second, and a burst of 50; left out if the store has [limits of its own](Configured) |
//! | `:x-api-key:` and 32 digits | the first 128 bits of the SHA-256 of the key's value; `:peer:`, `:client_ip:` and `:identity:` likewise |
//!
//! So two releases with different numbers count separately while both run. Keys are digested: API keys are visible neither in Redis nor in its logs, and
//! no caller chooses the shard of a cluster. Calls without the key, and calls with several values of it, share the value `-`.
//!
//! The name of a service is exact if it came over the wire, or if you write it: `service = "user.v1.UserService"`. An entry on a
//! [server's struct](crate::server) has a limit for each service that is called, and callers may call services that do not exist. To have one limit
//! for all, write a `name` there.
//!
//! **Identities.** `key = identity` digests the identity's `Hash`. What a type feeds to a hasher is stable only within one build: after an
//! update of the compiler or of the type, callers have new buckets. Implement [`SharedKey`] for the identity, which gives a text that stays the same.
//! Strings and integers implement it.
//!
//! ## Limits of the store's own
//!
//! A [`Configured`] store, such as `Envoy`, needs no `per_second`. Then the entry has no limit to fall back on, so `on_error` must be `allow` or
//! `deny`.
//!
//! ## What it costs
//!
//! On a machine of two cores that was busy with other work. Callers, service and `redis-server` shared it. Time and allocations include the request
//! and the answer of a call without a socket. (`cargo bench -p interceptors-bench --bench shared_limits`)
//!
//! | a decision | calls at once | per second | processor time of the service | allocations |
//! | --- | --: | --: | --: | --: |
//! | in the process | 1 | 331,000 | 0.5 µs | 4 |
//! | in Redis | 1 | 7,000 | 27 µs | 15 |
//! | in the process | 32 | 672,000 | 0.5 µs | 4 |
//! | in Redis | 32 | 24,300 | 4.5 µs | 14 |
//! | denied, and remembered | 1 | 308,000 | 1.0 µs | 15 |
//!
//! Whole calls over loopback, 32 at once: 8,100 per second with the limit in the process, 4,800 with the limit in Redis.

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
pub use limiter::{Limiter, Rate, TokioClock};
// Its name in the first checkouts.
#[doc(hidden)]
pub use limiter::Rate as Config;
#[cfg(feature = "redis")]
pub use redis::Redis;
pub use shared::{Bucket, Configured, Decision, Local, SharedKey, Store, StoreError};
#[doc(hidden)]
pub use shared::{
    BucketKey, IdentityOf, KeyValue, OnError, Shared, SharedByHash, SharedByText, SharedRateLimit,
    Sharing,
};

use crate::{Rule, Sides};

/// The plan entry of `rate_limit`.
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
