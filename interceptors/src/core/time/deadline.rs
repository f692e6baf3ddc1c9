use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use super::wire::deadline_of;

thread_local! {
    static CURRENT: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Whether anybody in this process could inherit a deadline.
static MAY_BE_INHERITED: AtomicBool = AtomicBool::new(false);

#[inline]
pub(crate) fn may_be_inherited() -> bool {
    MAY_BE_INHERITED.load(Ordering::Relaxed)
}

/// From now on handlers look for a deadline to hand on.
///
/// A service that makes no calls should not pay for it, so handlers begin to look when the process makes its
/// first intercepted client, wraps its first channel, or asks for [`current`]. Only where that happens for
/// the first time in a handler is there something to do: the handlers that run at this moment have not looked.
/// Call this at the start of `main` then.
pub fn inherit() {
    if !may_be_inherited() {
        MAY_BE_INHERITED.store(true, Ordering::Relaxed);
    }
}

/// The deadline of the call that the running handler serves, if it has one. See [`inherit`] for from when on
/// that is known.
#[must_use]
pub fn current() -> Option<Instant> {
    inherit();
    CURRENT.get()
}

/// Runs a future under a deadline that calls made in it inherit. The future itself is not ended by it.
pub fn scope<F: Future>(at: Instant, future: F) -> WithDeadline<F> {
    WithDeadline { at, future }
}

pin_project_lite::pin_project! {
    /// A future that runs under a deadline: what [`scope`] gives. It has a name so that a struct can hold it.
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

/// The same around a handler, which stays where it is: neither is it moved once more nor what it gives.
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

/// Puts a deadline in force until what it gives is dropped.
#[inline]
pub(crate) fn enter(at: Instant) -> Entered {
    // A scope inside of another one cannot have longer than that.
    let before = CURRENT.get();
    CURRENT.set(Some(before.map_or(at, |before| before.min(at))));
    Entered { before }
}

pub(crate) struct Entered {
    before: Option<Instant>,
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// The deadline of a call: read from its metadata when somebody asks for it, or set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deadline {
    known: OnceLock<Option<Instant>>,
}

impl Deadline {
    /// Of a call that is being made: the earlier one of what its caller set and what it inherits.
    #[inline]
    pub(crate) fn of_outgoing(metadata: &MetadataMap) -> Self {
        let (own, inherited) = (deadline_of(metadata), current());
        let earlier = match (own, inherited) {
            (Some(own), Some(inherited)) => Some(own.min(inherited)),
            _ => own.or(inherited),
        };
        Self {
            known: earlier.into(),
        }
    }

    /// The deadline, as far as somebody has asked for it or set one.
    #[inline]
    pub(crate) fn peek(&self) -> Option<Instant> {
        self.known.get().copied().flatten()
    }

    pub(crate) fn get(&self, metadata: &MetadataMap) -> Option<Instant> {
        *self.known.get_or_init(|| deadline_of(metadata))
    }

    /// The same as [`get`](Self::get).
    #[inline]
    pub(crate) fn settle(&mut self, metadata: &MetadataMap) -> Option<Instant> {
        // With `&mut` access there is nothing to wait for.
        if let Some(known) = self.known.get() {
            return *known;
        }
        let at = deadline_of(metadata);
        self.known = at.into();
        at
    }

    pub(crate) fn set(&mut self, at: Instant) {
        self.known = Some(at).into();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_inner_scope_has_no_longer_than_the_outer_one() {
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
