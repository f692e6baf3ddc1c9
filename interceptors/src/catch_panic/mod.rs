//! A panic ends one call with `INTERNAL`, and nothing else.
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
//! Where it may be listed and all its settings: [`catch_panic`](crate::intercept#catch_panic) in the reference of the attribute.
//!
//! Without it, a panic unwinds into tonic. The call's HTTP/2 stream is reset then, which clients report as `CANCELLED` or `UNKNOWN`, and of
//! a response stream that panics half way some take what came for all of it.
//!
//! With it the call ends with `INTERNAL` and the text `internal error`, in the trailers if it is a response stream, which is
//! not polled again. The client is told nothing of what happened but the call's ID, where `request_id` has given it one: the rest is for the log, or for a
//! [hook](PanicHandler) of yours. Observers of the call are told
//! [`Outcome::Panicked`](crate::Outcome::Panicked), whether they stand inside of `catch_panic` or outside.
//!
//! What is covered is the handler, each poll of its response stream, and the interceptors listed after
//! `catch_panic`; so it usually comes first. What tonic does by itself, such as encoding messages, is
//! not covered.
//!
//! # What is logged
//!
//! An event at level `ERROR` and target `interceptors::catch_panic`:
//!
//! | field | |
//! | --- | --- |
//! | `grpc.service`, `grpc.method` | the call |
//! | `request_id` | its ID, if it has one |
//! | `exception.message` | the text that it panicked with, if it is one |
//! | `code.file.path`, `code.line.number` | where, if [`record_locations`] was called |
//!
//! Rust gives the place of a panic to the process's panic hook and to nobody else. The standard library's hook prints it to standard
//! error, before anything is caught. A library should not change that hook unasked, so call [`record_locations`] at the
//! start of `main` to have the place in the event too; the hook that was there before still runs.
//!
//! # `panic = "abort"`
//!
//! With this setting in the profile a panic ends the process at once, and there is nothing to catch. The same is true of a panic while
//! another one unwinds.
//!
//! # State
//!
//! What the handler shares with others may be half changed when it panics. A `std::sync::Mutex` says so (it is poisoned); what else you share
//! should stay valid between statements that may panic.

mod caught;
mod interceptor;
mod panic;

pub use interceptor::CatchPanic;
#[doc(hidden)]
pub use interceptor::Logged;
pub use panic::{Location, Panic, PanicHandler, record_locations};

use crate::{Rule, Sides};

/// What the plan knows of `catch_panic`.
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
