//! Replaces `reset` where this crate is built without `h2`.
#![cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "a server only resets streams")
)]

use std::error::Error;
use std::sync::Arc;

use tonic::Status;

/// `None`: hyper chooses the reset code.
pub(crate) fn cancel() -> Option<Arc<dyn Error + Send + Sync>> {
    None
}

/// Unknown, so `false`.
pub(crate) fn is_unsent(_: &Status) -> bool {
    false
}

/// Unknown, so `false`.
#[allow(dead_code)] // not every client makes several attempts
pub(crate) fn is_unprocessed(_: &Status) -> bool {
    false
}

/// Unknown, so `false`.
pub(crate) fn is_going_away(_: &Status) -> bool {
    false
}
