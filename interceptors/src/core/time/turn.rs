//! The cached time of a turn. A turn is one poll of a client's call.
//!
//! Reading the clock takes longer than most of an interceptor's work. So all code in one turn that needs the start or
//! the remaining time of a call shares the time that was read first, like all code in one `ExecCtx` of grpc-core. This
//! holds only while this crate's own code runs: after the user's code the clock is read again. Durations are never
//! measured with the cached time.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::Instant;

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(Turn::None) };
}

#[derive(Clone, Copy)]
enum Turn {
    None,
    Begun,
    ReadAt(Instant),
}

/// Reads the clock, and caches the time until the turn is over.
#[inline]
pub(crate) fn now() -> Instant {
    let now = Instant::now();
    if !matches!(TURN.get(), Turn::None) {
        TURN.set(Turn::ReadAt(now));
    }
    now
}

/// The cached time of this turn. Reads the clock if there is none.
#[inline]
pub fn lately() -> Instant {
    match TURN.get() {
        Turn::ReadAt(at) => at,
        Turn::None | Turn::Begun => now(),
    }
}

pin_project_lite::pin_project! {
    /// Each poll of this future is a turn.
    #[derive(Debug)]
    pub struct InTurns<F> {
        #[pin]
        call: F,
    }
}

impl<F> InTurns<F> {
    /// Each poll of this future is a turn.
    pub fn new(call: F) -> Self {
        Self { call }
    }
}

impl<F: Future> Future for InTurns<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _turn = TurnGuard {
            outer: TURN.replace(Turn::Begun),
        };
        self.project().call.poll(cx)
    }
}

/// Restores the outer turn, with the time that is cached now.
struct TurnGuard {
    outer: Turn,
}

impl Drop for TurnGuard {
    #[inline]
    fn drop(&mut self) {
        match self.outer {
            Turn::None => TURN.set(Turn::None),
            outer => restore_outer(outer),
        }
    }
}

#[cold]
fn restore_outer(outer: Turn) {
    if !matches!(TURN.get(), Turn::ReadAt(_)) {
        TURN.set(outer);
    }
}

/// Discards the cached time, because the user's code has run and may have taken long.
pub(crate) fn forget() {
    if !matches!(TURN.get(), Turn::None) {
        TURN.set(Turn::Begun);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn clock_is_read_once_per_turn() {
        let began = Instant::now();
        let mut polls = 0;
        let mut seen = Vec::new();
        let call = poll_fn(|cx| {
            polls += 1;
            seen.push(lately());
            // Only code that blocks the thread makes a turn this long.
            assert!(std::pin::pin!(advance(SECOND)).poll(cx).is_pending());
            seen.push(lately());
            match polls {
                2 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        });
        InTurns::new(call).await;
        assert_eq!(
            seen,
            [began, began, began + SECOND, began + SECOND],
            "the second poll is another turn"
        );
        assert_eq!(lately(), began + 2 * SECOND, "no turn");
    }

    #[tokio::test(start_paused = true)]
    async fn reading_the_clock_updates_the_turns_time() {
        let began = Instant::now();
        let call = poll_fn(|cx| {
            assert_eq!(lately(), began);
            assert!(std::pin::pin!(advance(SECOND)).poll(cx).is_pending());
            assert_eq!(now(), began + SECOND);
            assert_eq!(lately(), began + SECOND);
            Poll::Ready(())
        });
        InTurns::new(call).await;
    }

    #[tokio::test(start_paused = true)]
    async fn nested_turn_has_its_own_time() {
        let began = Instant::now();
        let call = poll_fn(|cx| {
            assert_eq!(lately(), began);
            assert!(std::pin::pin!(advance(SECOND)).poll(cx).is_pending());
            let mut reads = InTurns::new(std::future::ready(()));
            assert!(Pin::new(&mut reads).poll(cx).is_ready());
            assert_eq!(lately(), began, "the nested turn has not read the clock");
            let mut reads = InTurns::new(poll_fn(|_| Poll::Ready(lately())));
            let read = Pin::new(&mut reads).poll(cx);
            assert_eq!(
                read,
                Poll::Ready(began + SECOND),
                "the nested turn has its own time"
            );
            assert_eq!(
                lately(),
                began + SECOND,
                "the outer turn takes over that time"
            );
            Poll::Ready(())
        });
        InTurns::new(call).await;
    }
}
