use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::coop::unconstrained;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::core::plan::{Setting, Value};
use crate::core::time::{exceeded, timeout_at};
use crate::kit::by_name::{By, ByName};
use crate::kit::refusal;
use crate::kit::unsent::ended_unsent;
use crate::{CallDetails, End, Outcome};

/// How many calls a [`Limiter`] lets run at once, and how long more calls may wait.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::concurrency::{Capacity, Limiter};
///
/// const CAPACITY: Capacity = Capacity::adaptive(10, 200, Duration::from_millis(50)).queue(50);
///
/// let limiter = Limiter::new(&CAPACITY);
/// assert_eq!(limiter.limit(), 10);
/// ```
///
/// # Default
///
/// - queue: 1024, like Envoy's default for pending requests
/// - wait: until the call's deadline
/// - retry after: one second
///
/// # Panics
///
/// The methods panic if a limit is 0, if `min` is above `max`, or if a duration is zero. In a constant, and so in the attribute, that is a compiler
/// error.
#[derive(Debug, Clone)]
pub struct Capacity {
    min: u32,
    max: u32,
    target: Option<Duration>,
    queue: u32,
    wait: Option<Duration>,
    retry_after: Duration,
}

impl Capacity {
    /// A fixed number of calls.
    #[must_use]
    pub const fn max(calls: u32) -> Self {
        assert!(calls >= 1, "[I0402] `max` must be at least 1");
        Self {
            min: calls,
            max: calls,
            target: None,
            queue: 1024,
            wait: None,
            retry_after: Duration::from_secs(1),
        }
    }

    /// A limit between `min` and `max` that follows the latency: it goes down while calls take longer than `target`. See the
    /// [module documentation](super#adaptive-limits).
    #[must_use]
    pub const fn adaptive(min: u32, max: u32, target: Duration) -> Self {
        assert!(min >= 1, "[I0402] `min` must be at least 1");
        assert!(min <= max, "[I0818] `min` must not be above `max`");
        assert!(
            !target.is_zero(),
            "[I0402] `target` must be longer than zero"
        );
        let mut config = Self::max(max);
        config.min = min;
        config.target = Some(target);
        config
    }

    /// How many calls may wait. Each keeps its request in memory. With `0`, calls do not wait.
    #[must_use]
    pub const fn queue(mut self, calls: u32) -> Self {
        self.queue = calls;
        self
    }

    /// How long a call may wait before it is rejected.
    #[must_use]
    pub const fn wait(mut self, limit: Duration) -> Self {
        assert!(!limit.is_zero(), "[I0402] `wait` must be longer than zero");
        self.wait = Some(limit);
        self
    }

    /// How long a rejected caller should wait before it tries again.
    #[must_use]
    pub const fn retry_after(mut self, delay: Duration) -> Self {
        assert!(
            !delay.is_zero(),
            "[I0402] `retry_after` must be longer than zero"
        );
        self.retry_after = delay;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 6] {
        let (min, target) = match self.target {
            Some(target) => (Value::Integer(self.min as u64), Value::Duration(target)),
            None => (Value::Unset, Value::Unset),
        };
        let wait = match self.wait {
            Some(wait) => Value::Duration(wait),
            None => Value::Unset,
        };
        [
            Setting::new("max", Value::Integer(self.max as u64)),
            Setting::new("min", min),
            Setting::new("target", target),
            Setting::new("queue", Value::Integer(self.queue as u64)),
            Setting::new("wait", wait),
            Setting::new("retry_after", Value::Duration(self.retry_after)),
        ]
    }
}

/// A limit of running calls. Clones share the limit.
///
/// By default the attribute makes one for each method. To share a limiter, to have one for each value of the service, or to read its numbers, keep it
/// in a field and write `concurrency(limiter = self.limiter)` or `load_shed(limiter = self.limiter)`.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::concurrency::{Capacity, Limiter};
///
/// const CAPACITY: Capacity = Capacity::max(100).queue(50).wait(Duration::from_millis(200));
///
/// let limiter = Limiter::new(&CAPACITY);
/// assert_eq!((limiter.limit(), limiter.in_use(), limiter.waiting()), (100, 0, 0));
/// ```
#[derive(Clone)]
pub struct Limiter(Arc<Shared>);

