use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Response, Status};

use super::backoff::delay;
use super::transparent::{self, Transparent};
use crate::core::behind::kept_in_frame;
use crate::core::call::DEFAULT_BUFFER_SIZE;
use crate::core::kept::Kept;
use crate::core::plan::{Setting, Value};
use crate::core::time::exceeded;
use crate::core::time::timeout_at;
use crate::kit::codes;
use crate::kit::exceeded::{exceeded_after, explained};
#[cfg(feature = "client")]
use crate::kit::pushback::PREVIOUS_ATTEMPTS;
use crate::kit::pushback::{Pushback, pushback};
use crate::kit::throttle::Throttle;
use crate::kit::unsent::is_unsent;
use crate::{Call, CallDetails, Interceptor, Next, Side};

/// Retries failed calls: the interceptor behind `retry`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.retry)`, or to test other
/// interceptors together with it.
///
/// ```
/// # #[cfg(feature = "test-util")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
///
/// use interceptors::retry::Retry;
/// use interceptors::test_util::{Answer, CallBuilder, Scripted, before};
/// use interceptors::Next;
/// use tonic::{Request, Status};
///
/// const RETRY: Retry = Retry::new().max(2).base_delay(Duration::from_millis(100));
///
/// let mut server = Scripted::new([
///     Answer::from(Err(Status::unavailable("starting"))),
///     Answer::from(Ok("hello")),
/// ]);
/// let mut call = CallBuilder::client().call(Request::new("who is there?"));
/// let response = before(&RETRY, &mut server).run(&mut call).await;
/// assert_eq!(response.unwrap().into_inner(), "hello");
/// # }
/// # #[cfg(not(feature = "test-util"))]
/// # fn main() {}
/// ```
///
/// # Before decoding
///
/// A retry needs a copy of the message. So `with(self.retry)` never retries where the policy runs before decoding: on a struct for a server, and on a
/// service whose generated server has the attribute. Use the entry `retry(…)`, which runs after decoding.
///
/// # Default
///
/// - attempts: 4, so 3 retries
/// - base delay: 500 ms
/// - multiplier: 2
/// - maximum delay: 30 s
/// - jitter: 0.2, so 80 % to 120 % of the delay
/// - codes: `UNAVAILABLE` and `DEADLINE_EXCEEDED`
/// - no timeout for an attempt, no throttle
/// - buffer size: 256 KiB
///
/// # Panics
///
/// The methods that set a value panic when it is out of range. In a constant, and so in the attribute, that is a compiler error.
#[derive(Debug, Clone)]
pub struct Retry {
    max_attempts: u32,
    base_delay: Duration,
    max_delay: Duration,
    multiplier: f64,
    jitter: f64,
    codes: &'static [Code],
    attempt_timeout: Option<Duration>,
    buffer_size: usize,
    throttle: Option<&'static Throttle>,
}

