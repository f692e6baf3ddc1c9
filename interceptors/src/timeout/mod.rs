//! How long a service takes for a call, to the end of its response stream.
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
//! Where it may be listed and all its settings: [`timeout`](crate::intercept#timeout) in the reference of the attribute.
//!
//! A call ends with `DEADLINE_EXCEEDED` at the earlier of two moments: when the setting's time is over, counted from when
//! the call enters the interceptor, and when its caller stops waiting (`grpc-timeout`). The handler's future is
//! dropped then; a response stream ends with that status in its trailers. A call whose caller has no time left when it
//! enters does not reach the handler.
//!
//! That moment is the call's [`deadline`](crate::CallDetails::deadline) for everyone further in: for inner interceptors, which
//! also have what is [left of it](crate::CallDetails::time_remaining), and for calls that the handler makes, which
//! inherit it (see [`deadline`](crate::deadline)).
//!
//! The call is polled before the timer is: what is ready when the time is over has been in time. Of a response stream
//! no message is sent after that moment, or a stream that always has one would never end.
//!
//! # Idle streams
//!
//! [`idle`](Timeout::idle) bounds the wait for one message: the handler's for the next of the request stream, and the reader's
//! for the next of the response stream. A reader that is slow to take messages is not waited for, so it does not
//! count. A handler whose request stream is silent for too long gets `DEADLINE_EXCEEDED` from it, which `?` hands on.
//! Unary calls have no gaps.
//!
//! # What is not bounded
//!
//! A timer can end a call only while it is waited for. A handler that blocks its thread is not interrupted, and a response
//! stream whose reader takes nothing is not polled by the transport until it does; the stream ends then. Who observes the call is
//! told a second after its time that it is over (or a second later, if the stream is being polled just then): such a reader holds no place of `concurrency` longer than that, but
//! the stream itself, and its connection, until `tonic::transport::Server::max_connection_age` with
//! `max_connection_age_grace` closes that. Under `idle` alone nothing of it ends before.
//!
//! Interceptors listed before `timeout` are not ended by it, though the caller's time runs while they wait. List it before
//! those that may wait, such as `auth` with a verifier that asks somebody.
//!
//! A single request message has arrived before any of this is called: tonic reads it first. A client that sends it byte by
//! byte is stopped by `tonic::transport::Server::timeout` alone.
//!
//! # A malformed `grpc-timeout`
//!
//! By [the specification](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) it is one to eight digits and one of the units
//! `H M S m u n`. A call with another value is refused with `INTERNAL`, as grpc-go does it, and as was
//! [agreed](https://github.com/grpc/grpc/issues/26401) to be better than to reset the stream (grpc-java) or to ignore it:
//! its caller has set a deadline, and nobody knows which. Zero is no mistake, as
//! [some clients send it](https://github.com/grpc/grpc-go/pull/8439): it is over at once.
//!
//! # tonic's own timeout
//!
//! `tonic::transport::Server` keeps `grpc-timeout` too, and its own `timeout` setting, but only until there are response headers,
//! and it answers `CANCELLED`. So that its timer, which starts when the request's headers arrive, does not come first, the
//! caller's deadline is kept two milliseconds early (a tenth of it, if that is less), which also leaves the answer
//! time to travel. A request whose message takes longer than that to arrive still meets tonic's timer first. Where you set
//! `Server::timeout`, for messages that do not arrive, set it to clearly more than this one.

mod interceptor;

pub use interceptor::Timeout;

use crate::{Rule, Sides};

/// What the plan knows of `timeout`.
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
