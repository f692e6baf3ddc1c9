//! Sends several attempts of a unary call, each a little later than the one before, and takes the first success (gRFC A6, "Hedging").
//!
//! ```
//! use interceptors::intercept;
//! use interceptors_proto::demo::user_service_client::UserServiceClient;
//! use tonic::transport::Endpoint;
//!
//! #[intercept(hedge(delay = "200ms", only = ["/demo.v1.UserService/GetUser"]))]
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
//! The reference says where you can list it, and has all its settings: [`hedge`](crate::intercept#hedge).
//!
//! The first attempt is sent at once. If there is no response after `delay`, the next attempt is sent, and so on up to `max_attempts`. The caller
//! gets the first successful response, and the other attempts are cancelled.
//!
//! - After a failure with one of `non_fatal_codes`, the next attempt is sent at once. If all attempts fail, the caller gets the last failure.
//! - If an interceptor after `hedge` rejects an attempt, the attempt was not sent. Attempts in progress continue. The caller gets the rejection only
//!   if no attempt is in progress.
//! - If the server never processed an attempt (`REFUSED_STREAM`, a `GOAWAY` whose last stream is before it, or a connection that closed first), the
//!   next attempt is also sent at once, whatever the status code. This needs feature `transparent-retry`.
//! - Any other failure ends the call. So does any failure after the response has begun.
//! - `grpc-retry-pushback-ms` in a failure with a non-fatal code says when the next attempt may be sent. If the value is negative or malformed, no
//!   further attempt is sent.
//! - At the deadline the call ends with `DEADLINE_EXCEEDED`. If attempts failed before, the message says how many there were and how the last one
//!   failed.
//! - Each attempt sends the remaining deadline. Each attempt after the first also sends `grpc-previous-rpc-attempts`.
//!
//! # What it costs to compile
//!
//! `hedge` ends the [blind part](crate::compile_time) of a policy: `hedge` and the entries after it are compiled for each method. The reason is that
//! attempts run at the same time, and each needs its own message, future and response. So list `hedge` as late as possible.
//!
//! A prototype with `hedge` in the blind part took 46 instances (generated functions) for each unary method, instead of 108. But it needs two more
//! allocations for each attempt and one more for each call (by its code; not measured), and one more instance for each method without `hedge`.
//!
//! For a generated client of unary methods, `logging, hedge(…)` takes 448 instances for each method in a dev build, and `logging` alone takes 342. A
//! call with two attempts makes 14 allocations more than a call with one.
//!
//! # The throttle
//!
//! `throttle(tokens = 10, ratio = 0.1)` stops further attempts while too many attempts fail, by gRFC A6's rules for retries and hedging. A failure
//! with a non-fatal code removes one token. So does any failure with a negative or malformed pushback. A success adds `ratio` of a token. While half
//! of the tokens or fewer are left, each call has only one attempt. Attempts in progress continue. Attempts that were not sent do not count.
//!
//! If an attribute lists `retry` and `hedge` (for different methods), both with `throttle`, they share the throttle of the first `retry` that has
//! one. Their numbers must be the same. The plan shows this as `throttle=10/0.1 of retry`.
//!
//! # What may be hedged
//!
//! **The server may do the work of every attempt.** Name the methods that may run more than once with `only`.
//!
//! The transport must be `Clone`, as [`Channel`](https://docs.rs/tonic/0.14/tonic/transport/struct.Channel.html) is, and the request must be
//! `Clone`. A channel does not know the kind of a call. It hedges a request if the whole request is available when the call begins. The first attempt
//! with response headers then counts as the first success. A request of more than 256 KiB is sent only once.
//!
//! Entries after `hedge` run for each attempt: with `hedge, metadata(…)`, the metadata values are evaluated for each attempt.

mod interceptor;

pub use interceptor::Hedge;
#[doc(hidden)]
pub use interceptor::Hedging;

pub use crate::kit::throttle::Throttle;

use crate::{Rule, Sides};

/// The plan entry of `hedge`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "hedge";
    const SIDES: Sides = Sides::CLIENT;
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "each attempt is logged as a call").rank(9),
        Rule::after("circuit_breaker", "each attempt counts as a call").rank(17),
        Rule::after("trace", "each attempt has the span of a call").rank(28),
        Rule::after("payload", "the messages of each attempt are logged").rank(32),
    ];
}
