//! Encoded messages in HTTP/2, and the encoding of statuses.
//!
//! Shared by the mounts that see no typed messages: a wrapped channel, and a server's struct.
#![cfg_attr(
    not(all(feature = "client", feature = "server")),
    allow(
        dead_code,
        unreachable_pub,
        reason = "each of the two has something of its own"
    )
)]

mod body;
mod frames;
mod protocol;
mod replay;
mod response;
#[allow(missing_docs, missing_debug_implementations)]
mod rpc;
mod selected;
pub(crate) mod status;

#[cfg(feature = "server")]
pub(crate) use body::Arrival;
#[cfg(feature = "server")]
pub use body::Arrived;
pub use body::Body;
pub(crate) use body::EndByHead;
#[cfg(feature = "client")]
pub(crate) use body::NoopWake;
#[cfg(feature = "server")]
pub(crate) use protocol::Protocol;
#[cfg(feature = "client")]
pub(crate) use replay::Replay;
pub use response::ResponseBody;
#[cfg(feature = "server")]
pub(crate) use response::Sent;
pub use rpc::WireRpc;
pub use selected::Selected;
