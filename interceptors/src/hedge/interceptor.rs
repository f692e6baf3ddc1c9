use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Response, Status};

use crate::core::plan::{Setting, Value};
use crate::core::time::exceeded;
use crate::kit::codes;
use crate::kit::exceeded::{exceeded_after, explained};
use crate::kit::pushback::{PREVIOUS_ATTEMPTS, Pushback, pushback};
use crate::kit::reset;
use crate::kit::throttle::Throttle;
use crate::kit::unsent::is_unsent;
use crate::{Call, CallDetails, Interceptor, Next};

/// Sends several attempts of a call, and takes the first success: the interceptor behind `hedge`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to keep it in a field for `with(self.hedge)`, or to test other
/// interceptors together with it.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::hedge::Hedge;
///
/// const HEDGE: Hedge = Hedge::new().max_attempts(3).delay(Duration::from_millis(200));
/// # let _ = HEDGE;
/// ```
///
/// # Default
///
/// - attempts: 2
/// - delay: none, so all attempts start at once
/// - non-fatal codes: none
#[derive(Debug, Clone)]
pub struct Hedge {
    max_attempts: u32,
    delay: Duration,
    non_fatal_codes: &'static [Code],
    throttle: Option<&'static Throttle>,
}

impl Hedge {
    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_attempts: 2,
            delay: Duration::ZERO,
            non_fatal_codes: &[],
            throttle: None,
        }
    }

    /// The maximum number of attempts, including the first.
    ///
    /// # Panics
    ///
    /// If it is less than 2. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        assert!(
            attempts >= 2,
            "[I0402] `max_attempts` must be at least 2: it counts the first attempt too"
        );
        self.max_attempts = attempts;
        self
    }

    /// How long to wait for a response before the next attempt starts. Zero starts all attempts at once.
    #[must_use]
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The status codes that start the next attempt at once instead of ending the call.
    ///
    /// # Panics
    ///
    /// If `Ok` is among them, or one of them twice.
    #[must_use]
    pub const fn non_fatal_codes(mut self, codes: &'static [Code]) -> Self {
        assert!(
            codes::are_failures(codes),
            "[I0406] `Ok` means success, and `non_fatal_codes` lists failures; take it out"
        );
        assert!(
            codes::are_distinct(codes),
            "[I0407] `non_fatal_codes` names a status code twice; take one out"
        );
        self.non_fatal_codes = codes;
        self
    }

    /// Starts no further attempts while too many attempts fail. All interceptors with the same throttle share it.
    #[must_use]
    pub const fn throttle(mut self, throttle: &'static Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 3] {
        [
            Setting::new("max_attempts", Value::Integer(self.max_attempts as u64)),
            Setting::new("delay", Value::Duration(self.delay)),
            Setting::new("non_fatal_codes", Value::Codes(self.non_fatal_codes)),
        ]
    }
}