impl Retry {
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
            buffer_size: DEFAULT_BUFFER_SIZE,
            throttle: None,
        }
    }

    /// The maximum number of retries after the first attempt; at least 1.
    #[must_use]
    pub const fn max(mut self, retries: u32) -> Self {
        assert!(
            retries >= 1,
            "[I0402] `max` must be at least 1: it counts the retries after the first try"
        );
        self.max_attempts = retries.saturating_add(1);
        self
    }

    /// The maximum number of attempts, including the first; at least 2. gRFC A6 counts in this way.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        assert!(
            attempts >= 2,
            "[I0402] `max_attempts` must be at least 2: it counts the first attempt too"
        );
        self.max_attempts = attempts;
        self
    }

    /// The delay before the first retry, without jitter. Longer than zero.
    #[must_use]
    pub const fn base_delay(mut self, delay: Duration) -> Self {
        assert!(
            !delay.is_zero(),
            "[I0402] `base_delay` must be longer than zero"
        );
        self.base_delay = delay;
        self
    }

    /// The longest delay, without jitter. Longer than zero.
    #[must_use]
    pub const fn max_delay(mut self, delay: Duration) -> Self {
        assert!(
            !delay.is_zero(),
            "[I0402] `max_delay` must be longer than zero"
        );
        self.max_delay = delay;
        self
    }

    /// The factor from one delay to the next. A finite number above zero.
    #[must_use]
    pub const fn multiplier(mut self, multiplier: f64) -> Self {
        assert!(
            multiplier > 0.0 && multiplier.is_finite(),
            "[I0402] `multiplier` must be a finite number above zero"
        );
        self.multiplier = multiplier;
        self
    }

    /// The random part of the delay, in both directions: from 0.0 to 1.0. `0.2` means from 80 % to 120 %.
    #[must_use]
    pub const fn jitter(mut self, jitter: f64) -> Self {
        assert!(
            0.0 <= jitter && jitter <= 1.0,
            "[I0402] `jitter` must be from 0.0 to 1.0"
        );
        self.jitter = jitter;
        self
    }

    /// The status codes that are retried: at least one, none twice, and not `Ok`.
    #[must_use]
    pub const fn codes(mut self, codes: &'static [Code]) -> Self {
        assert!(
            !codes.is_empty(),
            "[I0408] `codes` must name at least one status code, such as `Unavailable`"
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

    /// The time limit of one attempt, longer than zero. An attempt that takes longer is dropped and counts as `DEADLINE_EXCEEDED`.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "[I0402] `attempt_timeout` must be longer than zero"
        );
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How many bytes of a request a generated client or a channel keeps for retries. A larger request is still sent, but not retried any more.
    #[must_use]
    pub const fn buffer_size(mut self, bytes: usize) -> Self {
        self.buffer_size = bytes;
        self
    }

    /// Stops retries while too many calls fail. All interceptors with the same throttle share it.
    ///
    /// ```
    /// use interceptors::retry::{Retry, Throttle};
    ///
    /// static THROTTLE: Throttle = Throttle::new(10, 0.1);
    ///
    /// let retry = Retry::new().throttle(&THROTTLE);
    /// # let _ = retry;
    /// ```
    #[must_use]
    pub const fn throttle(mut self, throttle: &'static Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    /// What can be said of the values only together.
    ///
    /// # Panics
    ///
    /// If the base delay is longer than the maximum, where no delay would be what was asked for. In a constant, and so in the attribute, that is a
    /// compiler error.
    #[must_use]
    pub const fn checked(self) -> Self {
        assert!(
            self.base_delay.as_nanos() <= self.max_delay.as_nanos(),
            "[I0818] `base_delay` (by default 500 ms) is longer than `max_delay` (by default 30 s); make one fit the other"
        );
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 8] {
        let attempt_timeout = match self.attempt_timeout {
            Some(timeout) => Value::Duration(timeout),
            None => Value::Unset,
        };
        let buffer_size = match self.buffer_size {
            DEFAULT_BUFFER_SIZE => Value::Unset,
            bytes => Value::Integer(bytes as u64),
        };
        [
            Setting::new("max_attempts", Value::Integer(self.max_attempts as u64)),
            Setting::new("base_delay", Value::Duration(self.base_delay)),
            Setting::new("max_delay", Value::Duration(self.max_delay)),
            Setting::new("multiplier", Value::Float(self.multiplier)),
            Setting::new("jitter", Value::Float(self.jitter)),
            Setting::new("codes", Value::Codes(self.codes)),
            Setting::new("attempt_timeout", attempt_timeout),
            Setting::new("buffer_size", buffer_size),
        ]
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Retry {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Retrying {
            config: self,
            throttle: self.throttle,
        }
        .intercept(call, next)
        .await
    }
}

/// The interceptor that the attribute makes from constant settings and a borrowed throttle.
#[doc(hidden)]
#[derive(Debug)]
pub struct Retrying<'a> {
    config: &'a Retry,
    throttle: Option<&'a Throttle>,
}

impl<'a> Retrying<'a> {
    /// Retries as configured.
    #[must_use]
    pub const fn new(config: &'a Retry) -> Self {
        Self {
            config,
            throttle: None,
        }
    }

    /// Stops retrying while too many calls fail. Everything that uses the throttle counts towards it.
    #[must_use]
    pub const fn throttle(mut self, throttle: &'a Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    /// One attempt. It ends at its timeout or at the call's deadline.
    fn attempt<Req: Send, Res: Send>(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
        deadline: Option<Instant>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        let own = self.config.attempt_timeout;
        let own = own.and_then(|limit| Instant::now().checked_add(limit));
        let elapsed = move || match deadline {
            Some(deadline) if deadline <= Instant::now() => exceeded(),
            _ => Status::deadline_exceeded("an attempt took too long"),
        };
        let limit = own.into_iter().chain(deadline).min();
        timeout_at(limit, next.run(call), elapsed)
    }

    /// How long to wait before another attempt. `None` if this failure is final.
    fn backoff(
        &self,
        details: &CallDetails,
        status: &Status,
        retries_since_pushback: &mut u32,
    ) -> Option<Duration> {
        let side = details.side();
        let pushback = pushback(status.metadata());
        let retryable = self.config.codes.contains(&status.code());
        let counts = retryable || pushback == Pushback::Stop;
        let allowed = match self.throttle {
            Some(throttle) if is_unsent(details, status) => throttle.allows(),
            Some(throttle) => !counts || throttle.fail(),
            None => true,
        };
        if !(retryable && allowed) {
            return None;
        }
        match pushback {
            Pushback::Stop => None,
            // A handler may return the status of another server. That server must not decide how long this service
            // holds a call.
            Pushback::After(delay) if side == Side::Server && delay > self.config.max_delay => None,
            Pushback::After(delay) => {
                *retries_since_pushback = 0;
                Some(delay)
            }
            Pushback::None => {
                *retries_since_pushback += 1;
                let Retry {
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

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Retrying<'_> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let mut progress = Progress::begin(call);
        loop {
            let copy = match progress.wants_copy(self.config) {
                true => call.keep(self.config.buffer_size),
                false => None,
            };
            // If there is a kept copy already, the request can be resent.
            if copy.is_none() && !call.can_resend() {
                return next.run(call).await;
            }
            let deadline = progress.deadline(call);
            // Without a time limit there is no need for a clock or a timer. The response is returned in place, so that
            // it is not moved again.
            let status = match (self.config.attempt_timeout, deadline) {
                (None, None) => match next.run(call).await {
                    Err(status) => status,
                    answer => {
                        self.succeed(call);
                        return answer;
                    }
                },
                _ => match self.attempt(call, next, deadline).await {
                    Err(status) => status,
                    answer => {
                        self.succeed(call);
                        return answer;
                    }
                },
            };
            let Again { kept, pause } =
                match self.after_failure(call, next, &mut progress, status, copy) {
                    Ok(again) => again,
                    Err(status) => return Err(status),
                };
            if let Some(pause) = pause {
                let counts = pause.counts;
                // Boxed, so that calls that do not wait have no space for a timer.
                let waited = Box::pin(progress.wait(call.deadline(), pause)).await;
                progress.failure = Some(waited?);
                if counts {
                    call.count_attempt();
                    progress.attempts += 1;
                }
            }
            call.resume(kept);
            progress.mark(call);
        }
    }
}

/// The next attempt with its request.
struct Again<Req> {
    kept: Kept<Req>,
    /// `None` if there is no wait.
    pause: Option<Pause>,
}

impl Retrying<'_> {
    /// Decides what follows a failed attempt: another attempt, or the status with which the call ends.
    ///
    /// A separate function, so that its locals take no space in the future.
    #[cold]
    fn after_failure<Req, Res>(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
        progress: &mut Progress,
        status: Status,
        copy: Option<Kept<Req>>,
    ) -> Result<Again<Req>, Status> {
        let copy = match copy {
            Some(mut copy) => call
                .is_whole(kept_in_frame(next), &mut copy)
                .then_some(copy),
            None => None,
        };
        let verdict = self.judge(call, progress, &status, copy.is_some());
        // A failed server may read on meanwhile, so the request is taken over before the wait.
        let taken = match verdict {
            Verdict::Final => None,
            Verdict::AtOnce | Verdict::Reconnect(_) | Verdict::After(_) => {
                copy.and_then(|copy| call.taken_over(kept_in_frame(next), copy))
            }
        };
        match (taken, verdict) {
            (Some(kept), Verdict::AtOnce) => Ok(Again { kept, pause: None }),
            (Some(kept), Verdict::Reconnect(delay)) => Ok(Again {
                kept,
                pause: Some(Pause {
                    delay,
                    counts: false,
                    status,
                }),
            }),
            (Some(kept), Verdict::After(delay)) => Ok(Again {
                kept,
                pause: Some(Pause {
                    delay,
                    counts: true,
                    status,
                }),
            }),
            _ => {
                let (attempts, failure) = (progress.attempts, progress.failure.as_ref());
                Err(explained(status, call.known_deadline(), attempts, failure))
            }
        }
    }
}

// The rest does not depend on the message, so that it is compiled once and not for each method.

/// Waits until the deadline. Outer interceptors may have a timer for it too. Whichever timer wakes the call, this one
/// has ended.
async fn wait_until(deadline: Instant) {
    let mut timer = pin!(sleep_until(deadline));
    poll_fn(|cx| match deadline <= Instant::now() {
        true => Poll::Ready(()),
        false => timer.as_mut().poll(cx),
    })
    .await;
}

/// What follows a failed attempt.
enum Verdict {
    Final,
    /// The same attempt again: the server has not seen the request.
    AtOnce,
    /// The same attempt again after this delay: the request has not left the client.
    Reconnect(Duration),
    After(Duration),
}

/// The wait before another attempt, and the failure before it.
struct Pause {
    delay: Duration,
    /// The next attempt counts. It is not the same attempt on another connection.
    counts: bool,
    status: Status,
}

struct Progress {
    is_client: bool,
    attempts: u32,
    retries_since_pushback: u32,
    transparent: Transparent,
    /// The status of the failed attempt before this one.
    failure: Option<Status>,
}

impl Progress {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn begin(details: &mut CallDetails) -> Self {
        let is_client = details.side() == Side::Client;
        #[cfg(feature = "client")]
        if is_client && !details.metadata().is_empty() {
            // A value from the caller describes another call.
            let headers = details.metadata_mut().as_mut();
            // There are few headers. A scan takes less time than a hash of the name.
            if headers.keys().any(|name| *name == PREVIOUS_ATTEMPTS) {
                headers.remove(&PREVIOUS_ATTEMPTS);
            }
        }
        Self {
            is_client,
            attempts: 1,
            retries_since_pushback: 0,
            transparent: Transparent::default(),
            failure: None,
        }
    }

    /// The deadline of an attempt. On a service the handler enforces it.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn deadline(&self, details: &mut CallDetails) -> Option<Instant> {
        // An inner interceptor may have set it.
        if self.is_client {
            return details.known_deadline();
        }
        details.settle_deadline();
        None
    }

    /// The last attempt needs no copy of the request, unless it turns out not to count.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn wants_copy(&self, config: &Retry) -> bool {
        self.is_client || self.attempts < config.max_attempts
    }

    /// Waits before the next attempt. Returns the failure before it, or the error with which the call ends instead.
    async fn wait(&self, deadline: Option<Instant>, pause: Pause) -> Result<Status, Status> {
        let Pause { delay, status, .. } = pause;
        let at = Instant::now().checked_add(delay);
        match (deadline, at) {
            (Some(deadline), at) if at.is_none_or(|at| deadline <= at) => {
                if !self.is_client {
                    // Better to fail now than after a wait.
                    return Err(status);
                }
                // gRFC A6: not before the deadline, even if the outcome is certain. `unconstrained`, because the user's
                // code may have used up tokio's budget.
                unconstrained(wait_until(deadline)).await;
                Err(exceeded_after(self.attempts, &status))
            }
            (_, None) => Err(status),
            (_, Some(at)) => {
                unconstrained(sleep_until(at)).await;
                Ok(status)
            }
        }
    }

    fn mark(&self, details: &mut CallDetails) {
        #[cfg(feature = "client")]
        if self.is_client && self.attempts > 1 {
            let headers = details.metadata_mut().as_mut();
            headers.insert(PREVIOUS_ATTEMPTS.clone(), (self.attempts - 1).into());
        }
        let _ = details;
    }
}

impl Retrying<'_> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn succeed(&self, details: &CallDetails) {
        // A response of an inner interceptor says nothing about the server.
        if let Some(throttle) = self.throttle
            && details.is_sent()
        {
            throttle.succeed();
        }
    }

    #[cold]
    fn judge(
        &self,
        details: &CallDetails,
        progress: &mut Progress,
        status: &Status,
        has_copy: bool,
    ) -> Verdict {
        let deadline = details.deadline();
        let is_over = |deadline: Instant| deadline <= Instant::now();
        if details.is_answered() || deadline.is_some_and(is_over) {
            return Verdict::Final;
        }
        if progress.is_client {
            match progress.transparent.judge(status, deadline.is_some()) {
                transparent::Again::Counts => {}
                transparent::Again::AtOnce => return Verdict::AtOnce,
                transparent::Again::After(delay) => return Verdict::Reconnect(delay),
                transparent::Again::Never => return Verdict::Final,
            }
        }
        let since_pushback = &mut progress.retries_since_pushback;
        match self.backoff(details, status, since_pushback) {
            Some(delay) if has_copy && progress.attempts < self.config.max_attempts => {
                Verdict::After(delay)
            }
            _ => Verdict::Final,
        }
    }
}
