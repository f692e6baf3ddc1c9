use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tonic::{Code, Status};

use crate::core::name::CallName;
use crate::core::plan::{Setting, Value};
use crate::kit::by_name::{By, ByName};
use crate::kit::codes;
use crate::kit::unsent::ended_unsent;
use crate::{CallDetails, End, Observer, Outcome};

/// When a [`CircuitBreaker`] opens, and for how long.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::circuit_breaker::{CircuitBreaker, Thresholds};
///
/// const THRESHOLDS: Thresholds = Thresholds::new()
///     .failure_ratio(0.5)
///     .min_calls(20)
///     .open_for(Duration::from_secs(10));
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let breaker = CircuitBreaker::new(&THRESHOLDS);
/// # let _ = breaker;
/// # }
/// ```
///
/// # Default
///
/// - failures: 5 in a row
/// - open for: 30 s
/// - probes: 1
/// - codes: `Unavailable`, `DeadlineExceeded`, `Internal`, `Unknown`
///
/// # Panics
///
/// The methods panic if a number is 0, a duration is zero, the ratio is not above `0.0` and at most `1.0`, or `codes` is empty, has a code twice or
/// contains `Ok`. In a constant, and so in the attribute, that is a compiler error.
#[derive(Debug, Clone)]
pub struct Thresholds {
    failures: u32,
    ratio: Option<f64>,
    window: Duration,
    min_calls: u32,
    open_for: Duration,
    probes: u32,
    codes: &'static [Code],
}

impl Thresholds {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            failures: 5,
            ratio: None,
            window: Duration::from_secs(20),
            min_calls: 10,
            open_for: Duration::from_secs(30),
            probes: 1,
            codes: &[
                Code::Unavailable,
                Code::DeadlineExceeded,
                Code::Internal,
                Code::Unknown,
            ],
        }
    }

    /// How many consecutive failures open the breaker.
    #[must_use]
    pub const fn failures(mut self, failures: u32) -> Self {
        assert!(failures >= 1, "[I0402] `failures` must be at least 1");
        self.failures = failures;
        self
    }

    /// Opens the breaker by the ratio of failed calls, and not by consecutive failures: above `0.0`, up to `1.0`.
    #[must_use]
    pub const fn failure_ratio(mut self, ratio: f64) -> Self {
        assert!(
            ratio > 0.0 && ratio <= 1.0,
            "[I0402] `failure_ratio` must be above 0.0, up to 1.0"
        );
        self.ratio = Some(ratio);
        self
    }

    /// For [`failure_ratio`](Self::failure_ratio): the length of the time window in which calls are counted. Default: 20 s. The window moves in steps
    /// of a tenth of its length.
    #[must_use]
    pub const fn window(mut self, window: Duration) -> Self {
        assert!(
            window.as_nanos() >= 10,
            "[I0402] `window` must be longer than zero"
        );
        self.window = window;
        self
    }

    /// For [`failure_ratio`](Self::failure_ratio): calls required in the window before the ratio applies. Default: 10.
    #[must_use]
    pub const fn min_calls(mut self, calls: u32) -> Self {
        assert!(calls >= 1, "[I0402] `min_calls` must be at least 1");
        self.min_calls = calls;
        self
    }

    /// How long the breaker rejects calls before it lets probes through.
    #[must_use]
    pub const fn open_for(mut self, time: Duration) -> Self {
        assert!(
            !time.is_zero(),
            "[I0402] `open_for` must be longer than zero"
        );
        self.open_for = time;
        self
    }

    /// How many probes are let through. All of them must succeed to close the breaker.
    #[must_use]
    pub const fn probes(mut self, calls: u32) -> Self {
        assert!(calls >= 1, "[I0402] `probes` must be at least 1");
        self.probes = calls;
        self
    }

    /// Which status codes count as failures.
    #[must_use]
    pub const fn codes(mut self, codes: &'static [Code]) -> Self {
        assert!(
            !codes.is_empty(),
            "[I0408] `codes` must name at least one status code"
        );
        assert!(
            codes::are_failures(codes),
            "[I0406] `Ok` means success, and `codes` lists failures; take it out"
        );
        assert!(
            codes::are_distinct(codes),
            "[I0407] `codes` names a status code twice; take one out"
        );
        self.codes = codes;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 7] {
        let (failures, ratio, window, min_calls) = match self.ratio {
            Some(ratio) => (
                Value::Unset,
                Value::Float(ratio),
                Value::Duration(self.window),
                Value::Integer(self.min_calls as u64),
            ),
            None => (
                Value::Integer(self.failures as u64),
                Value::Unset,
                Value::Unset,
                Value::Unset,
            ),
        };
        [
            Setting::new("failures", failures),
            Setting::new("failure_ratio", ratio),
            Setting::new("window", window),
            Setting::new("min_calls", min_calls),
            Setting::new("open_for", Value::Duration(self.open_for)),
            Setting::new("probes", Value::Integer(self.probes as u64)),
            Setting::new("codes", Value::Codes(self.codes)),
        ]
    }

    fn is_failure(&self, code: Code) -> Option<bool> {
        match self.codes.contains(&code) {
            true => Some(true),
            false if code == Code::Cancelled => None,
            false => Some(false),
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::new()
    }
}

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// All calls are made.
    Closed,
    /// All calls are rejected.
    Open,
    /// Only the probes are made. All other calls are rejected.
    HalfOpen,
}

