//! Logs the content of messages, without secret fields: one `tracing` event for each message.
//!
//! ```
//! use interceptors::intercept;
//! # use interceptors_proto::guide::user_service_server::UserService;
//! # use interceptors_proto::guide::{LoginReply, LoginRequest};
//! # use tonic::{Request, Response, Status};
//! # struct Users;
//!
//! #[intercept(payload(show = [request.name]))]
//! #[tonic::async_trait]
//! impl UserService for Users {
//!     async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
//!         // …
//! #       Ok(Response::new(LoginReply::default()))
//!     }
//! }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`payload`](crate::intercept#payload).
//!
//! Messages are logged only if the entry is listed *and* a subscriber enables its level, which is `DEBUG` by default. Otherwise no message is copied
//! or formatted, and streams are not wrapped.
//!
//! # Which fields are secret
//!
//! Give one of two lists. Each field in the list must exist in the messages of every method that the entry covers. Otherwise it does not compile.
//!
//! - `show = [request.id, response.name]`: only these fields are logged, as `request.id = 7, …`. If no field of the request (or of the response) is
//!   listed, its messages are not logged. **A field that is added to the proto later is not logged.** Choose `show` unless you need to see whole
//!   messages.
//! - `redact = [request.password]`: whole messages are logged, except these fields. **A field that is added to the proto later is logged** until
//!   somebody adds it to the list. Requests and responses are both logged: with `redact = [request.password]`, responses are logged in full.
//!   `redact = []` says that nothing is secret.
//!
//! A redacted field has its default value in the log (`password: ""`), so not even its length is visible. A redacted enumeration shows its first
//! value, a redacted `oneof` or message is `None`, and a redacted list or map is empty. Only a copy of the message is changed: the handler and the
//! caller get the original.
//!
//! # Paths
//!
//! A path begins with `request` or `response` and ends with a field. It consists of these steps:
//!
//! - `.field`: a field of the Rust type, as prost names it (`r#type` for a keyword);
//! - `?`: the value in an `Option`, which prost uses for messages and optional fields: `request.card?.number`;
//! - `[]`: every element of a repeated field, or every value of a map: `request.items[].secret`.
//!
//! Only the last field of a path is redacted. With `request.items[].secret`, the log still shows the number of items, or the keys if `items` is a
//! map. To hide those too, write `request.items`. The variants of a `oneof` have no paths: name the whole `oneof`.
//!
//! With `show`, a path with `?` shows `None` if the `Option` is empty, and a path with `[]` shows a list: `request.items[].name = ["a", "b"]`.
//!
//! # The events
//!
//! Their target is `interceptors::payload`. A service logs `request received` and `response sent`; a client logs `request sent` and
//! `response received`. A request is logged before the next entry runs, and a response when it returns. Each message of a stream is logged when it is
//! read from the stream. A call that fails has no response. Its status is not logged here; `logging` does that.
//!
//! Field names are those of go-grpc-middleware's logging interceptor.
//!
//! | field | what it is |
//! | --- | --- |
//! | `protocol` | `grpc` |
//! | `grpc.component` | `server` or `client` |
//! | `grpc.service`, `grpc.method` | the true names of the call |
//! | `grpc.method_type` | `unary`, `client_stream`, `server_stream` or `bidi_stream` |
//! | `grpc.request.content` | the logged content of a request |
//! | `grpc.response.content` | the logged content of a response |
//! | `grpc.message.id` | the number of the message in its stream, counted from 1; only in streams |
//! | `request_id` | the ID of the call, if `request_id` is listed before `payload` |
//!
//! Contents are formatted with `Debug`, which escapes line breaks and control characters in strings and bytes. So a message cannot forge a line of
//! the log. (A `Debug` implementation of your own must escape them too.) At most `max_bytes` are written (default: 1024). Longer content is cut
//! between two characters and ends in `…`.
//!
//! # Where it works, and in which order
//!
//! `payload` works on services, generated clients and hand-written clients. On a channel it does not compile, because a channel carries encoded
//! messages. On a hand-written client, this crate cannot wrap a request stream, because the caller chooses its type. For such a method, show only
//! fields of the response, or put the entry on the generated client.
//!
//! A block may have several `payload` entries for different methods (`only`, `except`). A generated client whose methods have different messages
//! needs that.
//!
//! Before `auth`, `payload` logs messages of unverified callers, who can then fill the log. The plan has a [note](crate::Plan::notes) about that.
//! After `retry` or `hedge`, it logs the messages of each attempt. Before a client's `retry`, it logs a request stream only once, even if the stream
//! is sent again.
//!
//! # Cost
//!
//! If no subscriber enables the level, a call costs one check. Otherwise each message costs the formatting of its event. With `redact`, a message is
//! also copied if a field of it is redacted. A request stream on a service is rebuilt, as by [`Call::each_message`](crate::Call::each_message). A
//! response stream takes two allocations.
//!
//! If the `Debug` or `Clone` implementation of a message panics, the call panics, and a `catch_panic` that is listed before `payload` catches it. The
//! implementations that prost generates do not panic.

mod content;
mod interceptor;
mod log;
mod messages;
mod steps;

#[doc(hidden)]
pub use content::Content;
#[doc(hidden)]
pub use interceptor::Payload;
#[doc(hidden)]
pub use log::PayloadSettings;
#[doc(hidden)]
pub use messages::*;
#[doc(hidden)]
pub use steps::{Optional, Repeated};

use crate::{Rule, Side};

/// The plan entry of `payload`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "payload";
    const RULES: &'static [Rule] = &[
        Rule::after("auth", "messages of unverified callers are logged")
            .rank(29)
            .on(Side::Server),
        Rule::after("request_id", "requests are logged without the ID").rank(30),
    ];
}
