use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

const SHARDS: usize = 16;
/// The minimum time between two sweeps of a full table.
const SWEEP: Duration = Duration::from_secs(1);

/// Empty buckets, and until when they are empty. Only time fills a bucket, so the store need not be asked about them.
#[derive(Debug)]
pub(super) struct Denied {
    shards: [Mutex<Shard>; SHARDS],
    max_per_shard: usize,
}

#[derive(Debug, Default)]
struct Shard {
    until: HashMap<u64, Instant>,
    swept: Option<Instant>,
}

impl Denied {
    pub(super) fn new(max_keys: usize) -> Self {
        Self {
            shards: Default::default(),
            max_per_shard: max_keys.div_ceil(SHARDS),
        }
    }

    fn shard(&self, key: u64) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[(key >> 56) as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the bucket stays empty.
    pub(super) fn wait(&self, key: u64) -> Option<Duration> {
        let mut shard = self.shard(key);
        let Entry::Occupied(known) = shard.until.entry(key) else {
            return None;
        };
        let wait = known.get().saturating_duration_since(Instant::now());
        if wait.is_zero() {
            known.remove();
            return None;
        }
        Some(wait)
    }

    /// If there is no space, the store is asked again.
    pub(super) fn remember(&self, key: u64, until: Instant) {
        let mut shard = self.shard(key);
        if shard.until.len() >= self.max_per_shard && !shard.until.contains_key(&key) {
            let now = Instant::now();
            if shard.swept.is_some_and(|swept| now < swept + SWEEP) {
                return;
            }
            shard.swept = Some(now);
            shard.until.retain(|_, until| *until > now);
            if shard.until.len() >= self.max_per_shard {
                return;
            }
        }
        shard.until.insert(key, until);
    }

    pub(super) fn len(&self) -> usize {
        let lengths = (0..SHARDS as u64).map(|i| self.shard(i << 56).until.len());
        lengths.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn denials_are_kept_until_they_expire() {
        let denied = Denied::new(100);
        denied.remember(7, Instant::now() + Duration::from_millis(50));
        assert_eq!(denied.wait(7), Some(Duration::from_millis(50)));
        assert_eq!(denied.wait(8), None);
        tokio::time::advance(Duration::from_millis(49)).await;
        assert_eq!(denied.wait(7), Some(Duration::from_millis(1)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(denied.wait(7), None);
        assert_eq!(denied.len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn number_of_denials_is_bounded() {
        let denied = Denied::new(160);
        let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for n in 0..100_000 {
            denied.remember(spread(n), Instant::now() + Duration::from_millis(500));
        }
        assert_eq!(denied.len(), 160);
        tokio::time::advance(Duration::from_secs(2)).await;
        for n in 200_000..200_100 {
            denied.remember(spread(n), Instant::now() + Duration::from_millis(500));
        }
        assert!(denied.len() <= 160);
        assert!(
            denied.wait(spread(200_000)).is_some(),
            "expired denials make room"
        );
    }
}
