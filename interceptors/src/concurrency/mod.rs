//! At most so many calls at once: with `concurrency` the others wait, and `load_shed` rejects them.
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
//! The reference says where you can list them, and has all their settings: [`concurrency`](crate::intercept#concurrency) and [`load_shed`](crate::intercept#load_shed).
//!
//! A call holds its place until it really ends: until its response stream ends, it fails, or it is dropped because the caller went away or
//! something panicked. A caller can open a response stream and read nothing. It holds its place until it goes away, or until a `timeout` with a
//! total time ends the call.
//!
//! # Which calls share a limit
//!
//! Each method that an entry covers has a limit of its own. With `per = service` the methods of a service share one. The limit belongs to the
//! process, and all values of the service's type share it. On a channel, the channel and its clones share it.
//!
//! `limiter = self.limiter` names a [`Limiter`] of yours instead. If a `concurrency` and a `load_shed` name the same one, it limits the
//! calls of both together: when it is full, calls of `concurrency` wait and calls of `load_shed` are rejected.
//!
//! # Calls within a call
//!
//! A call that holds a place and makes another call under the same limit would wait for itself. So a call that is made while a handler runs, or
//! while its response stream is read, shares that handler's place of the same limiter. Examples are `self.other(…)` of a service, a method of a
//! hand-written client that calls another one, and a client whose `limiter` is the service's own. Such a call does not wait and is not rejected, and
//! an adaptive limit learns nothing from it. Several such calls at once share the place too. In a method of a hand-written client this holds until
//! the method returns: calls that its response stream makes take places of their own.
//!
//! These take a place of their own, like any caller: a task that the handler spawns, a call that comes back over the network, and a call through a
//! channel that `into_channel()` made. A handler must not wait for any of them while it holds the last place.
//!
//! # Waiting
//!
//! The calls of `concurrency` wait in order, first come, first served. They wait until their deadline at most, and then end with `DEADLINE_EXCEEDED`.
//! [`wait`](Capacity::wait) limits the time further. At most [`queue`](Capacity::queue) of them wait. A call that is dropped while it waits leaves the
//! queue.
//!
//! # What a rejected call ends with
//!
//! `RESOURCE_EXHAUSTED`, which is gRPC's code for "server temporarily out of resources". It is not `UNAVAILABLE`, because clients retry that by
//! default and would add to the load. For clients that retry nevertheless, a `google.rpc.RetryInfo` detail and `grpc-retry-pushback-ms` metadata
//! say when: after [`retry_after`](Capacity::retry_after). The handler does not run.
//!
//! # Adaptive limits
//!
//! The right number of calls changes with time. With [`adaptive`](Capacity::adaptive) the limit follows the latency and the errors of calls (AIMD,
//! additive increase and multiplicative decrease, as in TCP):
//!
//! - It begins at `min`.
//! - A call that took longer than `target`, or that ended with `RESOURCE_EXHAUSTED` or `UNAVAILABLE`, lowers it by a tenth, down to `min`. Of calls
//!   that ran at the same time only the first one does, because they all report the same load.
//! - A call that succeeded in time, while at least half of the limit was in use, raises it by one divided by the limit, up to `max`. So it grows by one
//!   when as many calls have succeeded as the limit lets through.
//! - Other failures and cancelled calls change nothing. This includes `DEADLINE_EXCEEDED` before `target`: callers set their deadlines themselves, and
//!   a caller with short deadlines would hold the limit down for all. It also includes calls that an inner interceptor rejects before the handler.
//! - How long a response stream takes changes nothing, since that depends on its reader. How it ends counts.
//! - Time in which the handler waits for a message of a request stream is not counted, since that depends on the sender.
//! - A channel does not know which response is a stream. It treats a call with more than one message as a stream.
//!
//! # Cost
//!
//! A call that finds a place takes two atomic operations. It allocates nothing except the box for the observer of a response stream. A call that
//! waits takes one allocation. `adaptive` takes a short lock at the end of a call.

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
        Rule::after("logging", "calls that it refuses are not logged")
            .rank(18)
            .on(Side::Server),
        Rule::after(
            "retry",
            "a call holds its place while it waits for another attempt",
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
        Rule::after("logging", "calls that it refuses are not logged")
            .rank(19)
            .on(Side::Server),
        Rule::after(
            "retry",
            "a call holds its place while it waits for another attempt",
        )
        .rank(21)
        .on(Side::Client),
    ];
}
