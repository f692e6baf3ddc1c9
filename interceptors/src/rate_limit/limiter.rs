use std::fmt;
use std::hash::RandomState;
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter as Governor};
use tokio::time::Instant;

use super::store::BoundedStore;
use crate::core::plan::{Setting, Value};

/// The default maximum number of distinct keys.
pub(super) const MAX_KEYS: usize = 1 << 16;

/// How many calls a [`Limiter`] lets pass in a second or a minute.
///
/// ```
/// use interceptors::rate_limit::{Limiter, Rate};
///
/// const RATE: Rate = Rate::per_second(200).burst(50);
///
/// let limiter = Limiter::new(&RATE);
/// # let _ = limiter;
/// ```
///
/// # Default
///
/// - burst: the number of calls per period, so nearly twice as many calls may pass in the first period
/// - keys: 65,536
///
/// # Panics
///
/// The methods panic if a number is 0, and [`burst`](Self::burst) also if its number is too large to count. In a constant, and so in the attribute,
/// that is a compiler error.
#[derive(Debug, Clone)]
pub struct Rate {
    setting: &'static str,
    calls: NonZeroU32,
    period: Duration,
    quota: Quota,
    max_keys: usize,
}

impl Rate {
    /// This many calls in each second, evenly spread, plus the burst.
    #[must_use]
    pub const fn per_second(calls: u32) -> Self {
        let calls = at_least_one(calls, "[I0402] `per_second` must be at least 1");
        let second = Duration::from_secs(1);
        Self::new("per_second", calls, second, Quota::per_second(calls))
    }

    /// This many calls in each minute, evenly spread, plus the burst.
    #[must_use]
    pub const fn per_minute(calls: u32) -> Self {
        let calls = at_least_one(calls, "[I0402] `per_minute` must be at least 1");
        let minute = Duration::from_secs(60);
        Self::new("per_minute", calls, minute, Quota::per_minute(calls))
    }

    const fn new(setting: &'static str, calls: NonZeroU32, period: Duration, quota: Quota) -> Self {
        Self {
            setting,
            calls,
            period,
            quota,
            max_keys: MAX_KEYS,
        }
    }

    /// How many calls may pass at once after an idle time, in addition to the rate; see the [module documentation](super#rate-and-burst).
    #[must_use]
    pub const fn burst(mut self, calls: u32) -> Self {
        let calls = at_least_one(calls, "[I0402] `burst` must be at least 1");
        // governor counts nanoseconds in 64 bits.
        let full = self.quota.replenish_interval().as_nanos() * calls.get() as u128;
        assert!(
            full < (u64::MAX / 2) as u128,
            "[I0402] `burst` is more than can be counted; write a smaller one"
        );
        self.quota = self.quota.allow_burst(calls);
        self
    }

    /// The maximum number of distinct keys tracked. Each takes about 50 bytes.
    #[must_use]
    pub const fn max_keys(mut self, keys: usize) -> Self {
        assert!(keys >= 1, "[I0402] `max_keys` must be at least 1");
        self.max_keys = keys;
        self
    }

    /// How many calls may pass in each [`period`](Self::period), for a [`Store`](super::Store) of your own.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use interceptors::rate_limit::Rate;
    ///
    /// let limit = Rate::per_minute(60).burst(10);
    /// assert_eq!((limit.calls(), limit.period()), (60, Duration::from_secs(60)));
    /// assert_eq!(limit.burst_size(), 10);
    /// ```
    #[must_use]
    pub const fn calls(&self) -> u32 {
        self.calls.get()
    }

    /// The period of [`calls`](Self::calls): a second or a minute.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// How many calls may pass at once after an idle time.
    #[must_use]
    pub const fn burst_size(&self) -> u32 {
        self.quota.burst_size().get()
    }

