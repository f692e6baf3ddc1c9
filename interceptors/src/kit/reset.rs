//! How a stream of HTTP/2 is reset.

use std::error::Error;
use std::sync::Arc;

/// The error that makes hyper reset the stream with `CANCEL`.
pub(crate) fn cancel() -> Option<Arc<dyn Error + Send + Sync>> {
    Some(Arc::new(h2::Error::from(h2::Reason::CANCEL)))
}
