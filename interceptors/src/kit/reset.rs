//! How a stream of HTTP/2 is reset, and what errors of HTTP/2 say of a request.

use std::error::Error;
use std::sync::Arc;

use tonic::Status;

use super::sources::sources;

/// The error that makes hyper reset the stream with `CANCEL`.
pub(crate) fn cancel() -> Option<Arc<dyn Error + Send + Sync>> {
    Some(Arc::new(h2::Error::from(h2::Reason::CANCEL)))
}

/// Whether the request has not left the client: its connection closed first.
pub(crate) fn is_unsent(status: &Status) -> bool {
    let mut errors = sources(status).filter_map(|source| source.downcast_ref::<hyper::Error>());
    errors.any(hyper::Error::is_canceled)
}

/// Whether the server's library says that the application has not seen the request.
pub(crate) fn is_unprocessed(status: &Status) -> bool {
    h2_errors(status).any(|error| {
        let is_refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
        // Whatever the reason of a GOAWAY: it names the last stream that may have been processed, and only those beyond fail
        // by it. The others end as what they are, or are lost with the connection.
        error.is_remote() && (is_refused || error.is_go_away())
    })
}

/// Whether the connection ended by a GOAWAY, of whichever side.
pub(crate) fn is_going_away(status: &Status) -> bool {
    h2_errors(status).any(h2::Error::is_go_away)
}

fn h2_errors(status: &Status) -> impl Iterator<Item = &h2::Error> {
    sources(status).filter_map(|source| source.downcast_ref())
}