impl Default for Hedge {
    fn default() -> Self {
        Self::new()
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Hedge {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Hedging {
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
pub struct Hedging<'a> {
    config: &'a Hedge,
    throttle: Option<&'a Throttle>,
}

impl<'a> Hedging<'a> {
    /// Hedges as configured.
    #[must_use]
    pub const fn new(config: &'a Hedge) -> Self {
        Self {
            config,
            throttle: None,
        }
    }

    /// Makes no further attempts while too many calls fail. Everything that uses the throttle counts towards it.
    #[must_use]
    pub const fn throttle(mut self, throttle: &'a Throttle) -> Self {
        self.throttle = Some(throttle);
        self
    }

    /// Counts the result of an attempt in the throttle. Returns whether others may follow.
    fn count(&self, attempt: &CallDetails, result: Result<(), &Status>) -> bool {
        let Some(throttle) = self.throttle else {
            return true;
        };
        match result {
            Ok(()) if attempt.is_sent() => throttle.succeed(),
            Err(status)
                if !attempt.is_answered()
                    && !is_unsent(attempt, status)
                    && !is_unprocessed(status) =>
            {
                let non_fatal = self.config.non_fatal_codes.contains(&status.code());
                if non_fatal || pushback(status.metadata()) == Pushback::Stop {
                    return throttle.fail();
                }
            }
            _ => {}
        }
        throttle.allows()
    }

    fn is_throttled(&self) -> bool {
        self.throttle.is_some_and(|throttle| !throttle.allows())
    }
}

/// A running attempt. It owns its call and its part of the chain.
async fn attempt<Req: Send, Res: Send, N: Next<Req, Res>>(
    mut next: N,
    mut call: Call<Req>,
    sent: &AtomicBool,
) -> (Result<Response<Res>, Status>, Call<Req>) {
    let attempt = Attempt {
        call: &mut call,
        sent,
    };
    let result = next.run(attempt.call).await;
    drop(attempt);
    (result, call)
}

/// Reports whether an attempt was sent, even if it is dropped before its end.
struct Attempt<'a, Req> {
    call: &'a mut Call<Req>,
    sent: &'a AtomicBool,
}

impl<Req> Drop for Attempt<'_, Req> {
    fn drop(&mut self) {
        if self.call.is_sent() {
            self.sent.store(true, Ordering::Relaxed);
        }
    }
}

/// Ends the call while attempts are running.
#[cold]
fn give_up(call: &mut CallDetails, attempts: u32, sent: bool) {
    while call.attempt() < attempts {
        call.count_attempt();
    }
    if sent {
        call.set_sent();
    }
}

/// Ends the call like this attempt. `sent` is whether another attempt was sent.
fn settle<Req>(call: &mut Call<Req>, attempt: Call<Req>, attempts: u32, sent: bool) {
    call.adopt(attempt, attempts);
    if sent {
        call.set_one_was_sent();
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Hedging<'_> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if !call.metadata().is_empty() {
            // A value from the caller describes another call.
            call.metadata_mut().as_mut().remove(&PREVIOUS_ATTEMPTS);
        }
        // Read here, so that each attempt sends its remaining time.
        let deadline = call.deadline();
        let request = match call.is_complete() {
            true => call.copy_request(),
            false => None,
        };
        let (Some(request), Some(chain)) = (request, next.fork()) else {
            return next.run(call).await;
        };
        let mut first = Some(request);
        let sent = AtomicBool::new(false);
        let mut attempts = Attempts {
            running: Vec::new(),
            started: 0,
            turn: 0,
        };
        let mut next_at = Some(Instant::now());
        // The last failed attempt, with its status.
        let mut failure: Option<(Status, Box<Call<Req>>)> = None;
        loop {
            let next_event = attempts.next_event(next_at, deadline).await;
            let (result, attempt) = match next_event {
                Event::Over => {
                    let started = attempts.started;
                    drop(attempts);
                    give_up(call, started, sent.into_inner());
                    return Err(match &failure {
                        Some((failure, _)) => exceeded_after(started, failure),
                        None => exceeded(),
                    });
                }
                Event::Due if attempts.started > 0 && self.is_throttled() => {
                    match failure {
                        Some((status, attempt)) if attempts.running.is_empty() => {
                            let started = attempts.started;
                            drop(attempts);
                            settle(call, *attempt, started, sent.into_inner());
                            return Err(status);
                        }
                        _ => next_at = None,
                    }
                    continue;
                }
                Event::Due => {
                    let request = first.take().or_else(|| call.copy_request());
                    if let (Some(mut request), Some(next)) = (request, chain.fork()) {
                        if attempts.started > 0 {
                            let headers = request.metadata_mut().as_mut();
                            headers.insert(PREVIOUS_ATTEMPTS.clone(), attempts.started.into());
                        }
                        attempts.started += 1;
                        let call = call.fork(request, attempts.started);
                        attempts.running.push(Box::pin(attempt(next, call, &sent)));
                    }
                    let may_follow = attempts.started < self.config.max_attempts;
                    next_at = Instant::now()
                        .checked_add(self.config.delay)
                        .filter(|_| may_follow);
                    continue;
                }
                Event::Ended(result, attempt) => (result, attempt),
            };
            let may_follow = self.count(&attempt, result.as_ref().map(|_| ()));
            let status = match result {
                // An unsent attempt says nothing about the attempts that were sent.
                Err(status) if !attempts.running.is_empty() && is_unsent(&attempt, &status) => {
                    next_at = after_refusal(next_at, &status);
                    failure.get_or_insert(failed(status, attempt));
                    continue;
                }
                Err(status)
                    if !attempt.is_answered()
                        && (self.config.non_fatal_codes.contains(&status.code())
                            || is_unprocessed(&status)) =>
                {
                    status
                }
                decided => {
                    let started = attempts.started;
                    drop(attempts);
                    settle(call, *attempt, started, sent.into_inner());
                    let failure = failure.as_ref().map(|(status, _)| status);
                    return decided.map_err(|status| explained(status, deadline, started, failure));
                }
            };
            if !may_follow {
                next_at = None;
            }
            if next_at.is_some() {
                next_at = match pushback(status.metadata()) {
                    Pushback::None => Some(Instant::now()),
                    Pushback::After(delay) => Instant::now().checked_add(delay),
                    Pushback::Stop => None,
                };
            }
            if attempts.running.is_empty() && next_at.is_none() {
                let started = attempts.started;
                drop(attempts);
                settle(call, *attempt, started, sent.into_inner());
                return Err(status);
            }
            failure = Some(failed(status, attempt));
        }
    }
}

