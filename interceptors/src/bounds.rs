use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};
use tonic::Status;

use crate::deadline::exceeded;

pin_project_lite::pin_project! {
    /// What bounds a stream: a moment for all of it, and a time for each gap in it.
    pub(crate) struct Bounds {
        pub(crate) at: Option<Instant>,
        idle: Option<Duration>,
        // Since when somebody waits for the next message.
        since: Option<Instant>,
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
            timer: None,
        }
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
                    true => Err(exceeded()),
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
                ready!(timer.as_mut().poll(cx));
                if timer.deadline() >= end {
                    break;
                }
                timer.as_mut().reset(end);
            }
        }
        Poll::Ready(match *this.at {
            Some(at) if at <= end => exceeded(),
            _ => Status::deadline_exceeded("no message has come for too long"),
        })
    }
}
