use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{OnError, StoreError};

/// A flapping store is still failing. An outage ends only after this long without a failure.
const MIN_QUIET: Duration = Duration::from_secs(1);

/// Logs the beginning of an outage once, and its end once.
#[derive(Debug, Default)]
pub(super) struct Outage {
    is_on: AtomicBool,
    record: Mutex<Option<Record>>,
}

#[derive(Debug)]
struct Record {
    began: Instant,
    last: Instant,
    calls: u64,
    refused: u64,
}

impl Outage {
    fn record(&self) -> MutexGuard<'_, Option<Record>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a call that was decided without the store.
    #[cold]
    pub(super) fn failed(&self, why: &StoreError, on_error: OnError, limit: &str, refused: bool) {
        let now = Instant::now();
        let mut record = self.record();
        let is_new = record.is_none();
        let known = record.get_or_insert(Record {
            began: now,
            last: now,
            calls: 0,
            refused: 0,
        });
        known.last = now;
        known.calls += 1;
        known.refused += u64::from(refused);
        drop(record);
        if is_new {
            self.is_on.store(true, Ordering::Relaxed);
            tracing::warn!(
                limit,
                error = %why,
                on_error = on_error.name(),
                "the store of a rate limit does not answer, so `on_error` decides",
            );
        }
    }

    /// Records that the store decided.
    #[inline]
    pub(super) fn answered(&self, limit: &str) {
        // The usual case. It writes to no memory that threads share.
        if self.is_on.load(Ordering::Relaxed) {
            self.end(limit);
        }
    }

    #[cold]
    fn end(&self, limit: &str) {
        let now = Instant::now();
        let mut record = self.record();
        let is_over = |record: &mut Record| now.duration_since(record.last) >= MIN_QUIET;
        let Some(over) = record.take_if(is_over) else {
            return;
        };
        self.is_on.store(false, Ordering::Relaxed);
        drop(record);
        tracing::info!(
            limit,
            calls = over.calls,
            refused = over.refused,
            seconds = over.last.duration_since(over.began).as_secs_f64(),
            "the store of a rate limit answers again",
        );
    }
}