    pub(super) const fn keys(&self) -> usize {
        self.max_keys
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 3] {
        [
            Setting::new(self.setting, Value::Integer(self.calls.get() as u64)),
            Setting::new(
                "burst",
                Value::Integer(self.quota.burst_size().get() as u64),
            ),
            Setting::new("max_keys", Value::Integer(self.max_keys as u64)),
        ]
    }
}

const fn at_least_one(n: u32, message: &'static str) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => panic!("{}", message),
    }
}

/// tokio's clock, which tests can pause and advance.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioClock;

/// An instant of [`TokioClock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokioInstant(Instant);

impl Clock for TokioClock {
    type Instant = TokioInstant;

    fn now(&self) -> TokioInstant {
        TokioInstant(Instant::now())
    }
}

impl Add<Nanos> for TokioInstant {
    type Output = Self;

    fn add(self, nanos: Nanos) -> Self {
        Self(self.0 + nanos.into())
    }
}

impl Reference for TokioInstant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        self.0.checked_sub(duration.into()).map_or(*self, Self)
    }
}

/// The state of a rate limit.
///
/// By default the attribute makes one for each entry. To have one for each value of the service, to share one, or to use another clock, keep it in a
/// field and write `rate_limit(limiter = self.limiter)`.
///
/// ```
/// use interceptors::rate_limit::{Rate, Limiter};
///
/// struct Users {
///     limiter: Limiter,
/// }
///
/// let users = Users { limiter: Limiter::new(&Rate::per_second(5).burst(20)) };
/// # let _ = users.limiter;
/// ```
///
/// Entries with and without `key` can share one limiter. Calls without a key then share one limit, separate from the limits of the keys.
pub struct Limiter<C: Clock = TokioClock> {
    /// The limit for calls without a key needs no lock, for which all calls would queue.
    everyone: Governor<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    keyed: Governor<u64, BoundedStore, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    hasher: RandomState,
    full: Arc<AtomicBool>,
    last_sweep: Mutex<C::Instant>,
}

impl Limiter {
    /// A limiter with full buckets, on tokio's clock.
    #[must_use]
    pub fn new(rate: &Rate) -> Self {
        Self::with_clock(rate, TokioClock)
    }
}

impl<C: Clock + Clone> Limiter<C> {
    /// A limiter with full buckets, on another clock.
    #[must_use]
    pub fn with_clock(rate: &Rate, clock: C) -> Self {
        let full = Arc::new(AtomicBool::new(false));
        let store = BoundedStore::new(rate.max_keys, Arc::clone(&full));
        Self {
            everyone: Governor::direct_with_clock(rate.quota, clock.clone()),
            keyed: Governor::new(rate.quota, store, clock.clone()),
            hasher: RandomState::new(),
            full,
            last_sweep: Mutex::new(clock.now()),
            clock,
        }
    }
}

impl<C: Clock> Limiter<C> {
    pub(crate) fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// Lets a call pass, or returns how long to wait.
    #[inline]
    pub(crate) fn check(&self, key: Option<u64>) -> Result<(), Duration> {
        match key {
            None => self.check_everyone(),
            Some(key) => self.check_key(key),
        }
    }

    fn check_everyone(&self) -> Result<(), Duration> {
        let checked = self.everyone.check();
        checked.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    fn check_key(&self, key: u64) -> Result<(), Duration> {
        let checked = self.keyed.check_key(&key);
        if self.full.load(Ordering::Relaxed) && self.full.swap(false, Ordering::Relaxed) {
            self.sweep();
        }
        checked.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// How many keys are tracked now. Calls without a key are not counted.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keyed.len()
    }

    /// Drops the keys that have recovered. It checks every key, so it runs at most once a second.
    fn sweep(&self) {
        let now = self.clock.now();
        let mut last = self
            .last_sweep
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*last) >= Duration::from_secs(1).into() {
            *last = now;
            drop(last);
            self.keyed.retain_recent();
        }
    }
}

impl<C: Clock> fmt::Debug for Limiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("keys", &self.keys())
            .finish_non_exhaustive()
    }
}
