//! Polls a request to be sent once, to see which data it has and whether it waits for anything.

use std::cell::Cell;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// A waker that does nothing.
pub(crate) struct NoopWake;

impl Wake for NoopWake {
    fn wake(self: Arc<Self>) {}
}

/// The waker for a single poll. If the body keeps it, the body waits for something.
pub(super) struct PeekWaker {
    noop: Arc<NoopWake>,
    pub(super) waker: Waker,
}

impl PeekWaker {
    pub(super) fn new() -> Self {
        let noop = Arc::new(NoopWake);
        let waker = Waker::from(Arc::clone(&noop));
        Self { noop, waker }
    }

    /// Whether anything holds a clone of the waker.
    pub(super) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.noop) > 2
    }
}

thread_local! {
    /// Reused by the next poll, unless something still holds a clone. Other threads may drop their clones at any time.
    pub(super) static PEEK_WAKER: Cell<Option<PeekWaker>> = const { Cell::new(None) };
}
