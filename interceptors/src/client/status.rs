//! Statuses of failed calls, as clients see them.

use std::error::Error;
use std::io;
use std::sync::Arc;

use tonic::{Code, Status, TimeoutExpired};

use crate::core::time::exceeded;
use crate::kit::reset;
use crate::kit::sources::sources;

/// Corrects the status that tonic gives for a failed call.
#[cold]
pub(crate) fn fix_tonic_status(status: Status) -> Status {
    // tonic's channel also enforces the deadline, but reports `CANCELLED`.
    if status.code() == Code::Cancelled && has_source::<TimeoutExpired>(&status) {
        return exceeded();
    }
    // hyper reports `CANCELLED` for a request that waited for a connection that closed.
    if status.code() == Code::Cancelled && reset::is_unsent(&status) {
        return lost(status, "the connection closed before the request was sent");
    }
    // The code of a GOAWAY describes the connection, not the call.
    if reset::is_going_away(&status) {
        return lost(status, "the connection is going away");
    }
    // tonic reports a lost connection as `UNKNOWN`. gRPC's own libraries report `UNAVAILABLE`.
    if status.code() == Code::Unknown && has_source::<io::Error>(&status) {
        return lost(status, "the connection was lost");
    }
    status
}

fn lost(status: Status, message: &str) -> Status {
    let mut lost = Status::unavailable(message);
    lost.set_source(Arc::new(status));
    lost
}

/// Whether an error of this type is among the status's sources.
pub(crate) fn has_source<E: Error + 'static>(status: &Status) -> bool {
    sources(status).any(|source| source.is::<E>())
}
