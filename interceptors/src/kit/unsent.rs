//! Whether an attempt that failed was refused on this side, so that its status is no answer of the server.
//!
//! A chain knows that of its own attempts: see [`CallDetails::is_sent`]. Its caller may be a chain too: that of a channel below a
//! generated client, or of a client that a hand-written one calls. So a client's chain marks what it refuses on its way out.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, LazyLock};

use tonic::Status;

use super::sources::sources;
use crate::core::details::CallDetails;
use crate::core::end::End;
use crate::core::kind::Side;

/// The source of a status that a chain of a client ended with before the request was sent. It keeps the source that was there.
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

/// That of nearly all refusals, so that it is allocated once.
#[cfg_attr(not(feature = "client"), allow(dead_code))] // only clients mark
static UNSENT: LazyLock<Arc<Unsent>> = LazyLock::new(|| Arc::new(Unsent(None)));

/// Says to outer chains that this status is no answer of a server.
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

/// Whether the attempt that this call has just made ended so, without having been sent.
pub fn is_unsent(call: &CallDetails, status: &Status) -> bool {
    // A handler may pass on what a client in it was refused. That it has run is what counts on a service.
    !call.is_sent() || (call.side() == Side::Client && is_marked(status))
}

/// Whether a call ended without having been sent.
pub fn ended_unsent(end: &End<'_>) -> bool {
    !end.is_sent() || (end.side() == Side::Client && end.status().is_some_and(is_marked))
}
