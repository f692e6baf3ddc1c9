//! Records which fetches wait for which, so that no fetch waits for itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::Status;

/// Identifies a fetch.
pub(super) type Id = u64;

tokio::task_local! {
    /// The fetch that runs in this task.
    pub(super) static RUNNING: Id;
}

/// Small, because it holds only calls that a fetch makes.
static WAITS: Mutex<Vec<Wait>> = Mutex::new(Vec::new());

fn waits() -> MutexGuard<'static, Vec<Wait>> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Wait {
    waiting: Id,
    waited_for: Id,
}

/// Records that a fetch waits for another one, until dropped.
pub(super) struct Waiting(Wait);

/// Called before a wait for a fetch.
///
/// # Errors
///
/// If a fetch would wait for itself, directly or through others.
pub(super) fn wait_for(waited_for: Id) -> Result<Option<Waiting>, Status> {
    let Ok(waiting) = RUNNING.try_with(|id| *id) else {
        return Ok(None);
    };
    let mut waits = waits();
    if needs(&waits, waited_for, waiting) {
        return Err(Status::internal(
            "the fetch of a token makes a call that needs the same token; use a client without this `auth` for that call",
        ));
    }
    let wait = Wait {
        waiting,
        waited_for,
    };
    waits.push(wait);
    Ok(Some(Waiting(wait)))
}

/// Whether `one` is `other` or waits for it. Recorded waits have no cycles.
fn needs(waits: &[Wait], one: Id, other: Id) -> bool {
    let mut next = waits.iter().filter(|wait| wait.waiting == one);
    one == other || next.any(|wait| needs(waits, wait.waited_for, other))
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waits = waits();
        if let Some(place) = waits.iter().position(|wait| *wait == self.0) {
            waits.swap_remove(place);
        }
    }
}
