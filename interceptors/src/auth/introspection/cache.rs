use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lru::LruCache;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::auth::FetchError;
use crate::auth::flight::Flight;
use crate::auth::remote::time_of_day;

/// The hash of a token, so that the token itself is never stored.
pub(super) type Hash = [u8; 32];

pub(super) fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

/// A token that its issuer reports as active.
pub(super) struct Active<Claims> {
    pub(super) claims: Claims,
    pub(super) expires: Option<SystemTime>,
}

/// The result of a check for the waiting calls.
pub(super) enum Answer<Claims> {
    Active(Arc<Active<Claims>>),
    /// Not valid. The text is for the log.
    Refused(&'static str),
    /// The token could not be checked.
    Unchecked,
}

impl<Claims> Clone for Answer<Claims> {
    fn clone(&self) -> Self {
        match self {
            Self::Active(active) => Self::Active(Arc::clone(active)),
            Self::Refused(reason) => Self::Refused(reason),
            Self::Unchecked => Self::Unchecked,
        }
    }
}

/// Known results for tokens, and the requests that are running.
pub(super) struct Cache<Claims> {
    active: LruCache<Hash, (Arc<Active<Claims>>, Instant), RandomState>,
    /// Separate, so that made-up tokens cannot evict valid ones.
    refused: LruCache<Hash, (&'static str, Instant), RandomState>,
    flights: HashMap<Hash, Flight<Answer<Claims>>>,
    times: Times,
}

/// How long results are kept, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) active: Duration,
    pub(super) refused: Duration,
    pub(super) tokens: NonZeroUsize,
}

/// What a call has to do about its token.
pub(super) enum Lookup<Claims> {
    Known(Answer<Claims>),
    Wait(WaitFor<Claims>),
}

pub(super) type WaitFor<Claims> =
    std::pin::Pin<Box<dyn Future<Output = Option<Answer<Claims>>> + Send>>;

impl<Claims: Clone + Send + Sync + 'static> Cache<Claims> {
    pub(super) fn new(times: Times) -> Self {
        Self {
            active: LruCache::with_hasher(times.tokens, RandomState::new()),
            refused: LruCache::with_hasher(times.tokens, RandomState::new()),
            flights: HashMap::new(),
            times,
        }
    }

    /// The known result for a token, or the running request. `begin` begins a request.
    pub(super) fn ask(
        &mut self,
        token: &Hash,
        now: Instant,
        begin: impl FnOnce() -> Result<Flight<Answer<Claims>>, FetchError>,
    ) -> Result<Lookup<Claims>, FetchError> {
        if let Some(known) = self.known(token, now) {
            return Ok(Lookup::Known(known));
        }
        if let Some(flight) = self.flights.get(token) {
            if flight.is_running(now) {
                return Ok(Lookup::Wait(Box::pin(flight.wait())));
            }
            flight.stop();
            self.flights.remove(token);
        }
        // Requests continue when their calls are cancelled, so the number of calls does not bound them.
        let max = self.times.tokens.get();
        if self.flights.len() >= max {
            self.flights.retain(|_, flight| flight.is_running(now));
        }
        if self.flights.len() >= max {
            return Ok(Lookup::Known(Answer::Unchecked));
        }
        let flight = begin()?;
        let wait = Box::pin(flight.wait());
        self.flights.insert(*token, flight);
        Ok(Lookup::Wait(wait))
    }

    fn known(&mut self, token: &Hash, now: Instant) -> Option<Answer<Claims>> {
        if let Some((active, until)) = self.active.get(token) {
            // Both clocks are checked: the machine may have slept, or its time may have been changed.
            let has_expired = |at| at <= time_of_day();
            if now < *until && !active.expires.is_some_and(has_expired) {
                return Some(Answer::Active(Arc::clone(active)));
            }
            self.active.pop(token);
        }
        let (reason, until) = self.refused.get(token)?;
        if now < *until {
            return Some(Answer::Refused(reason));
        }
        self.refused.pop(token);
        None
    }

    /// Stores the result of a request.
    pub(super) fn end(&mut self, token: Hash, now: Instant, answer: &Answer<Claims>) {
        self.flights.remove(&token);
        match answer {
            Answer::Active(active) => {
                let left = active.expires.map(|at| {
                    let left = at.duration_since(time_of_day());
                    left.unwrap_or_default()
                });
                let time = self.times.active.min(left.unwrap_or(Duration::MAX));
                if let Some(until) = until(now, time) {
                    self.active.put(token, (Arc::clone(active), until));
                }
            }
            Answer::Refused(reason) => {
                if let Some(until) = until(now, self.times.refused) {
                    self.refused.put(token, (reason, until));
                }
            }
            Answer::Unchecked => {}
        }
    }

    pub(super) fn stop(&mut self) {
        for (_, flight) in self.flights.drain() {
            flight.stop();
        }
    }
}

/// `None` if nothing is kept.
fn until(now: Instant, time: Duration) -> Option<Instant> {
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    (!time.is_zero()).then(|| now + time.min(LONGEST))
}
