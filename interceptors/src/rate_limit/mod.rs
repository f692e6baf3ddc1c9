//! Limits how many calls pass in a second or a minute, with [governor](https://docs.rs/governor).
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
//! let rejected = Users.get_user(Request::new(GetUserRequest { id: 7 })).await.unwrap_err();
//! assert_eq!(rejected.code(), Code::ResourceExhausted);
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
//! A limit is a bucket of tokens (GCRA). The bucket begins full with `burst` tokens. Each call takes one token, and the rate adds tokens evenly. So
//! in a period that begins with a full bucket, `burst` calls pass, plus nearly as many as the rate. With `per_minute = 60`, whose burst is also 60,
//! 119 calls pass in the first minute. A caller that never pauses then makes 60 calls in each later minute. With `burst = 10`, 69 calls pass in the
//! first minute. `burst = 1` spaces calls evenly: 60 pass in each minute.
//!
//! # What shares a limit
//!
//! All methods of a service that an entry covers share its limit. With `key`, each key has its own limit:
//!
//! | `key` | which calls share a limit |
//! | --- | --- |
//! | not given | all calls |
//! | `peer` | calls from one IP address, or one /64 network for IPv6. Calls without a known address share one limit, and one warning says so. Behind `axum::serve` the address is known with feature `axum` and `into_make_service_with_connect_info::<SocketAddr>()` |
//! | `client_ip` | calls from one caller, also behind proxies: the IP address, or the IPv6 network, that `client_ip` finds. `client_ip` must be listed before it. Calls without an address share one limit, as for `peer` |
//! | `metadata("x-api-key")` | calls with the same value of this metadata key. Calls without a value, or with several, share one limit |
//! | `identity` | calls of one verified identity. `auth` must be listed before it, and the identity must implement `Hash`. On a server's struct, public calls have no identity and share one limit |
//!
//! A caller chooses the metadata that it sends. So list a limit by metadata after an `auth` that verifies the same metadata key. Otherwise a caller
//! gets a new limit with each value that it invents.
//!
//! An entry on a method has its own limit. In a process, all values of the service's type share the limit, including all instances of a generic type.
//! With `limiter = self.limiter` the limit belongs to your own [`Limiter`], which can also have your own clock.
//!
//! # Memory
//!
//! Keys are kept as 64-bit hashes, with a random hash key for each process. At most [`max_keys`](Rate::max_keys) are kept (default: 65,536). If there
//! are more distinct keys, the surplus keys share one limit until the buckets of other keys are full again. So new callers are then rejected more
//! often, but known callers are not.
//!
//! Without `key`, no keys are kept, and a call takes no lock.
//!
//! # Limits shared between processes
//!
//! With `store`, a limit is kept outside the process: in Redis (`Redis`, feature `redis`), in Envoy's Rate Limit Service (`Envoy`, feature
//! `envoy-rls`), or in your own [`Store`]. All replicas of a service then share it. [`Local`] is a store inside the process. Use it in tests, or to
//! share a limit between services of one process.
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
//! Without `store`, the limit stays in the process, and a call checks it without waiting.
//!
//! ## When the store does not answer
//!
//! A call waits for the store for at most `store_timeout` (default: 100 ms). If the store fails or is late, `on_error` decides:
//!
//! | `on_error` | the call | choose it where |
//! | --- | --- | --- |
//! | `local`, the default | counts for the same limit in this process | a limit per process is better than none, and an outage of the store must not stop the service |
//! | `allow` | passes | the limit is for fairness, and the service can handle all calls |
//! | `deny` | ends with `UNAVAILABLE` "rate limit cannot be checked" and `grpc-retry-pushback-ms: 1000` | no call may pass uncounted |
//!
//! With `local`, three replicas together let three times as many calls through while the store is down. Callers are not told why the store failed.
//! Each outage is logged twice. A warning with the reason is logged when the outage begins. Another event is logged when the store has answered for
//! one second without a failure. It says how many calls were decided without the store, and how many of them were rejected.
//!
//! The process remembers a denial until the bucket has a token again, for at most `max_keys` buckets. Only time fills a bucket, so the remembered
//! denial is exact. A flood of denied calls does not reach the store.
//!
//! ## Which calls share a bucket
//!
//! Entries with the same name, numbers and key share a bucket, in all services and processes. The [id](Bucket::id) of a bucket has these parts:
//!
//! | part of the id | where it comes from |
//! | --- | --- |
//! | `user.v1.UserService` | the setting `name`; without it, the name of the called service, followed by `/Login` if the entry is on that method |
//! | `:200/1s:50` | 200 calls in each second, and a burst of 50; left out if the store has [limits of its own](Configured) |
//! | `:x-api-key:` and 32 digits | the first 128 bits of the SHA-256 of the key's value; `:peer:`, `:client_ip:` and `:identity:` likewise |
//!
//! So two releases with different numbers count separately while both run. The key is a digest, so API keys are not visible in Redis or in its logs,
//! and a caller cannot choose the shard of a cluster. Calls without the key, and calls with several values of it, share the value `-`.
//!
//! The name of a service is exact if it came over the wire, or if you write it: `service = "user.v1.UserService"`. An entry on a
//! [server's struct](crate::server) has one limit for each called service, and callers can also call services that do not exist. To have one limit
//! for all services, write a `name` there.
//!
//! **Identities.** `key = identity` uses a digest of the identity's `Hash`, which is stable only within one build. After an update of the compiler or
//! of the type, callers get new buckets. To keep the buckets, implement [`SharedKey`] for the identity, which returns a stable text. Strings and
//! integers implement it.
//!
//! ## Stores with their own limits
//!
//! A [`Configured`] store, such as `Envoy`, has its own limits and needs no `per_second`. Without `per_second` the entry has no local limit, so
//! `on_error` must be `allow` or `deny`.
//!
//! ## What it costs
//!
//! One decision, including the request and the response of a call without a socket (`cargo bench -p interceptors-bench --bench shared_limits`):
//!
//! | where the limit is | calls at once | processor time of the service | allocations |
//! | --- | --: | --: | --: |
//! | in the process | 1 or 32 | 0.5 µs | 4 |
//! | in Redis | 1 | 17 µs | 15 |
//! | in Redis | 32 | 4 µs | 14 |
//! | in Redis: denied, and remembered | 1 | 0.9 µs | 15 |
//!
//! A decision in Redis also takes one round trip. `BENCHMARKS.md` in the repository has the rates.

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
        Rule::after("logging", "calls that it rejects are not logged").rank(6),
        Rule::after("metrics", "calls that it rejects are not measured").rank(23),
        Rule::after("trace", "calls that it rejects have no span").rank(26),
    ];
}
