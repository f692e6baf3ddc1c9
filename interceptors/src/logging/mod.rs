//! Logs one `tracing` event for each call, at its true end.
//!
//! ```
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{GetUserRequest, User};
//! # use tonic::{Request, Response, Status};
//! use interceptors::intercept;
//!
//! struct Users;
//!
//! #[intercept(logging(slow = "2s", fields(user.id = request.id)))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
//!         Ok(Response::new(User { id: request.get_ref().id, ..User::default() }))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // Logs `finished call` with `grpc.method = "GetUser"`, `grpc.code = "OK"`, `user.id = 7` and how long it took.
//! let user = Users.get_user(Request::new(GetUserRequest { id: 7 })).await;
//! assert!(user.is_ok());
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`logging`](crate::intercept#logging).
//!
//! # The events
//!
//! `finished call` is emitted exactly once per call: for a unary call when it returns, and for a streaming call when the response stream has been
//! read to its end, has failed, or was dropped. `started call` is emitted at `DEBUG`, when a service gets the call or a client makes it. The target
//! of both is `interceptors::logging`.
//!
//! If `logging` is listed after `retry`, it logs each attempt. If it is listed after a client's `auth`, and the server rejects the token, it logs
//! both the rejected attempt and the attempt with the new token.
//!
//! Field names are those of go-grpc-middleware's logging interceptor.
//!
//! | field | what it is |
//! | --- | --- |
//! | `protocol` | `grpc` |
//! | `grpc.component` | `server` or `client` |
//! | `grpc.service`, `grpc.method` | the true names of the call |
//! | `grpc.method_type` | `unary`, `client_stream`, `server_stream` or `bidi_stream`; not on a channel without `descriptors`, which does not know the kind |
//! | `peer.address` | the address of the peer, if the transport knows it; on a server |
//! | `client.address` | the address of the caller behind proxies; on a server whose list has `client_ip`, before or after `logging`. `started call` has it only if `client_ip` comes first |
//! | `grpc.code` | the final status code, such as `NOT_FOUND` |
//! | `grpc.error` | the status message, unless the code is `OK` |
//! | `grpc.time_ms` | how long the call took, in milliseconds: a number |
//! | `grpc.msgs_recv` | how many messages of a stream were received: request messages on a server, response messages on a client. On a channel, every call has this field |
//! | `grpc.msgs_sent` | how many messages of a stream were sent: response messages on a server, request messages on a client. On a channel, every call has this field |
//! | `grpc.attempts` | how many attempts the call took; on a client |
//! | `outcome` | `ok`, `error`, `cancelled` or `panicked` |
//! | `slow` | `true` if a unary call took longer than the setting `slow` |
//!
//! The event also has the fields of the setting `fields`.
//!
//! # Clients that go away
//!
//! If a client cancels a call or disconnects, the call is logged as `CANCELLED`. There is one exception. If the client goes away half way through its
//! request stream, the handler sees a normal end of the stream. Then the handler's status is logged, usually `OK`. The printed plan has a warning
//! about that. With `server::RequestCancellationLayer` on the server, such a call is logged as `CANCELLED`.
//!
//! # The levels
//!
//! A server logs at these levels, which are those of go-grpc-middleware for servers:
//!
//! - `INFO`: `OK`, `NOT_FOUND`, `CANCELLED`, `ALREADY_EXISTS`, `INVALID_ARGUMENT`, `UNAUTHENTICATED`;
//! - `WARN`: `DEADLINE_EXCEEDED`, `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`, `OUT_OF_RANGE`, `UNAVAILABLE`, and a
//!   slow call;
//! - `ERROR`: `UNKNOWN`, `UNIMPLEMENTED`, `INTERNAL`, `DATA_LOSS`.
//!
//! A client logs at these levels, which are those of go-grpc-middleware for clients:
//!
//! - `DEBUG`: `OK`, `CANCELLED`, `INVALID_ARGUMENT`, `NOT_FOUND`, `ALREADY_EXISTS`, `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`,
//!   `OUT_OF_RANGE`;
//! - `INFO`: `UNKNOWN`, `DEADLINE_EXCEEDED`, `PERMISSION_DENIED`, `UNAUTHENTICATED`;
//! - `WARN`: `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, and a slow call.
//!
//! The setting `level` replaces the level of the first group (`INFO` on a server, `DEBUG` on a client).
//!
//! If no subscriber enables a level, nothing is formatted for it. If none is enabled, even the clock is not read. The values of `fields` are always
//! read at the start of the call, because the request is gone when the call has ended.

mod capture;
mod interceptor;
mod level;
mod peer;

pub use capture::Capture;
#[doc(hidden)]
pub use capture::{debug_text, display_text};
pub use interceptor::Logging;
#[doc(hidden)]
pub use interceptor::{Fields, Finish, LoggingWith, NoFields};

#[doc(hidden)]
pub use crate::__finish_event as finish_event;

use crate::kit::cut_off::CUT_OFF_IS_OK;

/// The plan entry of `logging`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "logging";
    const REQUEST_STREAM_NOTE: Option<&'static str> = Some(CUT_OFF_IS_OK);
}
