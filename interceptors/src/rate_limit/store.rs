use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;

const SHARDS: usize = 16;

/// governor's state for a bounded number of keys. Further keys share one state.
///
/// governor's own stores grow with every new key, and a client can send any number of keys.
#[derive(Debug)]
pub(crate) struct BoundedStore {
    shards: [Mutex<Shard>; SHARDS],
    max_keys_per_shard: usize,
    full: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Shard {
    states: HashMap<u64, Nanos>,
    /// The shared state of the keys beyond the maximum.
    overflow: Option<Nanos>,
}

impl BoundedStore {
    /// `full` is set whenever a key exceeds the maximum.
    pub(crate) fn new(max_keys: usize, full: Arc<AtomicBool>) -> Self {
        Self {
            shards: Default::default(),
            max_keys_per_shard: max_keys.div_ceil(SHARDS),
            full,
        }
    }

    fn shard(&self, index: usize) -> MutexGuard<'_, Shard> {
        self.shards[index % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for BoundedStore {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // The high bits, because the map inside the shard uses the whole key.
        let mut shard = self.shard((*key >> 56) as usize);
        let Shard { states, overflow } = &mut *shard;
        let is_full = states.len() >= self.max_keys_per_shard;
        // Hashes the key only once, whether it is present or not.
        match states.entry(*key) {
            Entry::Occupied(mut known) => {
                let (outcome, state) = f(Some(*known.get()))?;
                known.insert(state);
                Ok(outcome)
            }
            Entry::Vacant(_) if is_full => {
                self.full.store(true, Ordering::Relaxed);
                let (outcome, state) = f(*overflow)?;
                *overflow = Some(state);
                Ok(outcome)
            }
            Entry::Vacant(place) => {
                let (outcome, state) = f(None)?;
                place.insert(state);
                Ok(outcome)
            }
        }
    }
}

impl ShrinkableKeyedStateStore<u64> for BoundedStore {
    fn retain_recent(&self, drop_below: Nanos) {
        for index in 0..SHARDS {
            self.shard(index)
                .states
                .retain(|_, state| *state > drop_below);
        }
    }

    fn len(&self) -> usize {
        (0..SHARDS)
            .map(|index| self.shard(index).states.len())
            .sum()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
