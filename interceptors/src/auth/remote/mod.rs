//! Requests to an issuer over HTTP: for its keys, and for what it knows about a token. Feature `jwks-url`.

mod counts;
mod error;
mod exchange;
mod http;

pub use counts::FetchCounts;
pub(super) use counts::{Asked, Counts};
pub use error::FetchError;
pub(super) use exchange::{Http, Outgoing};
pub use http::HttpClient;

use std::time::{Duration, SystemTime};

use tonic::Status;

/// How much later than its time-out a fetch ends at the latest. One whose runtime does not run any more ends never.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// What a call ends with whose token cannot be checked. Why is for the log.
pub(super) fn unchecked() -> Status {
    Status::unavailable("the token cannot be checked right now")
}

/// The time of day, which is what `exp` is about.
#[allow(clippy::disallowed_methods)]
pub(super) fn time_of_day() -> SystemTime {
    SystemTime::now()
}