/// Keeps a failed attempt: the call ends like it if no other attempt follows. The layers around its response get their
/// end now.
fn failed<Req>(status: Status, mut attempt: Box<Call<Req>>) -> (Status, Box<Call<Req>>) {
    attempt.parts().abandon_stream();
    (status, attempt)
}

/// Whether no application has seen the attempt: its connection closed before it was sent, or the server says so.
#[cold]
fn is_unprocessed(status: &Status) -> bool {
    reset::is_unsent(status) || reset::is_unprocessed(status)
}

/// When the next attempt is made, after an inner interceptor rejected one.
#[cold]
fn after_refusal(next_at: Option<Instant>, status: &Status) -> Option<Instant> {
    match pushback(status.metadata()) {
        Pushback::None => next_at,
        Pushback::After(delay) => next_at
            .max(Instant::now().checked_add(delay))
            .filter(|_| next_at.is_some()),
        Pushback::Stop => None,
    }
}

enum Event<Req, Res> {
    /// The call has reached its deadline.
    Over,
    /// The next attempt is due.
    Due,
    Ended(Result<Response<Res>, Status>, Box<Call<Req>>),
}

struct Attempts<F> {
    running: Vec<Pin<Box<F>>>,
    started: u32,
    /// The index of the attempt that is polled first.
    turn: usize,
}

impl<F> Attempts<F> {
    async fn next_event<Req, Res>(
        &mut self,
        next_at: Option<Instant>,
        deadline: Option<Instant>,
    ) -> Event<Req, Res>
    where
        F: Future<Output = (Result<Response<Res>, Status>, Call<Req>)>,
    {
        // A timer is always made. If it is not needed, its time does not matter.
        let wake_at = next_at.into_iter().chain(deadline).min();
        let mut timer = pin!(sleep_until(wake_at.unwrap_or_else(Instant::now)));
        poll_fn(|cx| {
            // The attempts take turns at being polled first, because the first one may use up tokio's budget.
            let running = self.running.len();
            self.turn = (self.turn + 1) % running.max(1);
            for i in (self.turn..running).chain(0..self.turn) {
                if let Poll::Ready((result, call)) = self.running[i].as_mut().poll(cx) {
                    drop(self.running.swap_remove(i));
                    return Poll::Ready(Event::Ended(result, Box::new(call)));
                }
            }
            if wake_at.is_none() {
                return Poll::Pending;
            }
            // A timer would round up to the next millisecond, also for the first attempt. And whichever timer wakes the
            // call at its deadline, this one has ended.
            loop {
                let now = Instant::now();
                if deadline.is_some_and(|at| at <= now) {
                    return Poll::Ready(Event::Over);
                }
                if next_at.is_some_and(|at| at <= now) {
                    return Poll::Ready(Event::Due);
                }
                ready!(pin!(unconstrained(timer.as_mut())).poll(cx));
            }
        })
        .await
    }
}
