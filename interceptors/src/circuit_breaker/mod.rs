//! Stops calling what does not answer, for a while: a circuit breaker, on a client.
//!
//! ```
//! use interceptors::intercept;
//! use interceptors_proto::demo::user_service_client::UserServiceClient;
//! use tonic::transport::Endpoint;
//!
//! #[intercept(circuit_breaker(failures = 5, open_for = "10s"))]
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
//! Where it may be listed and all its settings: [`circuit_breaker`](crate::intercept#circuit_breaker) in the reference of the attribute.
//!
//! | state | what becomes of a call | how it ends |
//! | --- | --- | --- |
//! | [`Closed`](State::Closed) | it is made | after [`failures`](Thresholds::failures) failures one after the other, or a [`failure_ratio`](Thresholds::failure_ratio) of them, it opens |
//! | [`Open`](State::Open) | it is refused at once | after [`open_for`](Thresholds::open_for) it is half open |
//! | [`HalfOpen`](State::HalfOpen) | [`probes`](Thresholds::probes) calls are made, all others refused | when all probes have succeeded it closes; when one fails it opens again |
//!
//! - A failure is a call that ended with one of `codes`: by default `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `INTERNAL` and `UNKNOWN`.
//!   Any other status is a success: the server has answered. A call that its caller gave up says nothing, and neither does one that
//!   an interceptor further in refused, or that of a client further in, so that it was never sent.
//! - `DEADLINE_EXCEEDED` counts whoever set the deadline. Calls that are made in a handler inherit that of its caller: if that is somebody
//!   you do not trust, leave the code out of `codes`, or his impatience opens the breaker for all others.
//! - A call counts when it has really ended, which is the end of its response stream: a stream that fails half way is a failure, and
//!   one that its reader drops says nothing. That goes for probes too. A probe holds its place as long, so that never more
//!   than `probes` are out.
//! - Some streams never end. Once no further probe has been let through for `open_for`, a probe whose stream has begun and has not
//!   failed until then is a success, and the next call finds the breaker closed, if that makes enough of them.
//! - A probe that is given up, its stream included, gives its place to the next call. Where one has not been answered in that
//!   time, it is waited for no longer, and others are made.
//! - What a call says that began before the state last changed does not count any more.
//!
//! # What a refused call ends with
//!
//! `UNAVAILABLE`, with a message that names the breaker's method, and `grpc-retry-pushback-ms: -1`: `retry` and `hedge` make no
//! further attempt, which would be refused too. Where a handler passes that status on to its own caller, that caller does
//! not retry either.
//!
//! # Which calls share a breaker
//!
//! Each method that an entry covers has its own, or with `per = service` the methods of a service share one. On a channel they
//! belong to the channel and its clones. On a generated client and on a hand-written client they live in the process, so that clients of several servers share
//! them: use a channel there, or name a [`CircuitBreaker`] of yours with `breaker = self.breaker`, which can also be asked
//! for its [state](CircuitBreaker::state).
//!
//! # What there is to see
//!
//! Each change of the state is an event of `tracing` with the target `interceptors::circuit_breaker` and the fields `grpc.service` and
//! `grpc.method` of the call that brought it about, `from` and `to`: `WARN` where it opens, `INFO` otherwise.
//!
//! # Cost
//!
//! A call takes a short lock when it begins and one when it ends, and allocates nothing but the box of a response stream's observer; a
//! probe takes an allocation.
//!
//! # Where it stands
//!
//! Behind `retry`, so that each attempt counts and none is made in vain; in front of `hedge`, whose attempts are one
//! call. Time is tokio's, which tests can pause.

mod breaker;
mod interceptor;

pub use breaker::{CircuitBreaker, CircuitBreakers, State, Thresholds};
pub use interceptor::{BreakCircuit, Breakers};

use crate::{Rule, Sides};

/// What the plan knows of `circuit_breaker`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "circuit_breaker";
    const SIDES: Sides = Sides::CLIENT;
    const RULES: &'static [Rule] =
        &[Rule::after("retry", "only what comes of all attempts together counts").rank(16)];
}
