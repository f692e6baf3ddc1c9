use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::super::end::{Outcome, StreamEnd};
use super::super::name::CallName;
use super::super::received::RequestMessages;
use super::super::time::exceeded;
use super::{Erased, Inner, Layers, Step};

/// How long after its time a stream that is read may still end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Those who watch a response stream, who are told that its time is over also where nobody reads it. The transport does
/// not poll such a stream, so it cannot end by itself, and what hangs on its end would stay with it as long as
/// its caller likes.
pub(crate) struct Unread {
    shared: Arc<Shared>,
    timer: AbortHandle,
    is_around: bool,
}

/// What the stream and its timer both know.
pub(crate) struct Shared {
    /// Gone once they have been told.
    layers: Mutex<Option<Layers>>,
    messages: AtomicU64,
}

impl Shared {
    fn layers(&self) -> MutexGuard<'_, Option<Layers>> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Layers> {
        self.layers().take()
    }

    pub(crate) fn counted(&self, messages: u64) {
        self.messages.store(messages, Ordering::Relaxed);
    }
}

/// They are told then at the latest. Without a runtime, as in a test without one, nobody keeps the time.
pub(crate) fn until(
    at: Instant,
    name: CallName,
    request_messages: RequestMessages,
    attempts: u32,
    layers: Layers,
) -> (Layers, Option<Arc<Shared>>) {
    let (Ok(runtime), Some(at)) = (Handle::try_current(), at.checked_add(GRACE)) else {
        return (layers, None);
    };
    let is_around = layers.is_around();
    let shared = Arc::new(Shared {
        layers: Mutex::new(Some(layers)),
        messages: AtomicU64::new(0),
    });
    let seen = Arc::clone(&shared);
    let timer = runtime.spawn(async move {
        sleep_until(at).await;
        if let Some(mut layers) = seen.take() {
            layers.end(&StreamEnd {
                name: &name,
                outcome: Outcome::Error,
                status: Some(&exceeded()),
                messages: seen.messages.load(Ordering::Relaxed),
                request_messages,
                attempts,
                sent: true,
            });
        }
    });
    let unread = Unread {
        shared: Arc::clone(&shared),
        timer: timer.abort_handle(),
        is_around,
    };
    (Layers::of(Box::new(unread)), Some(shared))
}

impl Erased for Unread {
    fn is_around(&self) -> bool {
        self.is_around
    }

    fn poll(&mut self, call: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        match &mut *self.shared.layers() {
            Some(layers) => layers.poll(call, cx, inner),
            None => inner(cx),
        }
    }

    fn end(&mut self, end: &StreamEnd<'_>) {
        if let Some(mut layers) = self.shared.take() {
            layers.end(end);
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.timer.abort();
    }
}
