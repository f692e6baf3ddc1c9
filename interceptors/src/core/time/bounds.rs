use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use super::timer::Timer;

pin_project_lite::pin_project! {
    /// What bounds a stream: a moment for all of it, and a time for each gap in it.
    pub(crate) struct Bounds {
        pub(crate) at: Option<Instant>,
        idle: Option<Duration>,
        // Since when somebody waits for the next message.
        since: Option<Instant>,
        // How it ends when all of its time is over.
        over: fn() -> Status,
        // Made when there is something to wait for.
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

    /// All of the stream ends with another status than that of a deadline.
    pub(crate) fn ending(self, over: fn() -> Status) -> Self {
        Self { over, ..self }
    }

    /// What was polled of the stream, or how it ends because its time is over.
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
            // It may be set for a gap that was filled, never for a later moment than this. To wake up once for nothing costs less than to set it for
            // each message.
            loop {
                // The stream may have used up what tokio allows in one turn, and may do so each time.
                ready!(pin!(unconstrained(timer.as_mut())).poll(cx));
                if timer.deadline() >= end {
                    break;
                }
                timer.as_mut().reset(end);
            }
        }
        Poll::Ready(match *this.at {
            Some(at) if at <= end => (this.over)(),
            _ => Status::deadline_exceeded("no message has come for too long"),
        })
    }
}

/// The deadline of a response that is read after its call has returned.
pub(crate) struct Limit {
    at: Instant,
    /// Made when there is something to wait for, which most responses spare.
    timer: Option<Pin<Box<Timer>>>,
}

impl Limit {
    pub(crate) fn new(at: Instant) -> Self {
        Self { at, timer: None }
    }

    /// What was polled of the response; `None` when its time is over.
    pub(crate) fn hold<T>(
        &mut self,
        polled: Poll<T>,
        is_message: impl FnOnce(&T) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        match polled {
            // A reader that is slower than the server finds a message each time.
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

/// How a call ends that ran out of time.
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
