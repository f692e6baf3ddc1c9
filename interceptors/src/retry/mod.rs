//! Retries calls that failed, if another attempt may succeed.
//!
//! ```
//! use interceptors::intercept;
//! use interceptors_proto::demo::user_service_client::UserServiceClient;
//! use tonic::transport::Endpoint;
//!
//! #[intercept(retry(max = 3, base_delay = "100ms"))]
//! struct Outbound;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let channel = Endpoint::from_static("http://[::1]:50051").connect_lazy();
//! let users = UserServiceClient::new(Outbound.wrap(channel));
//! # let _ = users;
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`retry`](crate::intercept#retry).
//!
//! On a client the request is sent again, by the rules of [gRFC A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md). On a service
//! the handler runs again. Use that for a handler that returns the failures of a backend.
//!
//! **The server may have processed a call that fails.** Only you know which methods may run twice. If some may not, name the others with `only`.
//!
//! # Which calls are retried
//!
//! A call is retried if all of this holds:
//!
//! - its status code is one of `codes` (default: `UNAVAILABLE` and `DEADLINE_EXCEEDED`);
//! - attempts are left, the throttle allows one, and the deadline has not passed;
//! - the request can be sent again.
//!
//! Which requests can be sent again:
//!
//! - On a generated client and on a channel, requests of all four kinds of calls. The messages that were sent are kept until the server answers, up
//!   to `buffer_size` (default: 256 KiB) for each call. A request that is larger is still sent, but no longer retried. The messages of a stream are
//!   sent again in order, including its end, and later messages follow. On a generated client the messages must be `Clone` and, in a stream,
//!   `prost::Message`.
//! - On a service and on a hand-written client, requests with a single message, which must be `Clone`. Calls with a request stream are not retried
//!   there, and naming such a method in `only` does not compile.
//!
//! **A call is never retried after the response has begun**, because the caller may already have read a part of it. A streaming call is retried until
//! its response stream opens, and never after that.
//!
//! - On a generated client and on a channel, the response has begun when its headers have arrived, even if an error follows. An error without such
//!   headers (Trailers-Only, or an error that a proxy sends itself) does not begin a response.
//! - On a hand-written client, the response has begun when the method's body has returned `Ok`; on a service, when the handler has.
//!
//! If a retried handler calls another method that is retried, the attempts multiply: with `max = 3` for both, up to 16 runs.
//!
//! # The delay
//!
//! The delay before retry *n* is `min(base_delay × multiplier^(n-1), max_delay) × random(0.8, 1.2)`, as in A6 since 2024. The setting `jitter`
//! changes the range of the random factor.
//!
//! If the metadata of a status has `grpc-retry-pushback-ms`, its value is the delay, without jitter, and the next delay starts again at `base_delay`.
//! If the value is negative or malformed, the call is not retried. On a service, the call is also not retried if the value is longer than
//! `max_delay`.
//!
//! # On a client
//!
//! - All attempts share one deadline, and each attempt sends the remaining time. If the deadline passes during a delay, the call ends at the deadline
//!   with `DEADLINE_EXCEEDED`, and not earlier. The message says how many attempts there were and how the last one failed. `DEADLINE_EXCEEDED` of the
//!   call itself is never retried.
//! - Each attempt after the first sends `grpc-previous-rpc-attempts`. A value that the caller set under that key is not sent.
//! - A request that the server never processed (`REFUSED_STREAM`, or a `GOAWAY` whose last stream is before it, for any reason) is sent again at
//!   once, one time. A request that never left the client, because its connection closed first, is sent again too; see
//!   [below](#connections-that-close). Neither counts as an attempt. This needs feature `transparent-retry`.
//! - If an interceptor after `retry` rejects an attempt (`load_shed`, `concurrency`, `circuit_breaker`, `auth`, one of your own), the attempt was not
//!   sent. Its status code and pushback decide whether there is another attempt, as for a failure of the server. The throttle neither loses nor gains
//!   a token.
//! - If the call is dropped, or cancelled by its `CancellationHandle`, it ends at once, during a delay and during an attempt, and the server's stream
//!   is reset. There is one exception: on a wrapped channel, the `CancellationHandle` of a call with a request stream takes effect only while an
//!   attempt is being sent. To cancel such a call during a delay, drop it.
//! - The caller gets the response or the status of the last attempt, unchanged.
//!
//! # Connections that close
//!
//! If a server closes the connection before it gets the request, the request is sent again at once on another connection, because the first
//! connection may have been closed for being idle. If that connection closes too, the call waits before each further one, by gRPC's
//! [connection backoff](https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md): 1 s at first, then 1.6 times as long each time, up to
//! 120 s, each ± 20 %. These retries do not count for `max_attempts` or for the throttle, and `base_delay` and `max_delay` do not apply to them.
//!
//! - With a deadline, the call continues until the deadline, and then ends with `DEADLINE_EXCEEDED`.
//! - Without a deadline, the call ends with `UNAVAILABLE` when the fifth connection has closed, after about 5 s.
//!
//! If a connection cannot be opened, or is lost when the request may already be on its way, the attempt fails with `UNAVAILABLE`. `codes`,
//! `max_attempts` and `base_delay` apply to such an attempt.
//!
//! # What gRFC A6 leaves open
//!
//! | case | what this crate does |
//! | --- | --- |
//! | `max_attempts` above 5 | allowed. A6's cap protects a client from a service config of the server; here the client's own code sets the number |
//! | `base_delay` above `max_delay` | `max_delay`, from the first retry on |
//! | `grpc-retry-pushback-ms` with leading zeros or a plus | read as the number |
//! | two `grpc-retry-pushback-ms` in one status | the last one counts, as in grpc-core and grpc-java |
//! | `grpc-retry-pushback-ms` with a status code that is not in `codes` | no retry; if the value is negative, the failure counts for the throttle |
//! | a failure after the response has begun | does not count for the throttle, as in grpc-go and grpc-java |
//! | what counts as a success for the throttle | status `OK`; for a response stream, and on a channel, the arrival of response headers, as in grpc-java |
//! | an unprocessed request after a retry | still sent again at once, as in grpc-core |
//! | a connection that is lost in mid-call | `UNAVAILABLE`, as in gRPC's own libraries, where tonic says `UNKNOWN` |
//! | a call that a `GOAWAY` ends | `UNAVAILABLE`, for any reason of the `GOAWAY`, as in grpc-go |
//! | a connection that closes before the request is sent | `UNAVAILABLE`, where tonic says `CANCELLED` |
//! | what counts for `buffer_size` | the encoded messages; on a channel also the five bytes before each message |
//! | `retry` and `hedge` in one chain, both with `throttle` | one throttle for both |
//! | which calls share a throttle | all clients of a generated or hand-written client's type; a channel and its clones |
//!
//! `Ok` in `codes` does not compile.

mod backoff;
mod interceptor;
mod transparent;

pub use interceptor::Retry;
#[doc(hidden)]
pub use interceptor::Retrying;

pub use crate::kit::throttle::Throttle;
use crate::{Rule, Side};

/// The plan entry of `retry`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "retry";
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "each attempt is logged as a call").rank(8),
        Rule::after("auth", "each attempt verifies the token again")
            .rank(10)
            .on(Side::Server),
        Rule::after("rate_limit", "each attempt counts as a call")
            .rank(11)
            .on(Side::Server),
        Rule::after("metrics", "each attempt is measured as a call")
            .rank(24)
            .on(Side::Server),
        Rule::after("trace", "each attempt has the span of a call").rank(27),
        Rule::after("payload", "the messages of each attempt are logged").rank(31),
    ];
}