impl State {
    /// `closed`, `open` or `half-open`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A circuit breaker. Clones share its state.
///
/// By default the attribute makes one for each method. To share a breaker, or to read its state, keep it in a field and write
/// `circuit_breaker(breaker = self.breaker)`.
///
/// ```
/// use interceptors::circuit_breaker::{CircuitBreaker, Thresholds, State};
/// use interceptors::intercept;
///
/// #[intercept(circuit_breaker(breaker = self.breaker))]
/// struct Outbound {
///     breaker: CircuitBreaker,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let breaker = CircuitBreaker::new(&Thresholds::new().failures(3));
/// let outbound = Outbound { breaker: breaker.clone() };
/// assert_eq!(breaker.state(), State::Closed);
/// # let _ = outbound.breaker;
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreaker(Arc<Shared>);

struct Shared {
    config: Thresholds,
    machine: Mutex<Machine>,
}

impl CircuitBreaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(thresholds: &Thresholds) -> Self {
        Self(Arc::new(Shared {
            config: thresholds.clone(),
            machine: Mutex::new(Machine {
                period: 0,
                phase: Phase::Closed(Failures::new(thresholds)),
            }),
        }))
    }

    /// The state that a call would find now. After `open_for` the breaker is half open, even if no call has come.
    #[must_use]
    pub fn state(&self) -> State {
        self.machine().state(&self.0.config, Instant::now())
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        let machine = self.0.machine.lock();
        machine.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(self, call: &CallDetails) -> Result<Admitted, Status> {
        let (admission, change) = self.machine().admit(&self.0.config, Instant::now());
        let admitted_call = match admission {
            Admission::Call { period } => Admitted::Closed(Watch {
                breaker: self,
                period,
            }),
            Admission::Probe { period } => Admitted::HalfOpen(Arc::new(Probe {
                breaker: self,
                period,
                is_answered: AtomicBool::new(false),
                is_settled: AtomicBool::new(false),
            })),
            Admission::Refused => return Err(refused(call.path())),
        };
        if let Some(change) = change {
            change.tell(call.name());
        }
        Ok(admitted_call)
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// A [`CircuitBreaker`] for each method or service, made at its first call. For channels, which get the names at run time. At most 1024 names are
/// tracked; further names share one breaker.
///
/// ```
/// use interceptors::circuit_breaker::{CircuitBreakers, Thresholds};
///
/// const CONFIG: Thresholds = Thresholds::new().failures(3);
///
/// let breakers = CircuitBreakers::per_method(&CONFIG);
/// # let _ = breakers;
/// ```
#[derive(Debug)]
pub struct CircuitBreakers {
    config: Thresholds,
    breakers: ByName<CircuitBreaker>,
}

impl CircuitBreakers {
    /// One breaker for each method.
    #[must_use]
    pub fn per_method(thresholds: &Thresholds) -> Self {
        Self::per(By::Method, thresholds)
    }

    /// One breaker for each service.
    #[must_use]
    pub fn per_service(thresholds: &Thresholds) -> Self {
        Self::per(By::Service, thresholds)
    }

    fn per(by: By, config: &Thresholds) -> Self {
        Self {
            config: config.clone(),
            breakers: ByName::new(by),
        }
    }

    pub(super) fn breaker(&self, call: &CallDetails) -> CircuitBreaker {
        self.breakers.of(call, || CircuitBreaker::new(&self.config))
    }
}

#[cold]
fn refused(path: &str) -> Status {
    let mut status = Status::unavailable(format!("the circuit breaker of `{path}` is open"));
    // Another attempt would be rejected too.
    let never = tonic::metadata::MetadataValue::from_static("-1");
    status
        .metadata_mut()
        .insert("grpc-retry-pushback-ms", never);
    status
}

/// A call that the breaker let through.
pub(super) enum Admitted {
    Closed(Watch),
    HalfOpen(Arc<Probe>),
}

/// Whether the call's end counts as a failure of the server. `None` if it says nothing: the call was cancelled, or an
/// inner interceptor rejected it.
fn is_failure(config: &Thresholds, end: &End<'_>) -> Option<bool> {
    match ended_unsent(end) || end.outcome() == Outcome::Cancelled {
        true => None,
        false => config.is_failure(end.code()),
    }
}

/// Reports the end of a call to a closed breaker.
pub(super) struct Watch {
    breaker: CircuitBreaker,
    period: u64,
}

impl Observer for Watch {
    fn end(self, end: &End<'_>) {
        let Shared { config, .. } = &*self.breaker.0;
        let Some(failed) = is_failure(config, end) else {
            return;
        };
        let now = Instant::now();
        let change = self
            .breaker
            .machine()
            .count(config, self.period, failed, now);
        if let Some(change) = change {
            change.tell(end.name());
        }
    }
}

/// Occupies a probe slot of a half-open breaker until the end of the call and its response stream.
pub(super) struct Probe {
    breaker: CircuitBreaker,
    period: u64,
    is_answered: AtomicBool,
    is_settled: AtomicBool,
}

impl Probe {
    /// Records that the response stream of the probe has begun, unless the probe has ended already.
    pub(super) fn answered(&self) {
        if self.is_settled.load(Ordering::Relaxed) {
            return;
        }
        self.is_answered.store(true, Ordering::Relaxed);
        self.breaker.machine().answered(self.period);
    }

    fn settle(&self, failed: Option<bool>, path: &CallName) {
        if self.is_settled.swap(true, Ordering::Relaxed) {
            return;
        }
        let is_answered = self.is_answered.load(Ordering::Relaxed);
        let Shared { config, .. } = &*self.breaker.0;
        let now = Instant::now();
        let change = self
            .breaker
            .machine()
            .probed(config, self.period, is_answered, failed, now);
        if let Some(change) = change {
            change.tell(path);
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if !*self.is_settled.get_mut() {
            let is_answered = *self.is_answered.get_mut();
            self.breaker.machine().give_back(self.period, is_answered);
        }
    }
}

pub(super) struct ProbeEnd(pub(super) Arc<Probe>);

impl Observer for ProbeEnd {
    fn end(self, end: &End<'_>) {
        let failed = is_failure(&self.0.breaker.0.config, end);
        self.0.settle(failed, end.name());
    }
}

// The rest knows nothing about calls. It runs under a lock that is held only for that time.

struct Machine {
    /// The number of the current state, counted from the start.
    period: u64,
    phase: Phase,
}

enum Phase {
    Closed(Failures),
    Open {
        /// `None` if the time overflows: the breaker stays open.
        until: Option<Instant>,
    },
    HalfOpen {
        /// When the last probe was let through.
        since: Instant,
        /// The number of probes, without those that were given up.
        admitted: u32,
        /// How many of the running probes have a response stream that has begun.
        answered: u32,
        succeeded: u32,
    },
}

impl Phase {
    fn state(&self) -> State {
        match self {
            Self::Closed(_) => State::Closed,
            Self::Open { .. } => State::Open,
            Self::HalfOpen { .. } => State::HalfOpen,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Admission {
    Call { period: u64 },
    Probe { period: u64 },
    Refused,
}

/// A change of the state.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    from: State,
    to: State,
}

impl Change {
    #[cold]
    fn tell(&self, call: &CallName) {
        let (service, method) = (call.service(), call.method());
        let (from, to) = (self.from.as_str(), self.to.as_str());
        macro_rules! event {
            ($level:ident, $message:literal) => {
                tracing::event!(
                    target: "interceptors::circuit_breaker",
                    tracing::Level::$level,
                    from,
                    to,
                    grpc.service = service,
                    grpc.method = method,
                    $message
                )
            };
        }
        match self.to {
            State::Open => event!(WARN, "circuit breaker opened"),
            State::HalfOpen => event!(INFO, "circuit breaker tries again"),
            State::Closed => event!(INFO, "circuit breaker closed"),
        }
    }
}

fn is_over(until: Option<Instant>, now: Instant) -> bool {
    until.is_some_and(|until| until <= now)
}

impl Machine {
    fn state(&self, config: &Thresholds, now: Instant) -> State {
        match &self.phase {
            Phase::Open { until } if is_over(*until, now) => State::HalfOpen,
            _ if self.probes_are_long_lived(config, now) => State::Closed,
            phase => phase.state(),
        }
    }

    /// Whether long-lived probes count as successes: all have run for long enough without a failure. A stream need not
    /// end.
    fn probes_are_long_lived(&self, config: &Thresholds, now: Instant) -> bool {
        match &self.phase {
            Phase::HalfOpen {
                since,
                answered,
                succeeded,
                ..
            } => {
                *succeeded + *answered >= config.probes
                    && is_over(since.checked_add(config.open_for), now)
            }
            _ => false,
        }
    }

    fn admit(&mut self, config: &Thresholds, now: Instant) -> (Admission, Option<Change>) {
        if self.probes_are_long_lived(config, now) {
            let change = self.change_to(Phase::Closed(Failures::new(config)));
            let period = self.period;
            return (Admission::Call { period }, change);
        }
        let lets_others_try = match &mut self.phase {
            Phase::Closed(_) => {
                let period = self.period;
                return (Admission::Call { period }, None);
            }
            Phase::Open { until } => is_over(*until, now),
            Phase::HalfOpen {
                admitted, since, ..
            } if *admitted < config.probes => {
                *admitted += 1;
                *since = now;
                let period = self.period;
                return (Admission::Probe { period }, None);
            }
            // Some of the running probes are not answered yet.
            Phase::HalfOpen { since, .. } => is_over(since.checked_add(config.open_for), now),
        };
        if !lets_others_try {
            return (Admission::Refused, None);
        }
        let change = self.change_to(Phase::HalfOpen {
            since: now,
            admitted: 1,
            answered: 0,
            succeeded: 0,
        });
        let period = self.period;
        (Admission::Probe { period }, change)
    }

    /// Counts the end of a call in the closed state.
    fn count(
        &mut self,
        config: &Thresholds,
        period: u64,
        failed: bool,
        now: Instant,
    ) -> Option<Change> {
        match &mut self.phase {
            Phase::Closed(failures) if period == self.period => {
                let opens = failures.count(config, failed, now);
                opens.then(|| self.open(config, now)).flatten()
            }
            _ => None,
        }
    }

    /// Records that the response stream of a probe has begun.
    fn answered(&mut self, of: u64) {
        match &mut self.phase {
            Phase::HalfOpen { answered, .. } if of == self.period => *answered += 1,
            _ => {}
        }
    }

    /// Records the end of a probe.
    fn probed(
        &mut self,
        config: &Thresholds,
        period: u64,
        is_answered: bool,
        failed: Option<bool>,
        now: Instant,
    ) -> Option<Change> {
        let Some(failed) = failed else {
            self.give_back(period, is_answered);
            return None;
        };
        match &mut self.phase {
            Phase::HalfOpen {
                answered,
                succeeded,
                ..
            } if period == self.period => {
                if failed {
                    return self.open(config, now);
                }
                *answered -= u32::from(is_answered);
                *succeeded += 1;
                let closes = *succeeded >= config.probes;
                closes
                    .then(|| self.change_to(Phase::Closed(Failures::new(config))))
                    .flatten()
            }
            _ => None,
        }
    }

    /// Records that a probe was given up.
    fn give_back(&mut self, of: u64, is_answered: bool) {
        match &mut self.phase {
            Phase::HalfOpen {
                admitted, answered, ..
            } if of == self.period => {
                *admitted -= 1;
                *answered -= u32::from(is_answered);
            }
            _ => {}
        }
    }

    fn open(&mut self, config: &Thresholds, now: Instant) -> Option<Change> {
        let until = now.checked_add(config.open_for);
        self.change_to(Phase::Open { until })
    }

    /// `None` if the state stays the same.
    fn change_to(&mut self, phase: Phase) -> Option<Change> {
        let (from, to) = (self.phase.state(), phase.state());
        self.period += 1;
        self.phase = phase;
        (from != to).then_some(Change { from, to })
    }
}

/// The failures that a closed breaker remembers.
enum Failures {
    InARow(u32),
    Window(Box<Window>),
}

impl Failures {
    fn new(config: &Thresholds) -> Self {
        match config.ratio {
            Some(_) => Self::Window(Box::default()),
            None => Self::InARow(0),
        }
    }

    /// Counts a call. Returns whether the breaker has to open.
    fn count(&mut self, config: &Thresholds, failed: bool, now: Instant) -> bool {
        match self {
            Self::InARow(failures) => {
                *failures = if failed { *failures + 1 } else { 0 };
                *failures >= config.failures
            }
            Self::Window(window) => {
                let counts = window.count(config.window, failed, now);
                let (calls, failures) = (f64::from(counts.calls), f64::from(counts.failures));
                let ratio = config.ratio.unwrap_or(1.0);
                failed && counts.calls >= config.min_calls && failures >= ratio * calls
            }
        }
    }
}

const SLOTS: u32 = 10;

/// Counts of the recent calls, by tenths of the window.
#[derive(Default)]
struct Window {
    /// When the first tenth began.
    begun: Option<Instant>,
    slots: [Slot; SLOTS as usize],
}

#[derive(Default, Clone, Copy)]
struct Slot {
    /// The index of the current tenth.
    tenth: u128,
    counts: Counts,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    calls: u32,
    failures: u32,
}

impl Window {
    /// Counts a call, and returns the counts of the window that ends now.
    fn count(&mut self, window: Duration, failed: bool, now: Instant) -> Counts {
        let begun = *self.begun.get_or_insert(now);
        let elapsed = now.saturating_duration_since(begun);
        let slots = u128::from(SLOTS);
        let tenth = elapsed.as_nanos() / (window.as_nanos() / slots).max(1);
        let slot = &mut self.slots[usize::try_from(tenth % slots).unwrap_or(0)];
        if slot.tenth != tenth {
            *slot = Slot {
                tenth,
                counts: Counts::default(),
            };
        }
        slot.counts.calls = slot.counts.calls.saturating_add(1);
        slot.counts.failures = slot.counts.failures.saturating_add(u32::from(failed));
        let in_window = self.slots.iter().filter(|slot| slot.tenth + slots > tenth);
        in_window.fold(Counts::default(), |sum, slot| Counts {
            calls: sum.calls.saturating_add(slot.counts.calls),
            failures: sum.failures.saturating_add(slot.counts.failures),
        })
    }
}

#[cfg(test)]
mod tests;
