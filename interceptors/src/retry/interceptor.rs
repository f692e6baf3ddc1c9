use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};
use tonic::{Code, Response, Status};

use super::Throttle;
use super::backoff::{Pushback, delay, pushback};
use crate::plan::{Setting, Value};
use crate::{Call, Interceptor, Next, Side};

/// When to try again, and after how long.
///
/// # Default
///
/// - attempts: 4, which is 3 retries
/// - base delay: 500 ms
/// - multiplier: 2
/// - maximum delay: 30 s
/// - jitter: 0.2, which is from 80 % to 120 % of the delay
/// - codes: `UNAVAILABLE` and `DEADLINE_EXCEEDED`
/// - no timeout for an attempt, no throttle
///
/// # Panics
///
/// The methods that set a value panic when it is out of range. In a constant, as the attribute
/// uses them, that is an error of the compiler.
#[derive(Debug, Clone)]
pub struct Config {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    multiplier: f64,
    jitter: f64,
    codes: &'static [Code],
    attempt_timeout: Option<Duration>,
}

impl Config {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(30),
            multiplier: 2.0,
            jitter: 0.2,
            codes: &[Code::Unavailable, Code::DeadlineExceeded],
            attempt_timeout: None,
        }
    }

    /// How many retries may follow the first attempt; at least 1. This is how the
    /// `grpc.aio` interceptors count that this crate began as.
    #[must_use]
    pub const fn max(mut self, retries: u32) -> Self {
        assert!(
            retries >= 1,
            "`max` must be at least 1: it counts the retries after the first try"
        );
        self.max_attempts = retries.saturating_add(1);
        self
    }

    /// How many attempts there may be, the first one included; at least 2. This is how gRFC A6
    /// counts.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        assert!(
            attempts >= 2,
            "`max_attempts` must be at least 2: it counts the first attempt too"
        );
        self.max_attempts = attempts;
        self
    }

    /// The delay before the first retry, jitter apart.
    #[must_use]
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        assert!(!delay.is_zero(), "`base_delay` must be longer than zero");
        self.base_delay = delay;
        self
    }

    /// What the delay never grows beyond, jitter apart.
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        assert!(!delay.is_zero(), "`max_delay` must be longer than zero");
        self.max_delay = delay;
        self
    }

    /// What each delay is multiplied with to give the next.
    #[must_use]
    pub const fn multiplier(mut self, multiplier: f64) -> Self {
        assert!(
            multiplier > 0.0 && multiplier.is_finite(),
            "`multiplier` must be a finite number above zero"
        );
        self.multiplier = multiplier;
        self
    }

    /// Which part of the delay is left to chance, to either side: from 0 to 1.
    #[must_use]
    pub const fn jitter(mut self, jitter: f64) -> Self {
        assert!(
            0.0 <= jitter && jitter <= 1.0,
            "`jitter` must be from 0.0 to 1.0"
        );
        self.jitter = jitter;
        self
    }

    /// The status codes that are worth another attempt.
    #[must_use]
    pub const fn codes(mut self, codes: &'static [Code]) -> Self {
        assert!(
            !codes.is_empty(),
            "`codes` must name at least one status code"
        );
        let mut i = 0;
        while i < codes.len() {
            assert!(
                !matches!(codes[i], Code::Ok),
                "`Ok` in `codes` is no failure; take it out"
            );
            i += 1;
        }
        self.codes = codes;
        self
    }

    /// How long one attempt may take. What takes longer is dropped and counts as
    /// `DEADLINE_EXCEEDED`.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "`attempt_timeout` must be longer than zero"
        );
        self.attempt_timeout = Some(timeout);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 7] {
        let attempt_timeout = match self.attempt_timeout {
            Some(timeout) => Value::Duration(timeout),
            None => Value::Unset,
        };
        [
            Setting::new("max_attempts", Value::Integer(self.max_attempts as u64)),
            Setting::new("base_delay", Value::Duration(self.base_delay)),
            Setting::new("max_delay", Value::Duration(self.max_delay)),
            Setting::new("multiplier", Value::Float(self.multiplier)),
            Setting::new("jitter", Value::Float(self.jitter)),
            Setting::new("codes", Value::Codes(self.codes)),
            Setting::new("attempt_timeout", attempt_timeout),
        ]
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// The interceptor behind `retry`. See the [module documentation](super).
#[derive(Debug)]
pub struct Retry<'a> {
    config: &'a Config,
    throttle: Option<&'a Throttle>,
}

impl<'a> Retry<'a> {
    /// Retries as configured.
    #[must_use]
    pub const fn new(config: &'a Config) -> Self {
        Self {
            config,
            throttle: None,
        }
    }

    /// Stops retrying while too many calls fail. The throttle counts for everyone who shares it.
    #[must_use]
    pub const fn throttle(mut self, throttle: &'a Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    async fn attempt<Req, Res>(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match self.config.attempt_timeout {
            None => next.run(call).await,
            Some(limit) => timeout(limit, next.run(call))
                .await
                .unwrap_or_else(|_| Err(Status::deadline_exceeded("an attempt took too long"))),
        }
    }

    /// How long to wait before another attempt; `None` where this failure is final.
    fn backoff(
        &self,
        side: Side,
        status: &Status,
        retries_since_pushback: &mut u32,
    ) -> Option<Duration> {
        let pushback = pushback(status.metadata());
        let retryable = self.config.codes.contains(&status.code());
        let counts = retryable || pushback == Pushback::Stop;
        let allowed = !counts || self.throttle.is_none_or(Throttle::fail);
        if !(retryable && allowed) {
            return None;
        }
        match pushback {
            Pushback::Stop => None,
            // The handler may have passed on what another server says; nobody here chose to hold a
            // call that long.
            Pushback::After(delay) if side == Side::Server && delay > self.config.max_delay => None,
            Pushback::After(delay) => {
                *retries_since_pushback = 0;
                Some(delay)
            }
            Pushback::None => {
                *retries_since_pushback += 1;
                let Config {
                    base_delay,
                    multiplier,
                    max_delay,
                    jitter,
                    ..
                } = *self.config;
                let n = *retries_since_pushback;
                Some(delay(
                    base_delay,
                    multiplier,
                    max_delay,
                    jitter,
                    n,
                    fastrand::f64(),
                ))
            }
        }
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Retry<'_> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if !call.can_resend() {
            return next.run(call).await;
        }
        let deadline = call.deadline();
        let mut retries_since_pushback = 0;
        let mut attempts = 1;
        loop {
            // The last attempt needs no copy behind it.
            let copy = if attempts < self.config.max_attempts {
                call.copy_request()
            } else {
                None
            };
            let status = match self.attempt(call, next).await {
                Ok(response) => {
                    if let Some(throttle) = self.throttle {
                        throttle.succeed();
                    }
                    return Ok(response);
                }
                Err(status) => status,
            };
            if call.is_answered() {
                return Err(status);
            }
            let delay = self.backoff(call.side(), &status, &mut retries_since_pushback);
            let (Some(delay), Some(copy)) = (delay, copy) else {
                return Err(status);
            };
            let Some(at) = Instant::now().checked_add(delay) else {
                return Err(status);
            };
            if deadline.is_some_and(|deadline| deadline <= at) {
                return Err(status);
            }
            sleep_until(at).await;
            attempts += 1;
            call.next_attempt(copy);
        }
    }
}
