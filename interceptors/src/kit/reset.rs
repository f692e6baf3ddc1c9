//! Resets of HTTP/2 streams, and what HTTP/2 errors say about a request.

use std::error::Error;
use std::sync::Arc;

use tonic::Status;

use super::sources::sources;

/// The error that makes hyper reset the stream with `CANCEL`.
pub(crate) fn cancel() -> Option<Arc<dyn Error + Send + Sync>> {
    Some(Arc::new(h2::Error::from(h2::Reason::CANCEL)))
}

/// Whether the request never left the client because its connection closed first.
pub(crate) fn is_unsent(status: &Status) -> bool {
    let mut errors = sources(status).filter_map(|source| source.downcast_ref::<hyper::Error>());
    errors.any(hyper::Error::is_canceled)
}

/// Whether the server's library reports that the application has not seen the request.
pub(crate) fn is_unprocessed(status: &Status) -> bool {
    h2_errors(status).any(|error| {
        let is_refused = error.reason() == Some(h2::Reason::REFUSED_STREAM);
        // Whatever its reason, a GOAWAY names the last stream that may have been processed. Only streams beyond it fail
        // with the GOAWAY. The others end normally, or are lost with the connection.
        error.is_remote() && (is_refused || error.is_go_away())
    })
}

/// Whether a GOAWAY from either side ended the connection.
pub(crate) fn is_going_away(status: &Status) -> bool {
    h2_errors(status).any(h2::Error::is_go_away)
}

fn h2_errors(status: &Status) -> impl Iterator<Item = &h2::Error> {
    sources(status).filter_map(|source| source.downcast_ref())
}
