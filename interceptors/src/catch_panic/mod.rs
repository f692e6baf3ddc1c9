//! Catches panics: a panic ends only its own call, with `INTERNAL`.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Code, Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(catch_panic)]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         panic!("a fault of the handler")
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let status = Users.get_user(Request::new(GetUserRequest { id: 7 })).await.unwrap_err();
//! assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`catch_panic`](crate::intercept#catch_panic).
//!
//! Without this entry, a panic unwinds into tonic, which resets the HTTP/2 stream of the call. Clients report that as `CANCELLED` or `UNKNOWN`. If a
//! response stream panics half way, some clients take the messages that arrived for the complete stream.
//!
//! With this entry, the call ends with `INTERNAL` and the text `internal error`. On a response stream that status is in the trailers, and the stream
//! is not polled again. The client gets no details, except the ID of the call if `request_id` is listed. The details are logged, or passed to your
//! own [hook](PanicHandler). Observers get [`Outcome::Panicked`](crate::Outcome::Panicked), whether they are listed before or after `catch_panic`.
//!
//! `catch_panic` covers the handler, each poll of its response stream, and the interceptors listed after it. So it usually comes first. It does not
//! cover tonic's own work, such as encoding messages.
//!
//! # What is logged
//!
//! One event with level `ERROR` and target `interceptors::catch_panic`:
//!
//! | field | |
//! | --- | --- |
//! | `grpc.service`, `grpc.method` | the call |
//! | `request_id` | its ID, if it has one |
//! | `exception.message` | the message of the panic, if it is text |
//! | `code.file.path`, `code.line.number` | where it happened, if [`record_locations`] was called |
//!
//! Rust reports the location of a panic only to the panic hook of the process. The default hook prints the location to standard error, before the
//! panic is caught. A library should not change that hook without being asked. To get the location into the event, call [`record_locations`] at the
//! start of `main`. The previous hook still runs.
//!
//! # `panic = "abort"`
//!
//! With this setting in the Cargo profile, a panic ends the process at once, and `catch_panic` cannot catch it. The same happens if code panics while
//! another panic unwinds.
//!
//! # Shared state
//!
//! A handler that panics may leave shared state half changed. A `std::sync::Mutex` reports that: it is then poisoned. Other shared state must stay
//! valid wherever the code may panic.

mod caught;
mod interceptor;
mod panic;

pub use interceptor::CatchPanic;
#[doc(hidden)]
pub use interceptor::Logged;
pub use panic::{Location, Panic, PanicHandler, record_locations};

use crate::{Rule, Sides};

/// The plan entry of `catch_panic`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "catch_panic";
    const SIDES: Sides = Sides::SERVER;
    const RULES: &'static [Rule] = &[
        Rule::before("auth", "its panics are not caught").rank(14),
        Rule::before("with", "its panics are not caught").rank(15),
    ];
}
