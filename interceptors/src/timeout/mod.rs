//! Limits the time of a call on a service, including its response stream.
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
//! A call ends with `DEADLINE_EXCEEDED` when the setting's time has passed since the call reached the interceptor, or earlier, when the caller's own
//! deadline (`grpc-timeout`) passes. The handler's future is then dropped. A response stream ends with that status in its trailers. If the caller's
//! deadline has already passed, the handler does not run.
//!
//! Inner interceptors can read that time as [`deadline`](crate::CallDetails::deadline) or as [`time_remaining`](crate::CallDetails::time_remaining).
//! Calls made inside the handler inherit it (see [`deadline`](crate::deadline)).
//!
//! The call is polled before the timer, so a response that is ready when the time is over is still sent. After that time, no message of a response
//! stream is sent. Otherwise a stream that always has a message ready would never end.
//!
//! # Idle streams
//!
//! [`idle`](Timeout::idle) limits the wait for one message. On a request stream, it is the time that the handler waits for the next message; when it
//! is over, the handler gets `DEADLINE_EXCEEDED` from the stream, which `?` returns. On a response stream, it is the time that the reader waits for
//! the next message; while a slow reader does not ask for one, no time counts. Unary calls are not affected.
//!
//! # What is not bounded
//!
//! - **Blocking handlers.** A timer can end a call only at an `.await`. A handler that blocks its thread is not interrupted.
//! - **Clients that do not read.** The transport polls a response stream only while the client reads, and the stream ends only when it is polled.
//!   Observers get the end one second after the timeout (or one second later, if the stream is being polled at that moment). So such a client does
//!   not hold a permit of `concurrency` longer than that. The stream itself and its connection stay open until
//!   `tonic::transport::Server::max_connection_age` with `max_connection_age_grace` closes them. With `idle` alone, observers do not get such an end.
//! - **Interceptors listed before `timeout`.** `timeout` does not end them, although the caller's deadline runs while they wait. List `timeout`
//!   before interceptors that may wait, such as `auth` with a verifier that calls another service.
//! - **A request message that arrives slowly.** tonic reads a single request message before any interceptor runs. Only
//!   `tonic::transport::Server::timeout` stops a client that sends it byte by byte.
//!
//! # A malformed `grpc-timeout`
//!
//! By [the specification](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) the value is one to eight digits and one of the units
//! `H M S m u n`. A call with any other value is rejected with `INTERNAL`, as in grpc-go: the caller has set a deadline, but it cannot be read.
//! gRPC's authors [agreed](https://github.com/grpc/grpc/issues/26401) that this is better than resetting the stream (as grpc-java does) or ignoring
//! the value. Zero is valid, because [some clients send it](https://github.com/grpc/grpc-go/pull/8439): such a call has no time left.
//!
//! # tonic's own timeout
//!
//! `tonic::transport::Server` also applies `grpc-timeout`, and its own `timeout` setting. But it does so only until the response headers are sent,
//! and it answers `CANCELLED`. tonic's timer starts when the request's headers arrive. So that tonic's timer does not fire first, this interceptor
//! ends the call two milliseconds before the caller's deadline (or a tenth of the time before, if that is less). That also leaves time for the
//! response to arrive. If the request's message takes longer than that to arrive, tonic's timer still fires first. If you set `Server::timeout`, to
//! limit messages that arrive slowly, set it to a much longer time than this one.

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
