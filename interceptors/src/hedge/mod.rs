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
//! Where it may be listed and all its settings: [`hedge`](crate::intercept#hedge) in the reference of the attribute.
//!
//! The first attempt is made at once, the next one after `delay` without an answer, and so on up to
//! `max_attempts`. The first success is the answer, and the other attempts are cancelled.
//!
//! - A failure with one of `non_fatal_codes` is waited for no longer: the next attempt is made at once.
//!   When all have failed, the last failure is the answer.
//! - An attempt that an interceptor behind `hedge` refuses was not sent. The attempts under way go on, and it is the
//!   answer only if there are none.
//! - An attempt that no application has seen (`REFUSED_STREAM`, a `GOAWAY` below it, a connection that closed first) is followed by the next one at once
//!   too, whatever its code. Feature `transparent-retry`.
//! - Any other failure is the answer, and so is a failure after the server has begun to respond.
//! - `grpc-retry-pushback-ms` in a failure with a non-fatal code says when the next attempt may be made;
//!   negative or unreadable, none is.
//! - At the deadline the call ends with `DEADLINE_EXCEEDED`. If attempts have failed by then, the message says how many there were and
//!   how the last one failed.
//! - Each attempt after the first carries `grpc-previous-rpc-attempts`, and each what is left of the
//!   deadline.
//!
//! # What it costs to compile
//!
//! `hedge` ends the [blind part](crate::compile_time) of a policy. Attempts under way at the same time need a message, a future and an answer
//! each, and the frame of a method has one of each. So `hedge` and the entries behind it are compiled for each method. List it as far in as
//! its meaning allows.
//!
//! A `hedge` in the blind part would need a second frame for each attempt. In a prototype that is 46 instances for each unary method, where
//! `hedge` as it is takes 108 in the same crate. But each attempt makes two allocations more, and each call one more. Frames of methods
//! that never hedge get one more function too, which takes a blind service from 70 instances for each method to 71.
//!
//! For a generated client of unary methods, `logging, hedge(…)` is 448 instances for each method in a dev build, where `logging` alone is 342.
//! A call whose second attempt answers makes 14 allocations more than one whose first attempt does.
//!
//! # The throttle
//!
//! With `throttle(tokens = 10, ratio = 0.1)` there are no further attempts while too much fails, as gRFC A6 has it for retries and hedging
//! alike. A failure with a non-fatal code takes a token, and so does any failure with a negative or unreadable pushback; a success adds
//! `ratio` of one. While half of the tokens or fewer are left, calls are made once. What is under way goes on, and what was
//! not sent counts neither for nor against it.
//!
//! Where an attribute lists `retry` and `hedge` (for different methods), and both with `throttle`, they share the one of the first
//! `retry` that has it. Their numbers must be the same. The plan shows it as `throttle=10/0.1 of retry`.
//!
//! **The server may do the work of every attempt.** Name the methods with `only` that may run more than once.
//!
//! It takes a transport that can be cloned, as [`Channel`](https://docs.rs/tonic/latest/tonic/transport/struct.Channel.html)
//! can, and a request that is `Clone`. On a channel, where nobody knows the kind of a call, a request is
//! hedged that is there in full when the call begins, and whatever answers first with headers is the
//! answer. A request of more than 256 KiB is sent once.
//!
//! `hedge` goes around what is listed behind it: `hedge, metadata(…)` gives each attempt values of its own.

mod interceptor;

pub use interceptor::Hedge;
#[doc(hidden)]
pub use interceptor::Hedging;

pub use crate::kit::throttle::Throttle;

use crate::{Rule, Sides};

/// What the plan knows of `hedge`.
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