struct Shared {
    config: Capacity,
    places: Semaphore,
    waiting: AtomicU32,
    /// The number of calls with a permit.
    in_use: AtomicU32,
    adaptive: Option<Mutex<Adaptive>>,
    /// Whether a service has answered a call that had a permit.
    is_known: AtomicBool,
}

impl Limiter {
    /// A limiter without running calls.
    #[must_use]
    pub fn new(capacity: &Capacity) -> Self {
        let adaptive = capacity.target.map(|target| Adaptive {
            target,
            limit: f64::from(capacity.min),
            owed: 0,
            lowered_at: None,
        });
        Self(Arc::new(Shared {
            config: capacity.clone(),
            // Clamped to the semaphore's maximum.
            places: Semaphore::new((capacity.min as usize).min(Semaphore::MAX_PERMITS)),
            waiting: AtomicU32::new(0),
            in_use: AtomicU32::new(0),
            adaptive: adaptive.map(Mutex::new),
            is_known: AtomicBool::new(false),
        }))
    }

    /// How many calls may run at once now.
    #[must_use]
    pub fn limit(&self) -> u32 {
        match self.0.adaptive() {
            Some(adaptive) => adaptive.whole(),
            None => self.0.config.max,
        }
    }

    /// How many calls run now. It can be above the limit for a while after the limit was lowered.
    #[must_use]
    pub fn in_use(&self) -> u32 {
        self.0.in_use.load(Ordering::Relaxed)
    }

    /// How many calls wait now.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.0.waiting.load(Ordering::Relaxed)
    }

    /// Whether no call has a permit or waits for one (only the map has a reference), and no service is known to have
    /// the method.
    fn is_unused(&self) -> bool {
        Arc::strong_count(&self.0) == 1 && !self.0.is_known.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn id(&self) -> LimiterId {
        LimiterId::of(&self.0)
    }

    /// Takes a permit if one is free and no call waits for it.
    #[inline]
    pub(crate) fn try_enter(self) -> Result<Permit, Self> {
        let place = self.0.places.try_acquire().map(SemaphorePermit::forget);
        match place {
            Ok(()) => Ok(Permit::new(self.0)),
            Err(_) => Err(self),
        }
    }

    /// Waits for a permit.
    pub(crate) async fn enter(self, deadline: Option<Instant>) -> Result<Permit, Status> {
        self.wait(deadline).await?;
        Ok(Permit::new(self.0))
    }

    async fn wait(&self, deadline: Option<Instant>) -> Result<(), Status> {
        let Some(_waiting) = Waiting::begin(&self.0) else {
            return Err(self.refusal());
        };
        let limit = self.0.config.wait;
        let limit = limit.and_then(|wait| Instant::now().checked_add(wait));
        // `unconstrained`, because a waiter without tokio budget would block the waiters behind it.
        let place = async { Ok(unconstrained(self.0.places.acquire()).await) };
        let at = deadline.into_iter().chain(limit).min();
        let elapsed = || match deadline {
            Some(deadline) if deadline <= Instant::now() => exceeded(),
            _ => self.refusal(),
        };
        // The semaphore is never closed.
        if let Ok(place) = timeout_at(at, place, elapsed).await? {
            place.forget();
        }
        Ok(())
    }

    pub(crate) fn refusal(&self) -> Status {
        refusal::exhausted("too many calls at once", self.0.config.retry_after)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter")
            .field("limit", &self.limit())
            .field("in_use", &self.in_use())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}

/// A [`Limiter`] for each method or service, made at its first call. For channels and servers, which get the names at run time. At most 1024 names
/// are tracked. If there are more, a new name replaces a name that no call uses and that no service has answered for. If there is no such name, the
/// surplus names share one limit.
///
/// ```
/// use interceptors::concurrency::{Capacity, Limiters};
/// use interceptors::intercept;
///
/// #[intercept(load_shed(limiter = self.limiters))]
/// struct Outbound {
///     limiters: Limiters,
/// }
///
/// let outbound = Outbound { limiters: Limiters::per_method(&Capacity::max(100)) };
/// # let _ = outbound.limiters;
/// ```
#[derive(Debug)]
pub struct Limiters {
    config: Capacity,
    limiters: ByName<Limiter>,
}

impl Limiters {
    /// One limiter for each method.
    #[must_use]
    pub fn per_method(capacity: &Capacity) -> Self {
        Self::per(By::Method, capacity)
    }

    /// One limiter for each service.
    #[must_use]
    pub fn per_service(capacity: &Capacity) -> Self {
        Self::per(By::Service, capacity)
    }

    fn per(by: By, config: &Capacity) -> Self {
        Self {
            config: config.clone(),
            limiters: ByName::new(by),
        }
    }

    pub(crate) fn limiter(&self, call: &CallDetails) -> Limiter {
        let make = || Limiter::new(&self.config);
        self.limiters.of_any(call, make, Limiter::is_unused)
    }
}

/// A position in the queue.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Option<Self> {
        let more = |waiting: u32| (waiting < shared.config.queue).then_some(waiting + 1);
        let waiting = &shared.waiting;
        let begun = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        begun.is_ok().then(|| Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The permit of a call. It stays with the call's response, and is released when that is dropped.
pub(crate) struct Permit(Arc<Shared>);

/// Identifies a limiter. It is unique while any permit of the limiter is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimiterId(usize);

impl LimiterId {
    #[inline]
    fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::as_ptr(shared).addr())
    }
}

