use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use crate::call::CallPath;
use crate::deadline::exceeded;
use crate::end::{Attached, Outcome, StreamEnd};
use crate::inbound::RequestMessages;

/// How long after its time a stream that is read may still end by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Those who watch a response stream, who are told that its time is over also where nobody reads it. The transport does
/// not poll such a stream, so it cannot end by itself, and what hangs on its end would stay with it as long as
/// its caller likes.
pub(crate) struct Unread {
    shared: Arc<Shared>,
    timer: AbortHandle,
}

/// What the stream and its timer both know.
pub(crate) struct Shared {
    attached: Mutex<Option<Box<dyn Attached>>>,
    messages: AtomicU64,
}

impl Shared {
    fn take(&self) -> Option<Box<dyn Attached>> {
        let mut attached = self.attached.lock().unwrap_or_else(PoisonError::into_inner);
        attached.take()
    }

    pub(crate) fn counted(&self, messages: u64) {
        self.messages.store(messages, Ordering::Relaxed);
    }
}

/// They are told then at the latest. Without a runtime, as in a test without one, nobody keeps the time.
pub(crate) fn until(
    at: Instant,
    path: CallPath,
    request_messages: RequestMessages,
    attempts: u32,
    attached: Box<dyn Attached>,
) -> (Box<dyn Attached>, Option<Arc<Shared>>) {
    let (Ok(runtime), Some(at)) = (Handle::try_current(), at.checked_add(GRACE)) else {
        return (attached, None);
    };
    let shared = Arc::new(Shared {
        attached: Mutex::new(Some(attached)),
        messages: AtomicU64::new(0),
    });
    let seen = Arc::clone(&shared);
    let timer = runtime.spawn(async move {
        sleep_until(at).await;
        if let Some(attached) = seen.take() {
            attached.end(&StreamEnd {
                path: &path,
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
    };
    (Box::new(unread), Some(shared))
}

impl Attached for Unread {
    fn end(self: Box<Self>, end: &StreamEnd<'_>) {
        if let Some(attached) = self.shared.take() {
            attached.end(end);
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.timer.abort();
    }
}
