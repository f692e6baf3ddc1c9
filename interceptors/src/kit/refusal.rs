use std::time::Duration;

use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// `RESOURCE_EXHAUSTED` with the time to wait, in both forms that clients know.
#[cold]
pub(crate) fn exhausted(message: &str, wait: Duration) -> Status {
    // Rounded up: a client that comes back too early is rejected again.
    let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    let mut metadata = MetadataMap::new();
    // gRFC A6 reads the time as a number of 32 bits.
    metadata.insert("grpc-retry-pushback-ms", millis.min(i32::MAX as u64).into());
    let details = ErrorDetails::with_retry_info(Some(Duration::from_millis(millis)));
    Status::with_error_details_and_metadata(Code::ResourceExhausted, message, details, metadata)
}
