//! At most so many calls at once: `concurrency` lets the others wait, `load_shed` refuses them.
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
//! Where they may be listed and all their settings: [`concurrency`](crate::intercept#concurrency) and [`load_shed`](crate::intercept#load_shed) in the reference of the attribute.
//!
//! A call holds its place to its real end: the end of its response stream, its failure, or the moment when it
//! is dropped, because the caller has gone away or because something panics. A caller that opens a response stream and takes
//! nothing of it holds its place as long as it likes, unless a `timeout` with a time ends the call.
//!
//! # Which calls share a limit
//!
//! Each method that an entry covers has its own, or with `per = service` the methods of a service share one. It
//! lives in the process, and all values of the service's type share it; on a channel, the channel and its clones
//! do. `limiter = self.limiter` names a [`ConcurrencyLimiter`] of yours instead. One that stands in a `concurrency` and in a
//! `load_shed` limits the calls of both together: where it is busy, those of the first wait and those of the second
//! are refused.
//!
//! # Calls within a call
//!
//! A call that holds a place and makes another one under the same limit would wait for itself. So a call that is made while a handler
//! runs, or while its response stream is read, uses that handler's place of the same limiter: `self.other(…)` of a service, a method of a
//! hand-written client that calls another one, or a client whose `limiter` is the service's own. It neither waits nor is refused, and an
//! adaptive limit learns nothing from it. This also holds for several such calls at once. In a method of a hand-written client it holds
//! until the method returns: calls that its response stream makes take places of their own.
//!
//! These take a place of their own, like any caller: a task that the handler spawns, a call that comes back over the network, and a call
//! through a channel that `into_channel()` made. A handler must not wait for any of them while it holds the last place.
//!
//! # Waiting
//!
//! The calls of `concurrency` wait in order, first come, first served. They wait no longer than their deadline, with which
//! they end with `DEADLINE_EXCEEDED`, and no longer than [`wait`](Capacity::wait) where that is set. At most [`queue`](Capacity::queue) of them
//! wait. A call that is dropped while it waits leaves the queue.
//!
//! # What a refused call ends with
//!
//! `RESOURCE_EXHAUSTED`, which is what gRPC's table of status codes has for "server temporarily out of resources", and not
//! `UNAVAILABLE`, which clients retry by default: what is meant to shed load would bring more of it. A `google.rpc.RetryInfo` detail and
//! `grpc-retry-pushback-ms` metadata say when to come back to those who retry it nevertheless: after [`retry_after`](Capacity::retry_after). The
//! handler does not run.
//!
//! # A limit that finds itself
//!
//! Nobody knows the right number for long. With [`adaptive`](Capacity::adaptive) it follows what calls tell of the load (AIMD,
//! additive increase and multiplicative decrease, as TCP has it):
//!
//! - It begins at `min`.
//! - A call that took longer than `target`, or that ended with `RESOURCE_EXHAUSTED` or `UNAVAILABLE`, lowers it by a tenth, down to
//!   `min`. Of calls that were under way together only the first one does: they all tell of the same load.
//! - A call that succeeded in time, while at least half of the limit was in use, raises it by one part in the limit: by one when as many calls
//!   have succeeded as the limit lets through, up to `max`.
//! - Other failures and cancelled calls say nothing, `DEADLINE_EXCEEDED` before `target` included: callers set their deadlines
//!   themselves, and one without patience would hold the limit down for all. What an interceptor further in refuses, so that it
//!   never reached the handler, says nothing either. How long a response stream takes says nothing either, since that is up to its reader; how it ends
//!   does. Time in which a request stream has no message to be taken does not count, since that is up to its sender. On a channel nobody knows which response is a stream, so a call of more than one message counts as one.
//!
//! # Cost
//!
//! A call that finds a place takes two atomic operations and allocates nothing, but for the box of a response stream's
//! observer. One that waits takes an allocation. `adaptive` takes a short lock at the end of a call.

mod held;
mod interceptor;
mod limiter;

pub use interceptor::{Concurrency, Limits, LoadShed};
pub use limiter::{Capacity, ConcurrencyLimiter, ConcurrencyLimiters};

use crate::{Rule, Side};

/// What the plan knows of `concurrency`.
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

/// What the plan knows of `load_shed`.
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
