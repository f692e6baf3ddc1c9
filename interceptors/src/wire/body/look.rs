//! A look at a request that is to be sent: what is there at once, and whether the body waits for something.

use std::cell::Cell;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// Nobody is woken.
pub(crate) struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// Polls a body once. If the body keeps the waker, it waits for something.
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

    /// Whether somebody has a clone of the waker.
    pub(super) fn is_kept(&self) -> bool {
        Arc::strong_count(&self.nobody) > 2
    }
}

thread_local! {
    /// For the next look, unless somebody still keeps it: other threads may drop their clones while this one looks.
    pub(super) static LOOK: Cell<Option<Look>> = const { Cell::new(None) };
}
