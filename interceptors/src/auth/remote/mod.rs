//! HTTP requests to an issuer for its keys, or for information about a token. Feature `jwks-url`.

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

/// A fetch counts as lost this long after its timeout. Without the limit, a fetch in a stopped runtime would never end.
pub(super) const GRACE: Duration = Duration::from_secs(1);

/// The status of a call whose token cannot be checked. The reason is only logged.
pub(super) fn unchecked() -> Status {
    Status::unavailable("the token cannot be checked right now")
}

/// The time of day, to compare with `exp`.
#[allow(clippy::disallowed_methods)]
pub(super) fn time_of_day() -> SystemTime {
    SystemTime::now()
}
