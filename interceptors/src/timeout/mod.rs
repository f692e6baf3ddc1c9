//! How long a call may take on a service, its response stream included.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Code, Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(timeout("10ms"))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         std::future::pending().await
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let status = Users.get_user(Request::new(GetUserRequest { id: 7 })).await.unwrap_err();
//! assert_eq!(status.code(), Code::DeadlineExceeded);
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`timeout`](crate::intercept#timeout).
//!
//! A call ends with `DEADLINE_EXCEEDED` at the earlier of two times: when the setting's time is over, counted from when the call enters the
//! interceptor, and when its caller stops waiting (`grpc-timeout`). The handler's future is then dropped. A response stream ends with that status in
//! its trailers. A call whose caller has no time left does not reach the handler.
//!
//! That time is the call's [`deadline`](crate::CallDetails::deadline) for inner interceptors, which can also read the
//! [time remaining](crate::CallDetails::time_remaining). Calls that the handler makes inherit it (see [`deadline`](crate::deadline)).
//!
//! The call is polled before the timer, so an answer that is ready when the time is over still counts. After that time no message of a response stream is
//! sent. Otherwise a stream that always has a message ready would never end.
//!
//! # Idle streams
//!
//! [`idle`](Timeout::idle) limits the wait for one message: the handler's wait for the next message of the request stream, and the reader's wait for the
//! next message of the response stream. Time in which a slow reader takes no message does not count. If a request stream is silent for too
//! long, the handler gets `DEADLINE_EXCEEDED` from it, which `?` passes on. Unary calls are not affected.
//!
//! # What is not bounded
//!
//! - **Blocking handlers.** A timer ends a call only where the call awaits. A handler that blocks its thread is not interrupted.
//! - **Readers that take nothing.** The transport does not poll a response stream until its reader takes messages, and the stream ends only when it
//!   is polled. Observers get the end one second after the time (or one second later, if the stream is being polled at that moment), so such a
//!   reader does not hold a place of `concurrency` any longer. The stream itself and its connection stay until
//!   `tonic::transport::Server::max_connection_age` with `max_connection_age_grace` closes them. With `idle` alone there is no such end.
//! - **Interceptors listed before `timeout`.** It does not end them, although the caller's time runs while they wait. List it before
//!   those that may wait, such as `auth` with a verifier that asks another service.
//! - **A request message that arrives slowly.** tonic reads a single request message before any interceptor runs. Only
//!   `tonic::transport::Server::timeout` stops a client that sends it byte by byte.
//!
//! # A malformed `grpc-timeout`
//!
//! By [the specification](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) the value is one to eight digits and one of the units
//! `H M S m u n`. A call with another value is rejected with `INTERNAL`, as in grpc-go: its caller has set a deadline, and nobody knows which. This was
//! [agreed](https://github.com/grpc/grpc/issues/26401) to be better than to reset the stream (grpc-java) or to ignore the value. Zero is valid,
//! because [some clients send it](https://github.com/grpc/grpc-go/pull/8439): such a call has no time left.
//!
//! # tonic's own timeout
//!
//! `tonic::transport::Server` also applies `grpc-timeout`, and its own `timeout` setting, but only until there are response headers, and it answers
//! `CANCELLED`. Its timer starts when the request's headers arrive. So that it does not fire first, this interceptor ends the call two milliseconds
//! before the caller's deadline (or a tenth of it, if that is less). That also leaves the answer time to travel. If a request's message takes longer
//! than that to arrive, tonic's timer still fires first. If you set `Server::timeout`, for messages that do not arrive, set it well above this one.

mod interceptor;

pub use interceptor::Timeout;

use crate::{Rule, Sides};

/// The plan entry of `timeout`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "timeout";
    const SIDES: Sides = Sides::SERVER;
    const KEEPS_TIME: bool = true;
    const RULES: &'static [Rule] = &[Rule::after(
        "logging",
        "calls that have no time left when they arrive are not logged",
    )
    .rank(12)];
}
