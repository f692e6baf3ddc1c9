use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::timer::Timer;

pin_project_lite::pin_project! {
    /// The bounds of a stream: the end of the whole stream, and the longest gap between messages.
    pub(crate) struct Bounds {
        pub(crate) at: Option<Instant>,
        idle: Option<Duration>,
        // When the wait for the next message began.
        since: Option<Instant>,
        // The status when the time of the whole stream is over.
        over: fn() -> Status,
        // Made on the first wait.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl Bounds {
    pub(crate) fn new(at: Option<Instant>, idle: Option<Duration>) -> Self {
        Self {
            at,
            idle,
            since: None,
            over: exceeded,
            timer: None,
        }
    }

    /// Ends the whole stream with another status than that of a deadline.
    pub(crate) fn ending(self, over: fn() -> Status) -> Self {
        Self { over, ..self }
    }

    /// The result of a poll, or the end of the stream if its time is over.
    pub(crate) fn hold<T>(
        self: Pin<&mut Self>,
        polled: Poll<T>,
        is_message: impl FnOnce(&T) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<T, Status>> {
        match polled {
            Poll::Pending => self.wait(cx).map(Err),
            Poll::Ready(item) => {
                let this = self.project();
                *this.since = None;
                let is_over = |at: Instant| at <= Instant::now();
                Poll::Ready(match is_message(&item) && this.at.is_some_and(is_over) {
                    true => Err((this.over)()),
                    false => Ok(item),
                })
            }
        }
    }

    fn wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Status> {
        let mut this = self.project();
        let since = this.since;
        let too_long = this
            .idle
            .and_then(|idle| since.get_or_insert_with(Instant::now).checked_add(idle));
        let Some(end) = this.at.iter().copied().chain(too_long).min() else {
            return Poll::Pending;
        };
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(end)));
        }
        if let Some(mut timer) = this.timer.as_pin_mut() {
            // The timer may be set for an earlier gap, but never too late. A spurious wake-up costs less than setting
            // the timer for each message.
            loop {
                // The stream may have used up tokio's budget for this turn, and may do so each time.
                ready!(pin!(unconstrained(timer.as_mut())).poll(cx));
                if timer.deadline() >= end {
                    break;
                }
                timer.as_mut().reset(end);
            }
        }
        Poll::Ready(match *this.at {
            Some(at) if at <= end => (this.over)(),
            _ => Status::deadline_exceeded("no message arrived within the idle timeout"),
        })
    }
}

/// The deadline of a response that is read after its call has returned.
pub(crate) struct Limit {
    at: Instant,
    /// Made on the first wait. Most responses never wait.
    timer: Option<Pin<Box<Timer>>>,
}

impl Limit {
    pub(crate) fn new(at: Instant) -> Self {
        Self { at, timer: None }
    }

    /// The result of a poll. `None` if the time is over.
    pub(crate) fn hold<T>(
        &mut self,
        polled: Poll<T>,
        is_message: impl FnOnce(&T) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        match polled {
            // A reader that is slower than the server finds a message on each poll.
            Poll::Ready(item) if is_message(&item) && self.at <= Instant::now() => {
                Poll::Ready(None)
            }
            Poll::Ready(item) => Poll::Ready(Some(item)),
            Poll::Pending => {
                let at = self.at;
                let timer = self.timer.get_or_insert_with(|| Box::pin(Timer::new(at)));
                timer.as_mut().poll(cx).map(|()| None)
            }
        }
    }
}

/// The status of a call that reached its deadline.
#[cold]
pub fn exceeded() -> Status {
    Status::deadline_exceeded("the deadline of the call has passed")
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::task::coop::consume_budget;
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Returns the status with which the bounds end a stream. The stream uses up tokio's budget in each poll and has no message.
    async fn end_of_a_busy_stream(bounds: Bounds) -> Status {
        let mut bounds = pin!(bounds);
        poll_fn(|cx| {
            // More than tokio's budget for one poll.
            for _ in 0..1024 {
                let _ = pin!(consume_budget()).poll(cx);
            }
            let polled: Poll<()> = Poll::Pending;
            bounds
                .as_mut()
                .hold(polled, |()| false, cx)
                .map(|end| end.expect_err("the stream has no message"))
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn busy_stream_ends_in_time() {
        for (at, idle) in [(Some(Instant::now() + SECOND), None), (None, Some(SECOND))] {
            let ended = end_of_a_busy_stream(Bounds::new(at, idle));
            let (ended, ()) = tokio::join!(
                async { tokio::time::timeout(5 * SECOND, ended).await },
                advance(2 * SECOND)
            );
            assert_eq!(
                ended.expect("it ends in time").code(),
                tonic::Code::DeadlineExceeded
            );
        }
    }
}
