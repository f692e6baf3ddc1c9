//! A circuit breaker on a client: rejects calls while a server keeps failing, and tries again after a while.
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
//! | state | calls | when the state changes |
//! | --- | --- | --- |
//! | [`Closed`](State::Closed) | are made | the breaker opens after [`failures`](Thresholds::failures) consecutive failures, or at a [`failure_ratio`](Thresholds::failure_ratio) |
//! | [`Open`](State::Open) | are rejected at once | after [`open_for`](Thresholds::open_for) the breaker becomes half open |
//! | [`HalfOpen`](State::HalfOpen) | [`probes`](Thresholds::probes) calls (*probes*) are made; all others are rejected | the breaker closes when all probes have succeeded, and opens again when one fails |
//!
//! - A call is a failure if it ends with one of `codes`: by default `UNAVAILABLE`, `DEADLINE_EXCEEDED`, `INTERNAL` and `UNKNOWN`. Any other status
//!   counts as a success, because the server has answered.
//! - These calls do not count: a call that its caller dropped, and a call that was never sent because an inner interceptor, or an interceptor of an
//!   inner client, rejected it.
//! - `DEADLINE_EXCEEDED` counts no matter who set the deadline. Calls made inside a handler inherit the deadline of the handler's caller. If you do
//!   not trust that caller, leave `DeadlineExceeded` out of `codes`. Otherwise a caller with short deadlines can open the breaker for everyone.
//! - A streaming call counts when its response stream ends. A stream that fails half way is a failure. A stream that its reader drops does not count.
//!   A probe counts in the same way. Until its stream ends it remains one of the `probes`, so there are never more than that at once.
//! - Some streams never end. If a probe's stream has begun and has not failed, and no further probe was made for `open_for`, the probe counts as a
//!   success. If all probes have then succeeded, the next call finds the breaker closed.
//! - If a probe or its stream is dropped, the next call becomes a probe instead. If a probe has no response within `open_for`, the breaker stops
//!   waiting for it, and other calls become probes.
//! - A call that began before the last change of the state does not count.
//!
//! # What a rejected call ends with
//!
//! A rejected call ends with `UNAVAILABLE`, a message that names the breaker's method, and the metadata `grpc-retry-pushback-ms: -1`. So `retry` and
//! `hedge` make no further attempt, which would be rejected too. If a handler returns that status to its own caller, that caller does not retry
//! either.
//!
//! # Which calls share a breaker
//!
//! Each method that an entry covers has its own breaker. With `per = service` the methods of a service share one. On a channel, the breakers belong
//! to the channel and its clones. On a generated or hand-written client, all instances in the process share the breakers, even if they call different
//! servers. For separate breakers, use a channel, or your own [`CircuitBreaker`] with `breaker = self.breaker`. Such a breaker also returns its
//! [state](CircuitBreaker::state).
//!
//! # Events
//!
//! Each change of the state is logged with `tracing`: at `WARN` if the breaker opens, and at `INFO` otherwise. The target is
//! `interceptors::circuit_breaker`. The fields are `from`, `to`, and the `grpc.service` and `grpc.method` of the call that caused the change.
//!
//! # Cost
//!
//! A call takes a short lock at its beginning and at its end. It allocates nothing, except one box for the observer of a response stream. A probe
//! takes one allocation.
//!
//! # Order
//!
//! List `circuit_breaker` after `retry`: it then sees every attempt, and `retry` stops while the breaker is open. List it before `hedge`: the
//! attempts of a hedged call then count as one call. The breaker uses tokio's clock, which tests can pause.

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
        &[Rule::after("retry", "only the result of all attempts together counts").rank(16)];
}
