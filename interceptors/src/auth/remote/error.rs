use std::error::Error;
use std::fmt;

use http::StatusCode;

/// Why a request to an issuer failed, or why its response cannot be used. It contains no token and no secret.
///
/// ```
/// # use interceptors::auth::FetchError;
/// # fn show(error: &FetchError) {
/// // Such as `https://id.example.com/jwks answers 503 Service Unavailable`.
/// eprintln!("{error}");
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError {
    kind: Kind,
    message: String,
}

/// A small set of values, as metrics need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Kind {
    /// The issuer could not be reached, or the connection broke.
    Connection,
    Timeout,
    Status(StatusCode),
    /// A URL that is not allowed.
    Url,
    TooLarge,
    Malformed,
    /// There is no tokio runtime.
    Runtime,
}

#[cfg(feature = "metrics")]
impl Kind {
    /// The value of OpenTelemetry's `error.type`.
    pub(super) fn name(self) -> String {
        match self {
            Self::Connection => "connection".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Status(status) => status.as_u16().to_string(),
            Self::Url => "url".to_owned(),
            Self::TooLarge => "too_large".to_owned(),
            Self::Malformed => "malformed".to_owned(),
            Self::Runtime => "runtime".to_owned(),
        }
    }
}

impl FetchError {
    pub(in crate::auth) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(in crate::auth) fn malformed(message: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, message)
    }

    /// There is no runtime for the task.
    pub(in crate::auth) fn no_runtime() -> Self {
        Self::new(
            Kind::Runtime,
            "issuers are asked in a task, and there is no runtime of tokio here",
        )
    }

    /// Includes the source errors, because the outermost one seldom explains the failure.
    pub(super) fn connection(url: &str, error: &(dyn Error + 'static)) -> Self {
        let mut message = format!("{url} cannot be reached: {error}");
        let mut next = error.source();
        while let Some(error) = next {
            message = format!("{message}: {error}");
            next = error.source();
        }
        Self::new(Kind::Connection, message)
    }

    pub(in crate::auth) fn status(&self) -> Option<StatusCode> {
        match self.kind {
            Kind::Status(status) => Some(status),
            _ => None,
        }
    }

    #[cfg(feature = "metrics")]
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for FetchError {}
