use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::StoreError;

/// So many time-outs in a row, and a server counts as gone.
pub(in crate::rate_limit) const TIME_OUTS: u32 = 5;
/// The first pause before it is tried again, and the longest.
pub(in crate::rate_limit) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(in crate::rate_limit) const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Keeps calls from waiting, one after the other, for a server that does not answer.
#[derive(Debug, Default)]
pub(in crate::rate_limit) struct Patience(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    time_outs: u32,
    given_up: Option<GivenUp>,
}

#[derive(Debug, Clone, Copy)]
struct GivenUp {
    until: Instant,
    pause: Duration,
    /// One call finds out whether the server is back.
    is_tried: bool,
}

impl Patience {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the server is worth asking now, by a call that waits until then.
    pub(in crate::rate_limit) fn ask(&self, until: Instant) -> Result<Asking<'_>, StoreError> {
        let mut state = self.state();
        if let Some(given_up) = &mut state.given_up {
            if given_up.is_tried || Instant::now() < given_up.until {
                return Err(StoreError::new(format_args!(
                    "{TIME_OUTS} calls in a row timed out"
                )));
            }
            given_up.is_tried = true;
        }
        let tries = state.given_up.is_some();
        Ok(Asking {
            patience: self,
            until,
            tries,
        })
    }
}

/// A call that waits for the server. Dropped, it has timed out, or its caller has gone.
#[derive(Debug)]
#[must_use]
pub(in crate::rate_limit) struct Asking<'a> {
    patience: &'a Patience,
    until: Instant,
    tries: bool,
}

impl Asking<'_> {
    /// The server answered, whatever it said.
    pub(in crate::rate_limit) fn answered(self) {
        *self.patience.state() = State::default();
        std::mem::forget(self);
    }

    /// Somebody on the way lost patience a little before the call did.
    pub(in crate::rate_limit) fn timed_out(mut self) {
        self.until = Instant::now();
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.patience.state();
        if now < self.until {
            // It says nothing about the server; another call may try.
            if self.tries
                && let Some(given_up) = &mut state.given_up
            {
                given_up.is_tried = false;
            }
            return;
        }
        state.time_outs = state.time_outs.saturating_add(1);
        let pause = match state.given_up {
            Some(given_up) if self.tries => (given_up.pause * 2).min(LONGEST_PAUSE),
            // It was asked before.
            Some(_) => return,
            None if state.time_outs < TIME_OUTS => return,
            None => FIRST_PAUSE,
        };
        state.given_up = Some(GivenUp {
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

    async fn time_out(patience: &Patience) {
        let asking = patience.ask(Instant::now() + WAIT).unwrap();
        tokio::time::advance(WAIT).await;
        drop(asking);
    }

    fn is_asked(patience: &Patience) -> bool {
        // Dropped before its timeout.
        patience.ask(Instant::now() + WAIT).is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn five_consecutive_timeouts_pause_the_store() {
        let patience = Patience::default();
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
        let patience = Patience::default();
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
