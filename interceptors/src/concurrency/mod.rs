//! Limits how many calls run at once. With `concurrency` the other calls wait; with `load_shed` they are rejected.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(concurrency(max = 100, queue = 50, wait = "200ms"))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         Ok(Response::new(User { id: request.get_ref().id, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let user = Users.get_user(Request::new(GetUserRequest { id: 7 })).await;
//! assert!(user.is_ok());
//! # }
//! ```
//!
//! The reference says where you can list them, and has all settings: [`concurrency`](crate::intercept#concurrency) and
//! [`load_shed`](crate::intercept#load_shed).
//!
//! Each running call holds one permit of the limit. It holds the permit until its true end: until its response stream ends, it fails, or it is
//! dropped because the caller went away or something panicked. If a caller opens a response stream and does not read it, the call keeps its permit
//! until the caller goes away, or until a `timeout` with a total time ends the call.
//!
//! # Which calls share a limit
//!
//! Each method that an entry covers has its own limit. With `per = service` the methods of a service share one. In a process, all values of the
//! service's type share the limit. On a channel, the channel and its clones share it.
//!
//! `limiter = self.limiter` uses your own [`Limiter`] instead. If a `concurrency` and a `load_shed` name the same limiter, it limits the calls of
//! both together: when the limit is reached, calls of `concurrency` wait and calls of `load_shed` are rejected.
//!
//! # Calls within a call
//!
//! If a call makes another call under the same limit, it could wait for itself. So a call that is made while a handler runs, or while its response
//! stream is read, shares the permit that the handler's call holds of the same limiter. Examples are `self.other(…)` of a service, a method of a
//! hand-written client that calls another method, and a client whose `limiter` is that of the service. Such a call does not wait and is not rejected,
//! and it does not change an adaptive limit. Several such calls at once share the permit too. In a method of a hand-written client, this holds until
//! the method returns: calls that its response stream makes take their own permits.
//!
//! These calls take their own permits: calls in a task that the handler spawns, calls that come back over the network, and calls through a channel
//! made by `into_channel()`. If a handler holds the last permit and waits for such a call, both wait for each other.
//!
//! # Waiting
//!
//! The calls of `concurrency` wait in order, first come, first served. If the deadline of a waiting call passes, the call ends with
//! `DEADLINE_EXCEEDED`. With [`wait`](Capacity::wait), a call that waits longer is rejected. At most [`queue`](Capacity::queue) calls wait (default:
//! 1024); more are rejected. A call that is dropped while it waits leaves the queue.
//!
//! # What a rejected call ends with
//!
//! A rejected call ends with `RESOURCE_EXHAUSTED`, gRPC's code for "server temporarily out of resources". The code is not `UNAVAILABLE`, because
//! clients retry that by default and would add load. For clients that retry nevertheless, a `google.rpc.RetryInfo` detail and
//! `grpc-retry-pushback-ms` metadata say when: after [`retry_after`](Capacity::retry_after) (default: 1 second). The handler does not run.
//!
//! # Adaptive limits
//!
//! With [`adaptive`](Capacity::adaptive), the limit follows the latency and the errors of calls (AIMD, additive increase and multiplicative decrease,
//! as in TCP):
//!
//! - The limit begins at `min`.
//! - A call that took longer than `target`, or that ended with `RESOURCE_EXHAUSTED` or `UNAVAILABLE`, lowers the limit by a tenth, down to `min`. Of
//!   calls that ran at the same time, only the first one lowers it, because they all report the same load.
//! - A call that succeeded within `target`, while at least half of the limit was in use, raises the limit by one divided by the limit, up to `max`.
//!   So with a limit of 20, the limit grows by one after 20 such calls.
//! - Other failures and cancelled calls do not change the limit. This includes `DEADLINE_EXCEEDED` before `target`: otherwise a caller with short
//!   deadlines could lower the limit for all callers. It also includes calls that an inner interceptor rejects before the handler.
//! - The duration of a response stream does not change the limit, because it depends on the reader. The final status of the stream counts.
//! - The time that a handler waits for messages of a request stream does not count, because it depends on the sender.
//! - A channel does not know which response is a stream. It treats a call with more than one message as a stream.
//!
//! # Cost
//!
//! A call that gets a permit at once takes two atomic operations. It allocates nothing, except one box for the observer of a response stream. A call
//! that waits takes one allocation. `adaptive` takes a short lock at the end of each call.

mod held;
mod interceptor;
mod limiter;

pub use interceptor::{Concurrency, Limits, LoadShed};
pub use limiter::{Capacity, Limiter, Limiters};
// Its name in the first checkouts.
#[doc(hidden)]
pub use limiter::Capacity as Config;

use crate::{Rule, Side};

/// The plan entry of `concurrency`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "concurrency";
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "calls that it rejects are not logged")
            .rank(18)
            .on(Side::Server),
        Rule::after(
            "retry",
            "a call holds its permit while it waits for another attempt",
        )
        .rank(20)
        .on(Side::Client),
    ];
}

/// The plan entry of `load_shed`.
#[doc(hidden)]
#[derive(Debug)]
pub struct LoadShedEntry;

impl crate::Entry for LoadShedEntry {
    const NAME: &'static str = "load_shed";
    const RULES: &'static [Rule] = &[
        Rule::after("logging", "calls that it rejects are not logged")
            .rank(19)
            .on(Side::Server),
        Rule::after(
            "retry",
            "a call holds its permit while it waits for another attempt",
        )
        .rank(21)
        .on(Side::Client),
    ];
}
