use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tonic::Status;

use super::super::end::{Outcome, StreamEnd, tell_in_drop};
use super::super::name::CallName;
use super::super::received::RequestMessages;
use super::{Inner, Layers, Step, unread};

/// The layers of a response. They wrap its polls and get its end once.
pub(crate) struct Tail {
    name: CallName,
    layers: Layers,
    pub(crate) messages: u64,
    request_messages: RequestMessages,
    attempts: u32,
    /// Still set when the stream is dropped if a poll did not return, that is, if it panicked.
    pub(crate) polling: bool,
    /// The stream has ended, or a layer has ended it. It is not polled again.
    is_over: bool,
    is_told: bool,
    /// A layer wraps polls.
    is_around: bool,
    /// Shares the number of messages with the timer of [`until`](Self::until).
    unread: Option<Arc<unread::Shared>>,
}

impl Tail {
    pub(crate) fn new(
        name: &CallName,
        request_messages: RequestMessages,
        attempts: u32,
        layers: Layers,
    ) -> Self {
        Self {
            name: name.clone(),
            messages: 0,
            request_messages,
            attempts,
            polling: false,
            is_over: false,
            is_told: false,
            is_around: layers.is_around(),
            layers,
            unread: None,
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn count(&mut self) {
        self.messages += 1;
        if let Some(unread) = &self.unread {
            unread.counted(self.messages);
        }
    }

    /// Reports the end to the layers a second after `at`, even if nothing reads the stream.
    pub(crate) fn until(mut self, at: Option<Instant>) -> Self {
        if let Some(at) = at
            && self.layers.wants_end()
        {
            let (layers, unread) = unread::until(
                at,
                self.name.clone(),
                self.request_messages.clone(),
                self.attempts,
                std::mem::take(&mut self.layers),
            );
            self.layers = layers;
            self.unread = unread;
        }
        self
    }

    #[inline]
    pub(crate) fn is_around(&self) -> bool {
        self.is_around
    }

    /// Whether a timer needs its number of messages.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        self.unread.is_some()
    }

    /// Polls a stream through the layers, outermost first.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, stream: &mut Inner<'_>) -> Poll<Step> {
        if self.is_over {
            return Poll::Ready(Step::End);
        }
        self.polling = true;
        let polled = self.layers.poll(&self.name, cx, stream);
        self.polling = false;
        self.is_over = matches!(polled, Poll::Ready(Step::End | Step::Cut(..)));
        polled
    }

    /// Handles the result of a poll. Returns the status if a layer ended the stream with one.
    pub(crate) fn see(&mut self, step: Step, error: Option<&Status>) -> Option<Status> {
        match step {
            Step::Message => self.count(),
            Step::Part => {}
            Step::Failed => self.tell(Outcome::Error, error),
            Step::End => self.tell(Outcome::Ok, None),
            Step::Cut(outcome, status) => {
                self.tell(outcome, Some(&status));
                return Some(status);
            }
        }
        None
    }

    #[cold]
    pub(crate) fn tell(&mut self, outcome: Outcome, status: Option<&Status>) {
        if std::mem::replace(&mut self.is_told, true) {
            return;
        }
        self.layers.end(&StreamEnd {
            name: &self.name,
            outcome,
            status,
            messages: self.messages,
            request_messages: self.request_messages.clone(),
            attempts: self.attempts,
            sent: true,
        });
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let outcome = match self.polling {
            true => Outcome::Panicked,
            false => Outcome::Cancelled,
        };
        tell_in_drop(|| self.tell(outcome, None));
    }
}
