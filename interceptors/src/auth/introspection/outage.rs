use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use tokio::time::Instant;

use super::verifier::is_about_us;
use crate::auth::FetchError;

const PAUSE: Duration = Duration::from_secs(30);

/// Logs that the issuer fails, but not for each call.
#[derive(Default)]
pub(super) struct Outage(Mutex<Option<Failing>>);

struct Failing {
    told: Instant,
    /// The failures since the last log event.
    failures: u64,
}

impl Outage {
    pub(super) fn tell<T>(&self, url: &Uri, now: Instant, asked: &Result<T, FetchError>) {
        let mut failing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let error = match asked {
            Err(error) => error,
            Ok(_) => {
                if let Some(Failing { failures, .. }) = failing.take() {
                    tracing::info!(%url, failures, "tokens can be checked again");
                }
                return;
            }
        };
        let failures = match &mut *failing {
            Some(failing) if now - failing.told < PAUSE => {
                failing.failures += 1;
                return;
            }
            Some(failing) => failing.failures + 1,
            None => 1,
        };
        *failing = Some(Failing {
            told: now,
            failures: 0,
        });
        drop(failing);
        match is_about_us(error) {
            true => tracing::warn!(
                %url,
                %error,
                failures,
                "tokens cannot be checked: their issuer rejects the credentials of this service; check `basic_auth` or `bearer_auth`"
            ),
            false => tracing::warn!(%url, %error, failures, "tokens cannot be checked"),
        }
    }
}
