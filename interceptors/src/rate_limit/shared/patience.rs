use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::StoreError;

/// The number of consecutive timeouts after which a server counts as down.
pub(in crate::rate_limit) const TIME_OUTS: u32 = 5;
/// The first and the longest pause before the next try.
pub(in crate::rate_limit) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(in crate::rate_limit) const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Fails calls fast while a server does not respond, so that they do not wait one after the other.
#[derive(Debug, Default)]
pub(in crate::rate_limit) struct TimeoutBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    time_outs: u32,
    down: Option<Down>,
}

#[derive(Debug, Clone, Copy)]
struct Down {
    until: Instant,
    pause: Duration,
    /// One call is testing whether the server is back.
    is_tried: bool,
}

impl TimeoutBreaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether to ask the server now, for a call that waits until `until`.
    pub(in crate::rate_limit) fn ask(&self, until: Instant) -> Result<StoreCall<'_>, StoreError> {
        let mut state = self.state();
        if let Some(down) = &mut state.down {
            if down.is_tried || Instant::now() < down.until {
                return Err(StoreError::new(format_args!(
                    "{TIME_OUTS} calls in a row timed out"
                )));
            }
            down.is_tried = true;
        }
        let tries = state.down.is_some();
        Ok(StoreCall {
            patience: self,
            until,
            tries,
        })
    }
}

/// A call that waits for the server. If it is dropped, it has timed out or its caller has cancelled it.
#[derive(Debug)]
#[must_use]
pub(in crate::rate_limit) struct StoreCall<'a> {
    patience: &'a TimeoutBreaker,
    until: Instant,
    tries: bool,
}

impl StoreCall<'_> {
    /// The server responded, with whatever result.
    pub(in crate::rate_limit) fn answered(self) {
        *self.patience.state() = State::default();
        std::mem::forget(self);
    }

    /// A proxy or the channel timed out shortly before the call did.
    pub(in crate::rate_limit) fn timed_out(mut self) {
        self.until = Instant::now();
    }
}

impl Drop for StoreCall<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.patience.state();
        if now < self.until {
            // A cancelled call says nothing about the server, so another call may try.
            if self.tries
                && let Some(down) = &mut state.down
            {
                down.is_tried = false;
            }
            return;
        }
        state.time_outs = state.time_outs.saturating_add(1);
        let pause = match state.down {
            Some(down) if self.tries => (down.pause * 2).min(LONGEST_PAUSE),
            // The call was sent before the server was given up.
            Some(_) => return,
            None if state.time_outs < TIME_OUTS => return,
            None => FIRST_PAUSE,
        };
        state.down = Some(Down {
            until: now + pause,
            pause,
            is_tried: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(10);

    async fn time_out(patience: &TimeoutBreaker) {
        let asking = patience.ask(Instant::now() + WAIT).unwrap();
        tokio::time::advance(WAIT).await;
        drop(asking);
    }

    fn is_asked(patience: &TimeoutBreaker) -> bool {
        // Dropped before its timeout.
        patience.ask(Instant::now() + WAIT).is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn five_consecutive_timeouts_pause_the_store() {
        let patience = TimeoutBreaker::default();
        for _ in 0..4 {
            time_out(&patience).await;
        }
        patience.ask(Instant::now() + WAIT).unwrap().answered();
        for _ in 0..4 {
            time_out(&patience).await;
            assert!(is_asked(&patience));
        }
        time_out(&patience).await;
        let mut pause = FIRST_PAUSE;
        for _ in 0..6 {
            assert!(!is_asked(&patience));
            tokio::time::advance(pause - Duration::from_millis(1)).await;
            assert!(!is_asked(&patience), "{pause:?}");
            tokio::time::advance(Duration::from_millis(1)).await;
            let asking = patience.ask(Instant::now() + WAIT).unwrap();
            assert!(!is_asked(&patience), "one call tries");
            tokio::time::advance(WAIT).await;
            drop(asking);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        tokio::time::advance(LONGEST_PAUSE).await;
        patience.ask(Instant::now() + WAIT).unwrap().answered();
        assert!(is_asked(&patience));
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_calls_do_not_count_as_timeouts() {
        let patience = TimeoutBreaker::default();
        for _ in 0..100 {
            assert!(is_asked(&patience));
        }
        for _ in 0..5 {
            time_out(&patience).await;
        }
        tokio::time::advance(FIRST_PAUSE).await;
        assert!(is_asked(&patience));
        assert!(is_asked(&patience), "the next one tries");
    }
}
