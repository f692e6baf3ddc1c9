use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use super::wire::deadline_of;

thread_local! {
    static CURRENT: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Whether anything in this process may inherit a deadline.
static MAY_BE_INHERITED: AtomicBool = AtomicBool::new(false);

#[inline]
pub(crate) fn may_be_inherited() -> bool {
    MAY_BE_INHERITED.load(Ordering::Relaxed)
}

/// Makes handlers pass on their deadline to the calls that they make.
///
/// You need this only if a handler makes the first intercepted client of the process, wraps its first channel, or calls [`current`] first. Handlers
/// that run at that moment do not pass on their deadline. To avoid that, call this function at the start of `main`. (A service that never makes calls
/// does not pay for deadlines. So handlers pass them on only after one of these has happened.)
pub fn inherit() {
    if !may_be_inherited() {
        MAY_BE_INHERITED.store(true, Ordering::Relaxed);
    }
}

/// The deadline of the call that the running handler serves. `None` if there is none, and outside of handlers and of [`scope`]. See [`inherit`] for
/// when handlers begin to pass it on.
#[must_use]
pub fn current() -> Option<Instant> {
    inherit();
    CURRENT.get()
}

/// Runs a future, in which calls inherit this deadline. The deadline does not end the future itself.
pub fn scope<F: Future>(at: Instant, future: F) -> WithDeadline<F> {
    WithDeadline { at, future }
}

pin_project_lite::pin_project! {
    /// The future that [`scope`] returns. The type has a name so that a struct can hold it.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct WithDeadline<F> {
        at: Instant,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for WithDeadline<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = enter(*this.at);
        this.future.poll(cx)
    }
}

/// The same for a handler. It is polled in place: neither the handler nor its result is moved.
pub(crate) struct Inherited<'a, F> {
    at: Option<Instant>,
    future: Pin<&'a mut F>,
}

impl<'a, F> Inherited<'a, F> {
    pub(crate) fn new(at: Option<Instant>, future: Pin<&'a mut F>) -> Self {
        Self { at, future }
    }
}

impl<F: Future> Future for Inherited<'_, F> {
    type Output = F::Output;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = self.at.map(enter);
        self.future.as_mut().poll(cx)
    }
}

/// Sets the current deadline until the guard is dropped.
#[inline]
pub(crate) fn enter(at: Instant) -> DeadlineGuard {
    // A nested scope cannot extend the deadline of the outer one.
    let before = CURRENT.get();
    CURRENT.set(Some(before.map_or(at, |before| before.min(at))));
    DeadlineGuard { before }
}

pub(crate) struct DeadlineGuard {
    before: Option<Instant>,
}

impl Drop for DeadlineGuard {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// The deadline of a call. It is read from the metadata on first use, or set.
///
/// It is a single word because calls are moved. Writing a word takes a tenth of the time of writing a `OnceLock`.
#[derive(Debug, Default)]
pub(crate) struct Deadline(AtomicU64);

/// Not read yet.
const UNKNOWN: u64 = 0;
/// There is no deadline.
const NONE: u64 = 1;
/// The earliest deadline. Larger values are nanoseconds after it.
const EARLIEST: u64 = 2;

/// The time that [`EARLIEST`] stands for. It is far in the past: a paused test clock may be behind the real clock, or a
/// day ahead of it.
static ORIGIN: LazyLock<Instant> = LazyLock::new(|| {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let now = Instant::from_std(std::time::Instant::now());
    now.checked_sub(DAY).unwrap_or(now)
});

#[inline]
fn written(at: Option<Instant>) -> u64 {
    at.map_or(NONE, written_time)
}

/// Deadlines more than 500 years away are clamped.
#[cold]
fn written_time(at: Instant) -> u64 {
    let nanos = at.saturating_duration_since(*ORIGIN).as_nanos();
    u64::try_from(nanos)
        .unwrap_or(u64::MAX)
        .saturating_add(EARLIEST)
}

#[inline]
fn read(word: u64) -> Option<Instant> {
    match word {
        UNKNOWN | NONE => None,
        word => read_time(word),
    }
}

#[cold]
fn read_time(word: u64) -> Option<Instant> {
    ORIGIN.checked_add(Duration::from_nanos(word - EARLIEST))
}

impl Deadline {
    /// For a call to be sent: the earlier of the caller's deadline and the inherited one.
    #[inline]
    pub(crate) fn of_outgoing(metadata: &MetadataMap) -> Self {
        let (own, inherited) = (deadline_of(metadata), current());
        let earlier = match (own, inherited) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            _ => own.or(inherited),
        };
        Self(written(earlier).into())
    }

    /// The deadline, if it was read or set before.
    #[inline]
    pub(crate) fn peek(&self) -> Option<Instant> {
        read(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn get(&self, metadata: &MetadataMap) -> Option<Instant> {
        let known = self.0.load(Ordering::Relaxed);
        if known != UNKNOWN {
            return read(known);
        }
        let at = deadline_of(metadata);
        // Concurrent readers also read the clock. The first one wins.
        let written = written(at);
        match (self.0).compare_exchange(UNKNOWN, written, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => at,
            Err(first) => read(first),
        }
    }

    /// The same as [`get`](Self::get).
    #[inline]
    pub(crate) fn settle(&mut self, metadata: &MetadataMap) -> Option<Instant> {
        let known = *self.0.get_mut();
        if known != UNKNOWN {
            return read(known);
        }
        let at = deadline_of(metadata);
        *self.0.get_mut() = written(at);
        at
    }

    pub(crate) fn set(&mut self, at: Instant) {
        *self.0.get_mut() = written_time(at);
    }
}

impl Clone for Deadline {
    fn clone(&self) -> Self {
        Self(self.0.load(Ordering::Relaxed).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadline_is_read_back_as_set() {
        let now = Instant::now();
        let years = |n: u64| Duration::from_secs(n * 365 * 24 * 60 * 60);
        let metadata = MetadataMap::new();
        for at in [
            now,
            now - years(0),
            now + Duration::from_nanos(1),
            now + years(500),
        ] {
            let mut deadline = Deadline::default();
            assert_eq!(deadline.peek(), None);
            deadline.set(at);
            assert_eq!(deadline.peek(), Some(at));
            assert_eq!(deadline.clone().get(&metadata), Some(at));
            assert_eq!(deadline.settle(&metadata), Some(at));
        }
        let mut deadline = Deadline::default();
        deadline.set(now + years(1_000));
        assert!(deadline.peek().is_none_or(|at| at > now + years(500)));
        deadline.set(now - Duration::from_secs(1));
        assert!(deadline.peek().is_some_and(|at| at < now));
    }

    #[test]
    fn deadline_is_read_from_metadata_once() {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", "1S".parse().unwrap());
        let deadline = Deadline::default();
        let at = deadline.get(&metadata);
        assert!(at.is_some());
        assert_eq!(deadline.get(&MetadataMap::new()), at);
        let mut none = Deadline::default();
        assert_eq!(none.settle(&MetadataMap::new()), None);
        assert_eq!(none.get(&metadata), None, "the missing deadline was cached");
    }

    #[test]
    fn inner_scope_cannot_extend_the_outer_deadline() {
        let now = Instant::now();
        let (soon, later) = (now + Duration::from_secs(1), now + Duration::from_secs(2));
        let outer = enter(soon);
        {
            let _inner = enter(later);
            assert_eq!(current(), Some(soon));
        }
        assert_eq!(current(), Some(soon));
        drop(outer);
        assert_eq!(current(), None);
    }
}
