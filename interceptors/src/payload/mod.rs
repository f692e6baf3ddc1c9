//! Logs the content of messages, without secret fields: one event for each message, through `tracing`.
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
//! It logs only if the entry is listed *and* somebody listens at its level, which is `DEBUG` by default. If nobody listens, no message is copied or
//! formatted, and streams are not changed.
//!
//! # What is secret
//!
//! Give one of two lists. Each field in it is checked against the message of every method that the entry covers: a field that does not exist does not
//! compile.
//!
//! - `show = [request.id, response.name]`: only these fields are logged, as `request.id = 7, …`. If nothing of a direction is shown, its messages
//!   are not looked at. **A field that is added to the proto later is not logged.** Choose `show` unless you have to see whole messages.
//! - `redact = [request.password]`: the whole message is logged except these fields. **A field that is added to the proto later is logged** until
//!   somebody adds it to the list. The list is for both directions: with `redact = [request.password]` responses are logged in full.
//!   `redact = []` says that nothing is secret.
//!
//! A redacted field looks as in an empty message (`password: ""`), so not even its length is logged. A redacted enumeration shows its first value, a
//! redacted `oneof` or message is `None`, and a redacted list or map is empty. This happens in a copy: the handler and the caller get the original
//! message.
//!
//! # Paths
//!
//! A path begins with `request` or `response` and ends with a field. Its steps are
//!
//! - `.field`: a field of the Rust type, as prost names it (`r#type` for a keyword);
//! - `?`: the value in an `Option`, which prost uses for messages and optional fields: `request.card?.number`;
//! - `[]`: every element of a repeated field, or every value of a map: `request.items[].secret`.
//!
//! Only the last field is redacted: with `request.items[].secret` the log still shows how many items there are, and the keys of a map. Write
//! `request.items` to hide all of it. The variants of a `oneof` have no path of their own: name the whole `oneof`.
//!
//! With `show`, a `?` whose `Option` is empty gives `None`, and a `[]` gives a list: `request.items[].name = ["a", "b"]`.
//!
//! # The events
//!
//! Their target is `interceptors::payload`. A service logs `request received` and `response sent`, a client `request sent` and `response received`. A
//! request is logged when it is passed on, and a response when it comes back. Each message of a stream is logged when it is taken out of the
//! stream. A call that fails has no response, and its status is not logged here.
//!
//! Field names are those of go-grpc-middleware's logging interceptor.
//!
//! | field | what it is |
//! | --- | --- |
//! | `protocol` | `grpc` |
//! | `grpc.component` | `server` or `client` |
//! | `grpc.service`, `grpc.method` | the true names of the call |
//! | `grpc.method_type` | `unary`, `client_stream`, `server_stream` or `bidi_stream` |
//! | `grpc.request.content` | what is logged of a request |
//! | `grpc.response.content` | what is logged of a response |
//! | `grpc.message.id` | the number of the message in its stream, counted from 1; only in streams |
//! | `request_id` | the ID that `request_id` gave the call, if that is listed before |
//!
//! Contents are formatted with `Debug`, which escapes line breaks and control characters in strings and bytes, so no message can forge a line of the
//! log. (A `Debug` that you write yourself has to do the same.) At most `max_bytes` of it are written: formatting stops there, between two
//! characters, and the text ends in `…`.
//!
//! # On which side, and in which order
//!
//! It works on services, generated clients and hand-written clients. On a channel it does not compile, because a channel carries encoded messages. The
//! request stream of a hand-written client has a type of the caller's, and this crate cannot wrap it. There, show only fields of the response, or
//! put the entry on the generated client.
//!
//! A block may have several `payload` entries, each for other methods (`only`, `except`). A generated client whose methods have different messages
//! needs that.
//!
//! Listed before `auth`, it logs messages of unverified callers, who can then fill the log. The plan has a [note](crate::Plan::notes) then. Listed
//! after `retry` or `hedge`, it logs the messages of each attempt. Listed before a client's `retry`, it logs a request stream
//! only once, even if the stream is sent again.
//!
//! # Cost
//!
//! If somebody listens, each message costs the text of its event. With `redact`, it also costs a copy of the message if a field of this direction is
//! redacted. A request stream on a service is rebuilt, as by [`Call::each_message`](crate::Call::each_message). A response stream takes two boxes. If
//! nobody listens, it costs one check.
//!
//! If a `Debug` or `Clone` panics, that is a panic of the call, as with any interceptor: `catch_panic` catches it if listed before. Those of prost do
//! not panic.

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
