//! Replaces tokio's `timeout_at` for calls, which are polled several times while they wait for one response.
//!
//! tokio's timer stores the waker again on each poll, which takes four atomic operations. The waker is nearly always
//! the same.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

/// Runs a call until `at`, if there is a deadline. `elapsed` makes the error of a call that takes longer.
///
/// One future for both cases, so that an interceptor awaits the rest of its chain in a single place.
#[inline]
pub fn timeout_at<F, E>(at: Option<Instant>, call: F, elapsed: E) -> Timeout<F, E> {
    Timeout {
        call,
        timer: at.map(Timer::new),
        elapsed,
    }
}

pin_project_lite::pin_project! {
    /// See [`timeout_at`].
    pub struct Timeout<F, E> {
        #[pin]
        call: F,
        #[pin]
        timer: Option<Timer>,
        elapsed: E,
    }
}

impl<F, E, T> Future for Timeout<F, E>
where
    F: Future<Output = Result<T, Status>>,
    E: Fn() -> Status,
{
    type Output = Result<T, Status>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A response is large, so it is not moved.
        let mut polled = this.call.poll(cx);
        if polled.is_pending()
            && let Some(timer) = this.timer.as_pin_mut()
            && timer.poll(cx).is_ready()
        {
            polled = Poll::Ready(Err((this.elapsed)()));
        }
        polled
    }
}

pin_project_lite::pin_project! {
    /// Ready from a given time on.
    pub(crate) struct Timer {
        at: Instant,
        // Made on the first wait.
        #[pin]
        sleep: Option<Sleep>,
        // The waker that `sleep` has. A clone is kept, so that no other waker can reuse its address and look the same.
        waker: Option<Waker>,
    }
}

impl Timer {
    pub(crate) fn new(at: Instant) -> Self {
        Self {
            at,
            sleep: None,
            waker: None,
        }
    }

    /// Whether the timer will wake this waker and has not done so yet.
    fn is_set_for(&self, waker: &Waker) -> bool {
        match (&self.sleep, &self.waker) {
            (Some(sleep), Some(woken)) => woken.will_wake(waker) && !sleep.is_elapsed(),
            _ => false,
        }
    }

    fn set(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if this.sleep.is_none() {
            this.sleep.set(Some(sleep_until(*this.at)));
        }
        // `unconstrained`, because the call may use up tokio's budget in each turn.
        let elapsed = this.sleep.as_pin_mut().map(unconstrained);
        let polled = elapsed.map_or(Poll::Pending, |elapsed| pin!(elapsed).poll(cx));
        *this.waker = polled.is_pending().then(|| cx.waker().clone());
        polled
    }
}

impl Future for Timer {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.is_set_for(cx.waker()) {
            true => Poll::Pending,
            false => self.set(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Wake;
    use std::time::Duration;

    use tokio::task::coop::consume_budget;
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Woken {
        fn is_so(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    fn too_late() -> Status {
        Status::deadline_exceeded("too late")
    }

    #[tokio::test(start_paused = true)]
    async fn last_waker_is_woken() {
        let call = pending::<Result<(), Status>>();
        let mut call = pin!(timeout_at(Some(Instant::now() + SECOND), call, too_late));
        let tasks = [(); 3].map(|()| Arc::new(Woken::default()));
        // As when a future moves from a `select!` into its own task.
        for task in [&tasks[0], &tasks[0], &tasks[1], &tasks[1]] {
            let waker = Waker::from(Arc::clone(task));
            let mut cx = Context::from_waker(&waker);
            assert!(call.as_mut().poll(&mut cx).is_pending());
        }
        advance(SECOND).await;
        assert_eq!(
            tasks.each_ref().map(|task| task.is_so()),
            [false, true, false]
        );
        let waker = Waker::from(Arc::clone(&tasks[2]));
        let ended = call.poll(&mut Context::from_waker(&waker));
        assert!(matches!(ended, Poll::Ready(Err(status)) if status.message() == "too late"));
    }

    #[tokio::test(start_paused = true)]
    async fn busy_call_times_out() {
        let busy = async {
            for _ in 0..100_000 {
                consume_budget().await;
            }
            Ok(())
        };
        let call = timeout_at(Some(Instant::now() + SECOND), busy, too_late);
        let (ended, ()) = tokio::join!(call, advance(SECOND));
        assert_eq!(ended.unwrap_err().message(), "too late");
    }

    #[tokio::test]
    async fn ready_result_needs_no_timer() {
        let long_ago = Instant::now();
        let call = timeout_at(Some(long_ago), async { Ok(7) }, too_late);
        assert_eq!(call.await.unwrap(), 7);
        let unlimited = timeout_at(None, async { Ok(7) }, too_late);
        assert_eq!(unlimited.await.unwrap(), 7);
    }
}
