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

/// A token, so that it is kept nowhere.
pub(super) type Hash = [u8; 32];

pub(super) fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

/// A token that its issuer calls active.
pub(super) struct Active<Claims> {
    pub(super) claims: Claims,
    pub(super) expires: Option<SystemTime>,
}

/// What a call learns of its token.
pub(super) enum Answer<Claims> {
    Active(Arc<Active<Claims>>),
    /// Not good; the text is for the log.
    Refused(&'static str),
    /// Nobody can say.
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

/// What is known of tokens, and which of them are being asked about.
pub(super) struct Cache<Claims> {
    active: LruCache<Hash, (Arc<Active<Claims>>, Instant), RandomState>,
    /// Apart from the others: whoever makes up tokens cannot push out those that are good.
    refused: LruCache<Hash, (&'static str, Instant), RandomState>,
    flights: HashMap<Hash, Flight<Answer<Claims>>>,
    times: Times,
}

/// How long answers are kept, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) active: Duration,
    pub(super) refused: Duration,
    pub(super) tokens: NonZeroUsize,
}

/// What a call does about its token.
pub(super) enum Ask<Claims> {
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

    /// What is known of a token, or the end of the request about it, which `begin` begins.
    pub(super) fn ask(
        &mut self,
        token: &Hash,
        now: Instant,
        begin: impl FnOnce() -> Result<Flight<Answer<Claims>>, FetchError>,
    ) -> Result<Ask<Claims>, FetchError> {
        if let Some(known) = self.known(token, now) {
            return Ok(Ask::Known(known));
        }
        if let Some(flight) = self.flights.get(token) {
            if flight.is_running(now) {
                return Ok(Ask::Wait(Box::pin(flight.wait())));
            }
            flight.stop();
            self.flights.remove(token);
        }
        // Requests go on when their calls are cancelled, so calls alone do not bound them.
        let max = self.times.tokens.get();
        if self.flights.len() >= max {
            self.flights.retain(|_, flight| flight.is_running(now));
        }
        if self.flights.len() >= max {
            return Ok(Ask::Known(Answer::Unchecked));
        }
        let flight = begin()?;
        let wait = Box::pin(flight.wait());
        self.flights.insert(*token, flight);
        Ok(Ask::Wait(wait))
    }

    fn known(&mut self, token: &Hash, now: Instant) -> Option<Answer<Claims>> {
        if let Some((active, until)) = self.active.get(token) {
            // Both clocks: the machine may have slept, or its time have been set.
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

    /// The request about this token has ended.
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

/// `None` where nothing is to be kept.
fn until(now: Instant, time: Duration) -> Option<Instant> {
    const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    (!time.is_zero()).then(|| now + time.min(LONGEST))
}
