//! A circuit breaker on a client: stops calling a server that keeps failing, and tries again after a while.
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
//! The reference says where you can list it, and has all its settings: [`circuit_breaker`](crate::intercept#circuit_breaker).
//!
//! | state | what happens to a call | when the state changes |
//! | --- | --- | --- |
//! | [`Closed`](State::Closed) | it is made | it opens after [`failures`](Thresholds::failures) consecutive failures, or at a [`failure_ratio`](Thresholds::failure_ratio) |
//! | [`Open`](State::Open) | it is rejected at once | after [`open_for`](Thresholds::open_for) it becomes half open |
//! | [`HalfOpen`](State::HalfOpen) | [`probes`](Thresholds::probes) calls are made, all others are rejected | it closes when all probes have succeeded, and opens again when one fails |
//!
//! - A failure is a call that ends with one of `codes`: by default `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `INTERNAL` and `UNKNOWN`. Any other status
//!   is a success, because the server has answered.
//! - These calls do not count: a call that its caller gave up, and a call that was never sent because an inner interceptor, or one of an inner
//!   client, rejected it.
//! - `DEADLINE_EXCEEDED` counts no matter who set the deadline. Calls made inside a handler inherit the deadline of the handler's caller. If you do
//!   not trust that caller, leave the code out of `codes`. Otherwise a caller with short deadlines opens the breaker for everyone.
//! - A call counts when its response stream ends. A stream that fails half way is a failure. A stream that its reader drops does not count. The
//!   same is true of probes: a probe holds its place until then, so there are never more than `probes` at once.
//! - Some streams never end. If no further probe was let through for `open_for`, a probe whose stream has begun and has not failed counts as a
//!   success. If that makes enough successes, the next call finds the breaker closed.
//! - A probe that is dropped, or whose stream is dropped, frees its place for the next call. A probe that is not answered within `open_for` is
//!   not waited for any longer, and other calls become probes.
//! - A call that began before the last change of state does not count.
//!
//! # What a rejected call ends with
//!
//! `UNAVAILABLE`, with a message that names the breaker's method, and `grpc-retry-pushback-ms: -1`. So `retry` and `hedge` make no further attempt,
//! which would be rejected too. If a handler passes that status on to its own caller, that caller does not retry either.
//!
//! # Which calls share a breaker
//!
//! Each method that an entry covers has a breaker of its own. With `per = service` the methods of a service share one. On a channel, the breakers
//! belong to the channel and its clones. On a generated or hand-written client they belong to the process, so clients of several servers share them.
//! For separate breakers use a channel, or name a [`CircuitBreaker`] of yours with `breaker = self.breaker`. You can also ask such a breaker for
//! its [state](CircuitBreaker::state).
//!
//! # Events
//!
//! Each change of state is an event of `tracing`, at `WARN` if the breaker opens and at `INFO` otherwise. Its target is
//! `interceptors::circuit_breaker`. Its fields are `from`, `to`, and the `grpc.service` and `grpc.method` of the call that caused the change.
//!
//! # Cost
//!
//! A call takes a short lock at its beginning and at its end. It allocates nothing except the box for the observer of a response stream. A probe
//! takes one allocation.
//!
//! # Order
//!
//! List it after `retry`: it then sees every attempt, and `retry` stops while it is open. List it before `hedge`: the attempts of a hedged call
//! then count as one call. Time is tokio's, which tests can pause.

mod breaker;
mod interceptor;

pub use breaker::{CircuitBreaker, CircuitBreakers, State, Thresholds};
pub use interceptor::{BreakCircuit, Breakers};
// Its name in the first checkouts.
#[doc(hidden)]
pub use breaker::Thresholds as Config;

use crate::{Rule, Sides};

/// The plan entry of `circuit_breaker`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "circuit_breaker";
    const SIDES: Sides = Sides::CLIENT;
    const RULES: &'static [Rule] =
        &[Rule::after("retry", "only what comes of all attempts together counts").rank(16)];
}
