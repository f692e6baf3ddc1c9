//! Limits the time of a client's calls, sends it to the server as `grpc-timeout`, and passes it on to calls made inside a handler.
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
//! The reference says where you can list it, and has all its settings: [`deadline`](crate::intercept#deadline).
//!
//! A deadline has three sources, and the earliest counts:
//!
//! - the caller sets it (`Request::set_timeout`);
//! - the entry `deadline("2s")` of a client sets it, if the caller did not;
//! - a call made inside a handler of an intercepted service inherits the remaining deadline of the handler's call. The service's own `timeout` counts
//!   too.
//!
//! Each attempt of a call sends the remaining time in `grpc-timeout`, rounded up by at most a thousandth. The client does not rely on the server:
//! when the deadline passes, the call or its response stream ends with `DEADLINE_EXCEEDED`. No attempt starts after that.
//!
//! # The first call
//!
//! Handlers pass on their deadline only after the process has made its first intercepted client or wrapped its first channel. That usually happens
//! before the server starts. If it happens inside a handler, the first call does not inherit the deadline. Neither does the first call of a
//! hand-written client. To avoid that, call [`inherit`] at the start of `main`.
//!
//! # Which calls inherit the deadline
//!
//! Every call made in the handler's own task inherits it: calls that the handler awaits, one by one or joined, and calls that its response stream
//! makes. Calls in a spawned task do not. Pass the deadline on with [`scope`]:
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
// Its name in the first checkouts.
#[doc(hidden)]
pub use crate::core::time::WithDeadline as Scope;

use crate::Sides;

/// The plan entry of `deadline`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "deadline";
    const SIDES: Sides = Sides::CLIENT;
}
