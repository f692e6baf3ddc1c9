//! Logs what messages hold: an event for each message, through [`tracing`], without the fields that are secret.
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
//! Where it may be listed and all its settings: [`payload`](crate::intercept#payload) in the reference of the attribute.
//!
//! It is off unless the entry stands there *and* somebody listens at its level, `DEBUG` unless set otherwise.
//! Where nobody listens, a message is neither copied nor formatted, and a stream is left as it is.
//!
//! # What is secret
//!
//! One of two lists has to be given, and each field in it is checked against the message of every method that
//! the entry covers: a field that is not there does not compile.
//!
//! - `show = [request.id, response.name]`: these fields are logged, as `request.id = 7, …`, and nothing else.
//!   Messages of a direction of which nothing is shown are not looked at. **A field that is added to the proto
//!   later is not logged.** Choose this one unless you have to see whole messages.
//! - `redact = [request.password]`: all of the message is logged but for these fields. **A field that is added
//!   to the proto later is logged** until somebody adds it to the list. That goes for both directions: with
//!   `redact = [request.password]` responses are logged in full. `redact = []` says that somebody has looked
//!   and found nothing secret.
//!
//! A redacted field shows as it is in an empty message (`password: ""`), so not even its length is logged. That
//! happens to a copy: the handler and the caller are given the message as it was. A redacted enumeration shows
//! as its first value, a redacted `oneof` or message as `None`, a redacted list or map as empty.
//!
//! # Paths
//!
//! A path begins with `request` or `response`, ends with a field, and goes
//!
//! - through `.field`: a field of the Rust type, as prost names it (`r#type` for a keyword);
//! - through `?`: what is in an `Option`, as prost has messages and optional fields: `request.card?.number`;
//! - through `[]`: every element of a repeated field, or every value of a map: `request.items[].secret`.
//!
//! What is behind a `?` or `[]` is redacted, what is in front of it is not: `request.items[].secret` still
//! tells how many items there are, and the keys of a map are logged. Write `request.items` to hide all of it.
//! The variants of a `oneof` have no path of their own: name the `oneof` as a whole.
//!
//! With `show`, a `?` with nothing behind it is `None`, and a `[]` is a list: `request.items[].name = ["a",
//! "b"]`.
//!
//! # The events
//!
//! Their target is `interceptors::payload`. A service says `request received` and `response sent`, a client
//! `request sent` and `response received`. A request is logged when it is passed on, a response when it comes
//! back; each message of a stream when it is taken out of the stream. A call that fails has no response, and
//! its status is not logged here.
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
//! | `grpc.message.id` | which message of its stream this is, counted from 1; in streams alone |
//! | `request_id` | the ID that `request_id` gave the call, where that is listed before |
//!
//! Contents are formatted with `Debug`, which escapes line breaks and control characters in strings and bytes,
//! so that no message can forge a line of the log. (A type whose `Debug` you wrote yourself has to do the
//! same.) No more than `max_bytes` of it is written: the formatting stops there, between two characters, and
//! the text ends in `…`.
//!
//! # On which side, and in which order
//!
//! It stands on services, generated clients and hand-written clients. A channel carries encoded messages, and
//! does not compile. The request stream of a hand-written client is of its caller's own type, around which
//! nothing can be put: there, show fields of the response alone, or put the entry on the generated client.
//!
//! A block may have several `payload`s, each for other methods (`only`, `except`), as a generated client needs
//! whose methods have different messages.
//!
//! Listed before `auth`, it logs messages of callers whom nobody has verified, who so may fill the log; the
//! plan has a [note](crate::Plan::notes) then. Listed behind `retry` or `hedge`, it logs the messages of each
//! attempt. A request stream that a client's `retry` sends again is logged once where `payload` is listed
//! before.
//!
//! # Cost
//!
//! Where somebody listens: for each message the text of its event; with `redact`, a copy of the message first
//! if a field of this direction is redacted. A request stream on a service is rebuilt, as by
//! [`Call::each_message`](crate::Call::each_message), and a response stream takes two boxes. Where nobody
//! listens: the question whether somebody does.
//!
//! A `Debug` or `Clone` that panics does so in the call, as a panic of an interceptor would: `catch_panic`
//! catches it if listed before. prost's do not panic.

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

/// What the plan knows of `payload`.
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
