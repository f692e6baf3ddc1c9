//! Several attempts of one unary call, each a little later than the one before: gRFC A6, "Hedging".
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
//! The first attempt is made at once, the next one after `delay` without an answer, and so on up to
//! `max_attempts`. The first success is the answer, and the other attempts are cancelled.
//!
//! - After a failure with one of `non_fatal_codes` the next attempt is made at once. When all attempts have failed, the last failure is the answer.
//! - An attempt that an interceptor after `hedge` rejects was not sent. The attempts under way go on, and the rejection is the answer only if
//!   there are none.
//! - An attempt that no application has seen (`REFUSED_STREAM`, a `GOAWAY` below it, a connection that closed first) is also followed by the next one
//!   at once, whatever its code. Feature `transparent-retry`.
//! - Any other failure is the answer, and so is a failure after the server has begun to respond.
//! - `grpc-retry-pushback-ms` in a failure with a non-fatal code says when the next attempt may be made. If it is negative or unreadable, no further
//!   attempt is made.
//! - At the deadline the call ends with `DEADLINE_EXCEEDED`. If attempts have failed by then, the message says how many there were and how the last one
//!   failed.
//! - Each attempt sends the remaining deadline. Each attempt after the first also sends `grpc-previous-rpc-attempts`.
//!
//! # What it costs to compile
//!
//! `hedge` ends the [blind part](crate::compile_time) of a policy. Attempts that run at the same time each need a message, a future and an answer, and
//! the frame of a method has only one of each. So `hedge` and the entries after it are compiled for each method. List it as late as its meaning allows.
//!
//! A `hedge` in the blind part would need a second frame for each attempt. In a prototype that took 46 instances for each unary method, where `hedge` as
//! it is takes 108 in the same crate. By its code, each attempt would make two more allocations, and each call one more; this was not measured. Frames of methods
//! that never hedge would get one more function: about 71 instances for each method of a blind service instead of 70.
//!
//! For a generated client of unary methods, `logging, hedge(…)` takes 448 instances for each method in a dev build, and `logging` alone takes 342.
//! A call that the second attempt answers makes 14 allocations more than a call that the first attempt answers.
//!
//! # The throttle
//!
//! `throttle(tokens = 10, ratio = 0.1)` stops further attempts while too much fails, by gRFC A6's rules for retries and hedging. A failure with a
//! non-fatal code takes a token. So does any failure with a negative or unreadable pushback. A success adds `ratio` of a token. While half of the
//! tokens or fewer are left, each call has one attempt. Attempts under way go on. Attempts that were not sent do not count.
//!
//! If an attribute lists `retry` and `hedge` (for different methods), and both with `throttle`, they share the throttle of the first `retry` that has
//! one. Their numbers must be the same. The plan shows it as `throttle=10/0.1 of retry`.
//!
//! # What may be hedged
//!
//! **The server may do the work of every attempt.** Name the methods that may run more than once with `only`.
//!
//! The transport must be cloneable, as [`Channel`](https://docs.rs/tonic/latest/tonic/transport/struct.Channel.html) is, and the request must be
//! `Clone`. On a channel, where nobody knows the kind of a call, a request is hedged if it is there in full when the call begins. The first
//! attempt that answers with headers is then the answer. A request of more than 256 KiB is sent once.
//!
//! Entries after `hedge` run for each attempt: `hedge, metadata(…)` gives each attempt values of its own.

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
