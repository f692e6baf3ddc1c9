//! Another attempt for a call that failed in a way that may pass.
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
//! Where it may be listed and all its settings: [`retry`](crate::intercept#retry) in the reference of the attribute.
//!
//! On a client the request is sent again, by the rules of
//! [gRFC A6](https://github.com/grpc/proposal/blob/master/A6-client-retries.md). On a service the handler runs
//! again; that suits one that passes on the failure of something behind it.
//!
//! **A call that failed may have been carried out all the same.** Whether it may be made twice is for its author
//! to say, so name the methods with `only` where some of them may not.
//!
//! # When
//!
//! The status code is one of `codes` (default: `UNAVAILABLE` and `DEADLINE_EXCEEDED`, as in
//! the `grpc.aio` interceptors that this crate began as), attempts are left, the throttle allows it, the deadline has not passed, and
//! the request can be sent once more:
//!
//! - On a generated client and on a channel all four kinds of call can. What a request has sent is kept until the
//!   server answers, up to `buffer_size` (256 KiB) for a call; a request that outgrows it is sent on, and not
//!   retried from there on. The messages of a stream are sent again in order, its end included, and those that come later
//!   follow. On a generated client the messages must be `Clone` and, in a stream, `prost::Message`.
//! - On a service and on a hand-written client calls with one request message can, which must be `Clone`. Request streams are
//!   left alone there, and naming such a method in `only` does not compile.
//!
//! **Never after an answer.** On a client that is when response headers have arrived, even if an error follows them; an
//! error without a response (Trailers-Only, or what a proxy answers by itself) is none. On a hand-written client it is when its body has returned
//! with success, and on a service when the handler has. A response stream is retried until it opens, never after: what was delivered cannot be taken back.
//!
//! A handler that is retried and calls a sibling that is retried multiplies the two: with
//! `max = 3` for both, up to 16 runs.
//!
//! # The delay
//!
//! Before retry *n*, `min(base_delay × multiplier^(n-1), max_delay) × random(0.8, 1.2)`, as A6 has it since 2024.
//! A status with `grpc-retry-pushback-ms` in its metadata sets the delay itself, without jitter,
//! and the next delay starts again at `base_delay`; a negative or unreadable value means that
//! there is to be no retry. On a service a value longer than `max_delay` means that too.
//!
//! # On a client
//!
//! - One deadline holds for all attempts, and each tells the server what is left of it. A delay does not go beyond it: the call
//!   ends with `DEADLINE_EXCEEDED` when it passes, not before. The message says how many attempts there were and how the last one failed.
//!   The call's own expiry is never retried.
//! - Each attempt after the first carries `grpc-previous-rpc-attempts`; what the caller wrote under that key is not sent.
//! - A request that the server refused unseen (`REFUSED_STREAM`, or a `GOAWAY` below it, whatever its reason) is sent again at once, one time. A request
//!   that never left the client, because its connection closed first, is sent again too; see [below](#connections-that-close).
//!   Neither counts as an attempt. Feature `transparent-retry`.
//! - What an interceptor behind `retry` refuses (`load_shed`, `concurrency`, `circuit_breaker`, `auth`, one of your own) was not sent. The code and
//!   the pushback say whether there is another attempt, as for a failure of the server. The throttle neither loses nor gains a token by it.
//! - Dropping the call or cancelling it by its `CancellationHandle` ends it, in a delay as in an attempt; the server is told.
//!   Exception: the `CancellationHandle` of a call with a request stream on a wrapped channel takes effect only while an attempt is being sent.
//!   To cancel such a call in a delay, drop it.
//! - The answer is that of the last attempt, unchanged.
//!
//! # Connections that close
//!
//! A server that hangs up before it gets the request is asked again at once, on another connection: the first may have been idle, and
//! closed for that. From then on the call waits before each further connection, as gRPC's
//! [connection backoff](https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md) has it: 1 s at first, then 1.6 times
//! as long each time, up to 120 s, and ± 20 % of it. These waits count neither for `max_attempts` nor for the throttle,
//! and `base_delay` and `max_delay` say nothing of them.
//!
//! - With a deadline the call goes on until then, and ends `DEADLINE_EXCEEDED`.
//! - Without one it ends `UNAVAILABLE` when the fifth connection has closed, after about 5 s.
//!
//! A connection that cannot be opened at all, or that is lost when the request may be on its way, is a failed attempt with
//! `UNAVAILABLE`: `codes`, `max_attempts` and `base_delay` say what follows.
//!
//! # What gRFC A6 leaves open
//!
//! | | here |
//! | --- | --- |
//! | `max_attempts` above 5 | as written: A6's cap is on what a service config asks of a client, and here the client says it itself |
//! | `base_delay` above `max_delay` | `max_delay`, from the first retry on |
//! | `grpc-retry-pushback-ms` with leading zeros or a plus | read as the number |
//! | two of them | the last one counts, as in grpc-core and grpc-java |
//! | one with a code that is not in `codes` | no retry; a negative one counts for the throttle |
//! | a failure after the answer has begun | does not count for the throttle, as in grpc-go and grpc-java |
//! | what a success is to the throttle | `OK`; for a response stream, and on a channel, that headers came, as in grpc-java |
//! | a refused request after a retry | still sent again at once, as in grpc-core |
//! | a connection that is lost in mid-call | `UNAVAILABLE`, as in gRPC's own libraries, where tonic says `UNKNOWN` |
//! | a call that ends by a `GOAWAY` | `UNAVAILABLE`, whatever its reason, as in grpc-go |
//! | a connection that closes before the request is sent | `UNAVAILABLE`, where tonic says `CANCELLED` |
//! | what counts for `buffer_size` | the encoded messages; on a channel with the five bytes before each |
//! | `retry` and `hedge` in one chain, both with `throttle` | one throttle for both |
//! | whom the throttle is for | all clients of a generated or hand-written client's type; a channel and its clones |
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

/// What the plan knows of `retry`.
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
