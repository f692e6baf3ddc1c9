//! Until when a call may take: `grpc-timeout`, what is left of it, and who inherits that.
//!
//! ```
//! use interceptors::intercept;
//! use interceptors_proto::demo::user_service_client::UserServiceClient;
//! use tonic::transport::Endpoint;
//!
//! #[intercept(deadline("2s"), retry(max = 3))]
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
//! Where it may be listed and all its settings: [`deadline`](crate::intercept#deadline) in the reference of the attribute.
//!
//! A deadline is set by the caller (`Request::set_timeout`), by the entry `deadline("2s")` of a client
//! where the caller set none, or inherited: a call that is made while a handler of an intercepted
//! service runs has no longer than the call that the handler serves. The earliest of them counts. What the
//! service's own `timeout` allows is inherited too.
//!
//! Each attempt of a call tells the server, in `grpc-timeout`, what is left at that moment, rounded up by at most
//! a thousandth. The client does not wait for the server to keep to it: when the time is over the call ends
//! with `DEADLINE_EXCEEDED`, a response stream too, and no attempt starts after that.
//!
//! # The first call
//!
//! Handlers look for a deadline to hand on once the process has made its first intercepted client or wrapped its first
//! channel, which usually happens before it serves. Where it happens in a handler, and with hand-written clients, which are made
//! by nobody, the first call inherits nothing, unless `main` begins with [`inherit`].
//!
//! # What inherits
//!
//! Whatever the handler does while it is polled: calls that it awaits, directly or joined with others,
//! and calls that are made while its response stream is read. A task that it spawns runs on its own and
//! does not inherit; hand the deadline on with [`scope`]:
//!
//! ```
//! use interceptors::deadline;
//!
//! # async fn handler() {
//! if let Some(at) = deadline::current() {
//!     tokio::spawn(deadline::scope(at, async { /* calls made here inherit it */ }));
//! }
//! # }
//! ```

mod interceptor;

pub use interceptor::Deadline;

pub use crate::core::time::{WithDeadline, current, inherit, scope};

use crate::Sides;

/// What the plan knows of `deadline`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "deadline";
    const SIDES: Sides = Sides::CLIENT;
}
