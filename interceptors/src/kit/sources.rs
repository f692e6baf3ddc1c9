use std::error::Error;

use tonic::Status;

/// The source errors of a status, outermost first.
pub fn sources(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(status.source(), |&source| source.source())
}
