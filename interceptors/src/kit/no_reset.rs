//! How a stream of HTTP/2 is reset where this crate does not know `h2`.

use std::error::Error;
use std::sync::Arc;

/// Nothing: hyper resets the stream with a code of its own.
pub(crate) fn cancel() -> Option<Arc<dyn Error + Send + Sync>> {
    None
}
