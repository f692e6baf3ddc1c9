use std::time::Duration;

use tokio::time::Instant;

/// The delays of gRPC's connection backoff.
const BASE_DELAY: Duration = Duration::from_secs(1);
const MULTIPLIER: f64 = 1.6;
const JITTER: f64 = 0.2;
const MAX_DELAY: Duration = Duration::from_secs(120);

/// The pause after a failure. It grows with each failure.
#[derive(Default)]
pub(super) struct Pause {
    times: i32,
    until: Option<Instant>,
}

impl Pause {
    pub(super) fn begin(&mut self, now: Instant) {
        let longest = MAX_DELAY.as_secs_f64();
        let delay = (BASE_DELAY.as_secs_f64() * MULTIPLIER.powi(self.times)).min(longest);
        let delay = delay * (1.0 + JITTER * (2.0 * fastrand::f64() - 1.0));
        self.until = now.checked_add(Duration::from_secs_f64(delay));
        // More than enough to reach the longest pause.
        self.times = (self.times + 1).min(100);
    }

    #[cfg(feature = "client")]
    /// Starts again with the shortest pause if the last pause ended long ago, so that it is unrelated to this failure.
    pub(super) fn begin_another(&mut self, now: Instant) {
        if self.until.is_some_and(|until| now - until > MAX_DELAY) {
            *self = Self::default();
        }
        self.begin(now);
    }

    /// The remaining pause.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let left = self.until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}
