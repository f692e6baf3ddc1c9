//! Another attempt for a call that failed, if the failure may pass.
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
//! the handler runs again. That suits a handler that passes on the failure of a backend.
//!
//! **A call that failed may have been carried out all the same.** Only its author knows whether it may run twice. If some methods may not, name the
//! others with `only`.
//!
//! # When
//!
//! A call is retried if all of this holds:
//!
//! - its status code is one of `codes` (default: `UNAVAILABLE` and `DEADLINE_EXCEEDED`);
//! - attempts are left, the throttle allows one, and the deadline has not passed;
//! - the request can be sent again.
//!
//! Which requests can be sent again:
//!
//! - On a generated client and on a channel, those of all four kinds of calls. What a request has sent is kept until the server answers, up to
//!   `buffer_size` (256 KiB) for a call. A request that outgrows it is sent on, and not retried from then on. The messages of a stream are sent again
//!   in order, its end included, and later messages follow. On a generated client the messages must be `Clone` and, in a stream, `prost::Message`.
//! - On a service and on a hand-written client, those of calls with one request message, which must be `Clone`. Calls with a request stream are not
//!   retried there, and naming such a method in `only` does not compile.
//!
//! **Never after an answer.** What was delivered cannot be taken back. A response stream is retried until it opens, and never after that.
//!
//! - On a generated client and on a channel, an answer has begun when response headers have arrived, even if an error follows them. An error
//!   without a response (Trailers-Only, or what a proxy answers itself) is no answer.
//! - On a hand-written client, an answer has begun when the method's body has returned with success; on a service, when the handler has.
//!
//! If a retried handler calls another method that is retried, the attempts multiply: with `max = 3` for both, up to 16 runs.
//!
//! # The delay
//!
//! Before retry *n* it is `min(base_delay × multiplier^(n-1), max_delay) × random(0.8, 1.2)`, as in A6 since 2024.
//!
//! `grpc-retry-pushback-ms` in the metadata of a status sets the delay itself, without jitter, and the next delay starts again at `base_delay`. If the
//! value is negative or unreadable, there is no retry. On a service there is also none if the value is longer than `max_delay`.
//!
//! # On a client
//!
//! - All attempts share one deadline, and each sends what is left of it. If it passes during a delay, the call ends then with `DEADLINE_EXCEEDED`, and
//!   not before. The message says how many attempts there were and how the last one failed. The call's own expiry is never retried.
//! - Each attempt after the first carries `grpc-previous-rpc-attempts`. A value that the caller wrote under that key is not sent.
//! - A request that the server never processed (`REFUSED_STREAM`, or a `GOAWAY` below it, whatever its reason) is sent again at once, one time. A
//!   request that never left the client, because its connection closed first, is sent again too; see [below](#connections-that-close).
//!   Neither counts as an attempt. Feature `transparent-retry`.
//! - A call that an interceptor after `retry` rejects (`load_shed`, `concurrency`, `circuit_breaker`, `auth`, one of your own) was not sent. Its code and
//!   pushback decide about another attempt, as for a failure of the server. The throttle neither loses nor gains a token.
//! - Dropping the call, or cancelling it by its `CancellationHandle`, ends it, during a delay and during an attempt, and the server notices. There is
//!   one exception: on a wrapped channel, the `CancellationHandle` of a call with a request stream takes effect only while an attempt is being
//!   sent. To cancel such a call in a delay, drop it.
//! - The answer is that of the last attempt, unchanged.
//!
//! # Connections that close
//!
//! If a server closes the connection before it gets the request, the request is sent again at once on another connection: the first may have been
//! closed because it was idle. From then on the call waits before each further connection, by gRPC's
//! [connection backoff](https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md): 1 s at first, then 1.6 times as long each time, up to
//! 120 s, and ± 20 % of it. These waits do not count for `max_attempts` or for the throttle, and `base_delay` and `max_delay` do not apply to them.
//!
//! - With a deadline, the call goes on until the deadline, and ends `DEADLINE_EXCEEDED`.
//! - Without a deadline, it ends `UNAVAILABLE` when the fifth connection has closed, after about 5 s.
//!
//! A connection that cannot be opened, or that is lost when the request may be on its way, is a failed attempt with `UNAVAILABLE`. For it,
//! `codes`, `max_attempts` and `base_delay` apply.
//!
//! # What gRFC A6 leaves open
//!
//! | | here |
//! | --- | --- |
//! | `max_attempts` above 5 | as written. A6's cap is for what a service config asks of a client; here the client decides itself |
//! | `base_delay` above `max_delay` | `max_delay`, from the first retry on |
//! | `grpc-retry-pushback-ms` with leading zeros or a plus | read as the number |
//! | two of them | the last one counts, as in grpc-core and grpc-java |
//! | one with a code that is not in `codes` | no retry; a negative one counts for the throttle |
//! | a failure after the answer has begun | does not count for the throttle, as in grpc-go and grpc-java |
//! | what counts as a success for the throttle | `OK`; for a response stream, and on a channel, headers, as in grpc-java |
//! | an unprocessed request after a retry | still sent again at once, as in grpc-core |
//! | a connection that is lost in mid-call | `UNAVAILABLE`, as in gRPC's own libraries, where tonic says `UNKNOWN` |
//! | a call that ends by a `GOAWAY` | `UNAVAILABLE`, whatever its reason, as in grpc-go |
//! | a connection that closes before the request is sent | `UNAVAILABLE`, where tonic says `CANCELLED` |
//! | what counts for `buffer_size` | the encoded messages; on a channel with the five bytes before each |
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
