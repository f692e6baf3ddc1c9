//! Polls a request to be sent once, to see which data it has and whether it waits for anything.

use std::cell::Cell;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// A waker that does nothing.
pub(crate) struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// The waker for a single poll. If the body keeps it, the body waits for something.
pub(super) struct Look {
    nobody: Arc<Nobody>,
    pub(super) waker: Waker,
}

impl Look {
    pub(super) fn new() -> Self {
        let nobody = Arc::new(Nobody);
        let waker = Waker::from(Arc::clone(&nobody));
        Self { nobody, waker }
    }

    /// Whether anything holds a clone of the waker.
    pub(super) fn is_kept(&self) -> bool {
        Arc::strong_count(&self.nobody) > 2
    }
}

thread_local! {
    /// Reused by the next poll, unless something still holds a clone. Other threads may drop their clones at any time.
    pub(super) static LOOK: Cell<Option<Look>> = const { Cell::new(None) };
}
