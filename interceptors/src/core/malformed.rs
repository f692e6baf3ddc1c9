//! tonic panics if a peer sends `grpc-status-details-bin` that is not base64. Where this crate cannot repair such
//! headers before tonic reads them, it catches that panic and no other.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tonic::Status;

/// The message of tonic's panic.
const PANIC: &str = "Invalid status header, expected base64 encoded value";

/// Runs code that may read a peer's headers. Other panics pass through.
pub(crate) fn catch_malformed<T>(run: impl FnOnce() -> T) -> Result<T, Status> {
    catch_unwind(AssertUnwindSafe(run)).map_err(of_panic)
}

#[cold]
fn of_panic(payload: Box<dyn Any + Send>) -> Status {
    let message = match payload.downcast_ref::<String>() {
        Some(message) => message.as_str(),
        None => payload.downcast_ref::<&str>().copied().unwrap_or_default(),
    };
    if message.starts_with(PANIC) {
        return Status::internal("the server sent `grpc-status-details-bin` that is not base64");
    }
    resume_unwind(payload)
}
