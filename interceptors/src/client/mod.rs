//! Interceptors on clients: generated clients, hand-written clients, and channels.
//!
//! ```
//! use interceptors::intercept;
//! use interceptors_proto::demo::user_service_client::UserServiceClient;
//! use tonic::transport::Endpoint;
//!
//! #[intercept(logging, deadline("2s"), retry(max = 3))]
//! struct Outbound;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let channel = Endpoint::from_static("http://[::1]:50051").connect_lazy();
//! let users = UserServiceClient::new(Outbound.wrap(channel));
//! # let _ = users;
//! # }
//! ```
//!
//! The reference of the attribute says where to put it and what you can list: [a generated client](crate::intercept#a-generated-client),
//! [a channel](crate::intercept#a-channel) or [a hand-written client](crate::intercept#a-hand-written-client).
//!
//! | | generated client | hand-written client | channel |
//! | --- | --- | --- | --- |
//! | request type in the chain | the message, or [`RequestStream`] of the caller's stream | the method's own request type | [`Body`] |
//! | response type in the chain | the message, or [`ResponseStream`](crate::ResponseStream)`<`[`Streaming`](https://docs.rs/tonic/0.14/tonic/struct.Streaming.html)`<M>>` | the same | [`Body`] |
//! | when the response has begun | with the response's headers | when the body of the method returns | with the response's headers |
//! | request streams can be sent again | yes | no | yes |
//! | where expressions find state | `static`s and functions | `self` | `self` |
//!
//! On generated clients and channels, a request of one message is encoded when the call is made, and sent in one HTTP/2 frame; tonic alone sends two.
//! The exception is a call with a `CancellationHandle`. A generated client reads messages from a request stream only as fast as they can be sent.
//!
//! A call that is dropped, or cancelled by its `CancellationHandle`, ends at once, whatever it waits for: the delay of `retry` or `hedge`, a
//! connection, a permit of `concurrency`, a token. Observers get `CANCELLED`.
//!
//! All three enforce the deadline of a call (see [`deadline`](crate::deadline)). A lost connection is `UNAVAILABLE`, where tonic says `UNKNOWN`. If
//! the timer of tonic's channel fires first, the status is `DEADLINE_EXCEEDED`, where tonic says `CANCELLED`.
//!
#![cfg_attr(feature = "into-channel", doc = include_str!("into_channel.md"))]
//!
//! # Malformed statuses
//!
//! tonic panics if a server sends status details (`grpc-status-details-bin`) that are not base64. Generated clients and channels drop such details,
//! and the status keeps its code and message. If a status message is not UTF-8, tonic returns `UNKNOWN`. Generated clients and channels keep the code
//! and the readable part of the message.
//!
//! In a hand-written client tonic itself reads the response, inside the method's body. A panic of tonic is caught there, and the call ends with
//! `INTERNAL`. The panic hook still runs, and with `panic = "abort"` the process ends. One case is not caught: a response stream without a deadline
//! that no interceptor observes, because that is tonic's own stream.

mod cancelled;
mod channel;
#[cfg(feature = "channel")]
mod connect;
#[allow(missing_docs, missing_debug_implementations)]
mod encrypted;
#[allow(missing_docs, missing_debug_implementations)]
mod frame;
#[allow(missing_docs, missing_debug_implementations)]
mod generated;
#[cfg(feature = "into-channel")]
mod into_channel;
#[allow(missing_docs)]
mod one_piece;
mod request_stream;
#[allow(missing_docs, missing_debug_implementations)]
mod rpc;
mod status;

use tokio::time::Instant;
use tonic::{Code, Response, Status};

pub use channel::InterceptedChannel;
#[cfg(feature = "channel")]
pub use connect::Connect;
pub use request_stream::RequestStream;

pub use crate::wire::{Body, ResponseBody};

use cancelled::{Cancellable, of_handle};
pub(crate) use status::fix_tonic_status;

#[doc(hidden)]
pub mod __private {
    pub use http::uri::PathAndQuery;

    pub use crate::client::channel::ChannelChain;
    pub use crate::client::encrypted::{Built, NoTls, WithoutTls, connects_in_plaintext};
    pub use crate::client::generated::{Inbound, Many, Method, One, Outbound, Outgoing};
    pub use crate::client::one_piece::InOnePiece;
    pub use crate::client::rpc::{
        CallMut, HandWrittenMethod, HandWrittenMethodMut, Replayable, SentOnce, StreamAbilities,
        StreamProbe, Unreplayable, is_path, request_stream,
    };
    pub use crate::core::time::inherit;
}

use crate::core::call::Call;
use crate::core::chain::Next;
use crate::core::time::InTurns;
use crate::core::time::exceeded;
use crate::core::time::timeout_at;
use crate::kit::unsent;

/// The status of a failed attempt. A server that gives up at the deadline reports `CANCELLED`, and its status may
/// arrive before the client's own timer fires.
#[cold]
pub(crate) fn failed(status: Status, deadline: Option<Instant>) -> Status {
    let is_over = || deadline.is_some_and(|at| at <= Instant::now());
    match status.code() {
        Code::Cancelled if is_over() => exceeded(),
        _ => fix_tonic_status(status),
    }
}

/// Runs a call through its chain, and times out at the deadline that the call had at the start. An interceptor that
/// sets a deadline later enforces it itself.
pub(crate) async fn send<Req: Send, Res: Send>(
    chain: &mut impl Next<Req, Res>,
    call: &mut Call<Req>,
) -> Result<Response<Res>, Status> {
    let deadline = call.known_deadline();
    let cancelled = of_handle(call.extensions());
    let run = Cancellable::new(InTurns::new(chain.run(call)), cancelled);
    // Each arm returns by itself, so that the response is moved only once.
    match timeout_at(deadline, run, exceeded).await {
        Err(mut status) if !call.one_was_sent() => {
            unsent::mark(&mut status);
            Err(status)
        }
        answer => answer,
    }
}
