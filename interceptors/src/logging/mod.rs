//! One event for each call when it has really ended, through `tracing`.
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
//! `finished call` is emitted exactly once per call: for a unary call when it is answered, and for a response stream when it has been read to its end,
//! has failed, or was dropped. `started call` is emitted at `DEBUG`, when the call arrives or is made. Their target is `interceptors::logging`.
//!
//! If it is listed after `retry`, there is one event for each attempt. If it is listed after a client's `auth`, there is also one for a call that was
//! rejected before `auth` fetched a new token.
//!
//! Field names are those of go-grpc-middleware's logging interceptor.
//!
//! | field | what it is |
//! | --- | --- |
//! | `protocol` | `grpc` |
//! | `grpc.component` | `server` or `client` |
//! | `grpc.service`, `grpc.method` | the true names of the call |
//! | `grpc.method_type` | `unary`, `client_stream`, `server_stream` or `bidi_stream`; not on a channel, which does not know |
//! | `peer.address` | the address of the peer, if the transport knows it; on a server |
//! | `client.address` | the address of the caller behind proxies; on a server with `client_ip`, in any order. `started call` has it if `client_ip` comes first |
//! | `grpc.code` | the final status code, such as `NOT_FOUND` |
//! | `grpc.error` | the status message, unless the code is `OK` |
//! | `grpc.time_ms` | how long the call took, in milliseconds: a number |
//! | `grpc.msgs_recv` | how many messages of a stream were received: by the handler, or of the response; on a channel of any call |
//! | `grpc.msgs_sent` | how many messages of a stream were sent: as the response, or by the client; on a channel of any call |
//! | `grpc.attempts` | how many attempts the call took; on a client |
//! | `outcome` | `ok`, `error`, `cancelled` or `panicked` |
//! | `slow` | `true` if a unary call took longer than the setting `slow` |
//!
//! The event also has the fields of the setting `fields`.
//!
//! # Clients that go away
//!
//! A call that its client cancels, or whose client vanishes, is logged as `CANCELLED`. There is one exception: a client that goes away half way through
//! its request stream looks to the handler as if it had sent everything. Then the handler's own answer is logged, usually `OK`. The plan says so
//! below its table. With `server::RequestCancellationLayer` on the server, such a call is `CANCELLED`.
//!
//! # The level
//!
//! A server logs, by go-grpc-middleware's table for servers,
//!
//! - at `INFO`: `OK`, `NOT_FOUND`, `CANCELLED`, `ALREADY_EXISTS`, `INVALID_ARGUMENT`,
//!   `UNAUTHENTICATED`;
//! - at `WARN`: `DEADLINE_EXCEEDED`, `PERMISSION_DENIED`, `RESOURCE_EXHAUSTED`,
//!   `FAILED_PRECONDITION`, `ABORTED`, `OUT_OF_RANGE`, `UNAVAILABLE`, and a slow call;
//! - at `ERROR`: `UNKNOWN`, `UNIMPLEMENTED`, `INTERNAL`, `DATA_LOSS`.
//!
//! A client logs, by go-grpc-middleware's table for clients,
//!
//! - at `DEBUG`: `OK`, `CANCELLED`, `INVALID_ARGUMENT`, `NOT_FOUND`, `ALREADY_EXISTS`,
//!   `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`, `OUT_OF_RANGE`;
//! - at `INFO`: `UNKNOWN`, `DEADLINE_EXCEEDED`, `PERMISSION_DENIED`, `UNAUTHENTICATED`;
//! - at `WARN`: `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, and a slow call.
//!
//! The setting `level` replaces the level of the first group.
//!
//! If nobody listens at a level, nothing is formatted for it. If nobody listens at all, not even the clock is read. Only the values of `fields`
//! are taken before the level is known, because the request is gone when the call has ended.

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
