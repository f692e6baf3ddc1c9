//! What a failed call's status means to a client.

use std::error::Error;
use std::io;
use std::sync::Arc;

use tonic::{Code, Status, TimeoutExpired};

use crate::core::time::exceeded;
use crate::kit::reset;
use crate::kit::sources::sources;

/// What tonic makes of a failed call, set right.
#[cold]
pub(crate) fn of_tonic(status: Status) -> Status {
    // tonic's channel keeps the deadline too, and calls it a cancellation.
    if status.code() == Code::Cancelled && has_source::<TimeoutExpired>(&status) {
        return exceeded();
    }
    // So is to hyper what waited for a connection that closed.
    if status.code() == Code::Cancelled && reset::is_unsent(&status) {
        return lost(status, "the connection closed before the request was sent");
    }
    // What a GOAWAY ends has the code of its reason, which is one of the connection and not of the call.
    if reset::is_going_away(&status) {
        return lost(status, "the connection is going away");
    }
    // A lost connection is `UNKNOWN` to tonic, and `UNAVAILABLE` to gRPC's own libraries.
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

/// Whether there is an error of this type behind a status.
pub(crate) fn has_source<E: Error + 'static>(status: &Status) -> bool {
    sources(status).any(|source| source.is::<E>())
}
