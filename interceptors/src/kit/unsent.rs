//! Whether a failed attempt was rejected on this side, so that its status is not the server's.
//!
//! A chain knows this for its own attempts: see [`CallDetails::is_sent`]. But its caller may be another chain: one
//! around a generated client over the channel, or around a hand-written client that calls another one. So a client's
//! chain marks the statuses of its own rejections.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, LazyLock};

use tonic::Status;

use super::sources::sources;
use crate::core::details::CallDetails;
use crate::core::end::End;
use crate::core::kind::Side;

/// The source of a status with which a client's chain ended before the request was sent. It keeps the status's earlier
/// source.
#[derive(Debug)]
struct Unsent(Option<Status>);

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request was not sent")
    }
}

impl Error for Unsent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_ref().and_then(Error::source)
    }
}

/// Shared by nearly all rejections, so that it is allocated once.
#[cfg_attr(not(feature = "client"), allow(dead_code))] // only clients mark
static UNSENT: LazyLock<Arc<Unsent>> = LazyLock::new(|| Arc::new(Unsent(None)));

/// Marks a status, for outer chains, as not the server's.
#[cfg(feature = "client")]
#[cold]
pub(crate) fn mark(status: &mut Status) {
    if is_marked(status) {
        return;
    }
    let source = match status.source() {
        None => Arc::<Unsent>::clone(&UNSENT),
        Some(_) => Arc::new(Unsent(Some(status.clone()))),
    };
    status.set_source(source);
}

fn is_marked(status: &Status) -> bool {
    sources(status).any(|source| source.is::<Unsent>())
}

/// Whether this attempt ended without having been sent.
pub fn is_unsent(call: &CallDetails, status: &Status) -> bool {
    // A handler may return the unsent status of a client that it called. On a service, what counts is that the handler
    // ran.
    !call.is_sent() || (call.side() == Side::Client && is_marked(status))
}

/// Whether a call ended without having been sent.
pub fn ended_unsent(end: &End<'_>) -> bool {
    !end.is_sent() || (end.side() == Side::Client && end.status().is_some_and(is_marked))
}