impl Permit {
    pub(crate) fn limiter(&self) -> LimiterId {
        LimiterId::of(&self.0)
    }

    /// The call has ended. An adaptive limit learns from the result.
    pub(crate) fn end(self, end: &End<'_>) {
        if is_answer_of_service(end) && !self.0.is_known.load(Ordering::Relaxed) {
            self.0.is_known.store(true, Ordering::Relaxed);
        }
        self.0.learn(end);
    }

    /// Whether the limit adapts to the load.
    pub(crate) fn is_adaptive(&self) -> bool {
        self.0.adaptive.is_some()
    }

    #[inline]
    fn new(shared: Arc<Shared>) -> Self {
        shared.in_use.fetch_add(1, Ordering::Relaxed);
        Self(shared)
    }
}

/// Whether some service has the method. Requests for unknown methods get a response too, and any client can send them.
fn is_answer_of_service(end: &End<'_>) -> bool {
    match end.code() {
        Code::Ok => true,
        Code::Unimplemented | Code::NotFound | Code::Cancelled => false,
        _ => end.is_sent(),
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl Shared {
    fn adaptive(&self) -> Option<MutexGuard<'_, Adaptive>> {
        let adaptive = self.adaptive.as_ref()?.lock();
        Some(adaptive.unwrap_or_else(PoisonError::into_inner))
    }

    fn give_back(&self) {
        self.in_use.fetch_sub(1, Ordering::Relaxed);
        match self.adaptive() {
            Some(mut adaptive) if adaptive.owed > 0 => adaptive.owed -= 1,
            _ => self.places.add_permits(1),
        }
    }

    fn learn(&self, end: &End<'_>) {
        let Some(adaptive) = self.adaptive() else {
            return;
        };
        let is_stream = match end.knows_kind() {
            true => end.kind().response_is_stream(),
            false => end.messages() > 1,
        };
        let load = match (end.outcome(), end.code()) {
            (Outcome::Cancelled | Outcome::Panicked, _) => return,
            _ if ended_unsent(end) => return,
            (_, Code::ResourceExhausted | Code::Unavailable) => Load::High,
            _ if is_stream => return,
            _ if end.elapsed_without_waits() > adaptive.target => Load::High,
            (_, Code::Ok) => Load::Low,
            _ => return,
        };
        self.adapt(adaptive, load, end.elapsed());
    }

    fn adapt(&self, mut adaptive: MutexGuard<'_, Adaptive>, load: Load, elapsed: Duration) {
        let before = adaptive.whole();
        let (min, max) = (f64::from(self.config.min), f64::from(self.config.max));
        match load {
            Load::High => {
                let now = Instant::now();
                let begun = now.checked_sub(elapsed);
                if adaptive.lowered_at.is_some_and(|at| begun < Some(at)) {
                    return;
                }
                adaptive.lowered_at = Some(now);
                adaptive.limit = (adaptive.limit * 0.9).max(min);
            }
            Load::Low if self.in_use.load(Ordering::Relaxed) >= before.div_ceil(2) => {
                adaptive.limit = (adaptive.limit + 1.0 / adaptive.limit).min(max);
            }
            Load::Low => {}
        }
        let after = adaptive.whole();
        if after > before {
            let more = (after - before) as usize;
            let owed = adaptive.owed.min(more);
            adaptive.owed -= owed;
            self.places.add_permits(more - owed);
        } else if before > after {
            let fewer = (before - after) as usize;
            adaptive.owed += fewer - self.places.forget_permits(fewer);
        }
    }
}

/// What a call shows about the load.
#[derive(Debug, Clone, Copy)]
enum Load {
    Low,
    High,
}

struct Adaptive {
    target: Duration,
    limit: f64,
    /// How many permits in use will not be released, because the limit was lowered.
    owed: usize,
    /// Calls that began before this show a load for which the limit was lowered already.
    lowered_at: Option<Instant>,
}

impl Adaptive {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between `min` and `max`
    fn whole(&self) -> u32 {
        self.limit as u32
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;

    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn enter(limiter: &Limiter) -> Permit {
        let Ok(permit) = limiter.clone().try_enter() else {
            panic!("no place: {limiter:?}");
        };
        permit
    }

    /// Reports the load of one call.
    fn report_load(limiter: &Limiter, load: Load, elapsed: Duration) {
        let shared = &limiter.0;
        shared.adapt(shared.adaptive().unwrap(), load, elapsed);
    }

    #[tokio::test(start_paused = true)]
    async fn freed_permits_go_to_waiters_in_order() {
        let limiter = Limiter::new(&Capacity::max(1).queue(2));
        let first = enter(&limiter);
        let (order, mut entered) = tokio::sync::mpsc::unbounded_channel();
        let waiting: Vec<_> = (0..2)
            .map(|n| {
                let (limiter, order) = (limiter.clone(), order.clone());
                tokio::spawn(async move {
                    let permit = limiter.enter(None).await.unwrap();
                    order.send(n).unwrap();
                    permit
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!(limiter.waiting(), 2);
        let refused = limiter.clone().enter(None).await.map(drop).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        drop(first);
        assert!(limiter.clone().try_enter().is_err(), "nobody overtakes");
        let mut waiting = waiting.into_iter();
        let second = waiting.next().unwrap().await.unwrap();
        assert_eq!((limiter.in_use(), limiter.waiting()), (1, 1));
        drop(second);
        drop(waiting.next().unwrap().await.unwrap());
        assert_eq!(
            (entered.recv().await, entered.recv().await),
            (Some(0), Some(1))
        );
        assert_eq!((limiter.in_use(), limiter.waiting()), (0, 0));
        drop(enter(&limiter));
    }

    #[tokio::test(start_paused = true)]
    async fn wait_ends_on_timeout_deadline_or_drop() {
        let limiter = Limiter::new(&Capacity::max(1).wait(MS(100)));
        let held = enter(&limiter);
        let started = Instant::now();
        let refused = limiter.clone().enter(None).await.map(drop).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert_eq!(started.elapsed(), MS(100));
        let deadline = Some(Instant::now() + MS(50));
        let late = limiter.clone().enter(deadline).await.map(drop).unwrap_err();
        assert_eq!(late.code(), Code::DeadlineExceeded);
        assert_eq!(started.elapsed(), MS(150));
        let dropped = tokio::time::timeout(MS(10), limiter.clone().enter(None)).await;
        assert!(dropped.is_err());
        assert_eq!((limiter.in_use(), limiter.waiting()), (1, 0));
        drop(held);
        drop(enter(&limiter));
    }

    /// Uses up tokio's budget in each poll, and then waits for a permit.
    async fn enter_busily(limiter: &Limiter, deadline: Option<Instant>) -> Result<Permit, Status> {
        let mut entering = pin!(limiter.clone().enter(deadline));
        // With a paused clock this loop would never end by itself.
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            assert!(polls < 1_000, "the wait does not end");
            for _ in 0..1024 {
                let _ = pin!(tokio::task::coop::consume_budget()).poll(cx);
            }
            entering.as_mut().poll(cx)
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn wait_ends_next_to_a_busy_future() {
        let limiter = Limiter::new(&Capacity::max(1).wait(MS(100)));
        let held = enter(&limiter);
        for (deadline, code) in [
            (None, Code::ResourceExhausted),
            (Some(Instant::now() + MS(50)), Code::DeadlineExceeded),
        ] {
            let waiting = enter_busily(&limiter, deadline);
            let (ended, ()) = tokio::join!(waiting, tokio::time::advance(MS(200)));
            assert_eq!(ended.map(drop).unwrap_err().code(), code);
        }
        let waiting = enter_busily(&limiter, None);
        let (entered, ()) = tokio::join!(waiting, async { drop(held) });
        entered.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn permit_given_to_a_dropped_waiter_is_not_lost() {
        let limiter = Limiter::new(&Capacity::max(1));
        let held = enter(&limiter);
        let mut waiting = Box::pin(limiter.clone().enter(None));
        assert!(tokio::time::timeout(MS(1), &mut waiting).await.is_err());
        // The waiter has been given the permit, and is dropped before it is polled.
        drop(held);
        drop(waiting);
        assert_eq!((limiter.in_use(), limiter.waiting()), (0, 0));
        drop(enter(&limiter));
    }

    #[tokio::test(start_paused = true)]
    async fn low_load_raises_the_limit_by_one_per_round_up_to_max() {
        let limiter = Limiter::new(&Capacity::adaptive(4, 6, MS(50)));
        assert_eq!(limiter.limit(), 4);
        let permits = [(); 2].map(|()| enter(&limiter));
        for _ in 0..5 {
            report_load(&limiter, Load::Low, MS(10));
        }
        assert_eq!(limiter.limit(), 5);
        for _ in 0..100 {
            report_load(&limiter, Load::Low, MS(10));
        }
        assert_eq!(limiter.limit(), 5, "2 of 5 are less than half");
        let permits = (permits, enter(&limiter));
        for _ in 0..100 {
            report_load(&limiter, Load::Low, MS(10));
        }
        assert_eq!(limiter.limit(), 6);
        drop(permits);
        let all = [(); 6].map(|()| enter(&limiter));
        assert!(limiter.clone().try_enter().is_err());
        drop(all);
    }

    #[tokio::test(start_paused = true)]
    async fn high_load_lowers_the_limit_once_per_round() {
        let limiter = Limiter::new(&Capacity::adaptive(1, 100, MS(50)));
        limiter.0.adaptive().unwrap().limit = 20.0;
        limiter.0.places.add_permits(19);
        let permits = [(); 20].map(|()| enter(&limiter));
        tokio::time::advance(MS(60)).await;
        for _ in 0..20 {
            report_load(&limiter, Load::High, MS(60));
        }
        assert_eq!(limiter.limit(), 18);
        drop(permits);
        assert_eq!(limiter.in_use(), 0);
        let permits = [(); 18].map(|()| enter(&limiter));
        assert!(
            limiter.clone().try_enter().is_err(),
            "the limit was lowered by two"
        );
        drop(permits);
        for _ in 0..100 {
            tokio::time::advance(MS(60)).await;
            report_load(&limiter, Load::High, MS(60));
        }
        assert_eq!(limiter.limit(), 1);
        drop(enter(&limiter));
    }

    proptest::proptest! {
        /// In any order of steps, there are as many permits as the limit when all calls are over.
        #[test]
        fn permits_are_neither_lost_nor_created(steps in proptest::collection::vec(0_u8..5, 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
            runtime.unwrap().block_on(async {
                let limiter = Limiter::new(&Capacity::adaptive(2, 9, MS(50)));
                let mut permits = Vec::new();
                for step in steps {
                    match step {
                        0 | 1 => permits.extend(limiter.clone().try_enter()),
                        2 => _ = permits.pop(),
                        3 => for _ in 0..9 { report_load(&limiter, Load::Low, MS(1)) },
                        _ => {
                            tokio::time::advance(MS(2)).await;
                            report_load(&limiter, Load::High, MS(1));
                        }
                    }
                    assert_eq!(limiter.in_use() as usize, permits.len());
                    let free = limiter.0.places.available_permits();
                    let owed = limiter.0.adaptive().unwrap().owed;
                    assert_eq!(free + permits.len(), limiter.limit() as usize + owed);
                }
                drop(permits);
                assert_eq!(limiter.0.places.available_permits(), limiter.limit() as usize);
            });
        }
    }
}
