//! The same where this crate does not know `h2`.
#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "a server only resets streams")
)]

use std::error::Error;
use std::sync::Arc;

use tonic::Status;

/// Nothing: hyper resets the stream with a code of its own.
pub(crate) fn cancel() -> Option<Arc<dyn Error + Send + Sync>> {
    None
}

/// Not known.
pub(crate) fn is_unsent(_: &Status) -> bool {
    false
}

/// Not known.
#[allow(dead_code)] // not every client makes several attempts
pub(crate) fn is_unprocessed(_: &Status) -> bool {
    false
}

/// Not known.
pub(crate) fn is_going_away(_: &Status) -> bool {
    false
}
