//! What calls go through on their way out: generated clients, hand-written stubs, and channels.
//!
//! See the [attribute](macro@crate::intercept) for where it is put and what may be listed.

mod body;
mod channel;
mod replay;
mod request_stream;
mod status;
#[allow(missing_docs, missing_debug_implementations)]
mod stub;

use tokio::time::timeout_at;
use tonic::{Response, Status};

pub use body::Body;
pub use channel::InterceptedChannel;
pub use request_stream::RequestStream;

pub(crate) use status::{of_tonic, sources};

#[doc(hidden)]
pub mod __private {
    pub use http::uri::PathAndQuery;

    pub use super::channel::{ChannelChain, Selected};
    pub use super::stub::{Inbound, Many, Method, One, Outbound, Outgoing};
}

use crate::call::Call;
use crate::chain::Next;
use crate::deadline::exceeded;

/// Takes a call through its chain, no longer than a deadline that it began with allows. One that is
/// set on the way is enforced where it is set.
#[doc(hidden)]
pub async fn send<Req: Send, Res: Send>(
    chain: &mut impl Next<Req, Res>,
    call: &mut Call<Req>,
) -> Result<Response<Res>, Status> {
    match call.known_deadline() {
        None => chain.run(call).await,
        Some(at) => timeout_at(at, chain.run(call))
            .await
            .unwrap_or_else(|_| Err(exceeded())),
    }
}
