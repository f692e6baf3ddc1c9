use std::sync::atomic::{AtomicU64, Ordering};

use super::FetchError;

/// The kind of document that is fetched.
#[derive(Debug, Clone, Copy)]
pub(in crate::auth) enum Asked {
    Keys,
    Introspection,
}

/// How many requests to the issuer succeeded and failed since the verifier was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchCounts {
    /// Requests with a usable response.
    pub succeeded: u64,
    /// Requests that failed.
    pub failed: u64,
}

/// Counts fetches. With feature `metrics`, also in OpenTelemetry's global meter.
pub(in crate::auth) struct Counts {
    #[cfg(feature = "metrics")]
    asked: Asked,
    succeeded: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    #[cfg_attr(not(feature = "metrics"), allow(unused_variables))]
    pub(in crate::auth) const fn new(asked: Asked) -> Self {
        Self {
            #[cfg(feature = "metrics")]
            asked,
            succeeded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        }
    }

    pub(in crate::auth) fn read(&self) -> FetchCounts {
        FetchCounts {
            succeeded: self.succeeded.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    pub(in crate::auth) fn count<T>(&self, fetched: &Result<T, FetchError>) {
        let counter = match fetched {
            Ok(_) => &self.succeeded,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        otel::count(self.asked, fetched.as_ref().err());
    }
}

#[cfg(feature = "metrics")]
mod otel {
    use std::sync::LazyLock;

    use opentelemetry::metrics::Counter;
    use opentelemetry::{KeyValue, global};

    use super::{Asked, FetchError};

    static FETCHES: LazyLock<Counter<u64>> = LazyLock::new(|| {
        global::meter("interceptors")
            .u64_counter("interceptors.auth.fetches")
            .with_unit("{fetch}")
            .with_description("How often issuers of tokens were asked.")
            .build()
    });

    pub(super) fn count(asked: Asked, error: Option<&FetchError>) {
        let asked = match asked {
            Asked::Keys => "keys",
            Asked::Introspection => "introspection",
        };
        let asked = KeyValue::new("interceptors.auth.asked", asked);
        match error {
            None => FETCHES.add(1, &[asked]),
            Some(error) => {
                let error = KeyValue::new("error.type", error.kind().name());
                FETCHES.add(1, &[asked, error]);
            }
        }
    }
}
