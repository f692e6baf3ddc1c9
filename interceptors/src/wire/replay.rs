use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

/// A cursor over a replayable request stream.
///
/// Items stay buffered, up to the limit, while a later reading may still begin. Only the latest reading that has begun
/// can continue: the stream has one end, and an abandoned attempt must not take items from the next one.
pub(crate) struct Replay<S: Stream> {
    shared: Arc<Mutex<Shared<S>>>,
    /// The order of the readings, which is the order of their attempts: a reading comes before its copies. Of several
    /// copies, a later one comes first, because an inner interceptor resends before an outer one.
    rank: Vec<u32>,
    copies: u32,
    begun: bool,
}

/// A later reading has begun, or this one began too late.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Superseded;

struct Shared<S: Stream> {
    /// `None` once it has ended.
    source: Option<Pin<Box<S>>>,
    size_of: fn(&S::Item) -> usize,
    limit: usize,
    /// The buffered items, from the beginning less `forgotten` items.
    kept: VecDeque<S::Item>,
    kept_size: usize,
    forgotten: usize,
    /// The items exceeded the limit.
    overflowed: bool,
    /// The latest reading that has begun, and its position.
    latest: Option<Vec<u32>>,
    position: usize,
    /// The waker of the reading that waits for more.
    reader: Option<Waker>,
    /// How many readings may still begin.
    waiting: usize,
}

impl<S: Stream> Shared<S> {
    fn is_whole(&self) -> bool {
        !self.overflowed && self.forgotten == 0
    }

    /// Drops the items that no reading needs any more.
    fn forget(&mut self) {
        if self.waiting > 0 && !self.overflowed {
            return;
        }
        // After an overflow, items that were read are dropped. Items that were not read yet still have to be sent.
        while self.forgotten < self.position
            && let Some(item) = self.kept.pop_front()
        {
            self.forgotten += 1;
            self.kept_size = self.kept_size.saturating_sub((self.size_of)(&item));
        }
    }
}

impl<S: Stream> Replay<S> {
    /// The first reading of a stream. It buffers at most `limit` bytes.
    pub(crate) fn new(source: S, size_of: fn(&S::Item) -> usize, limit: usize) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Shared {
                source: Some(Box::pin(source)),
                size_of,
                limit,
                kept: VecDeque::new(),
                kept_size: 0,
                forgotten: 0,
                overflowed: false,
                latest: None,
                position: 0,
                reader: None,
                waiting: 1,
            })),
            rank: Vec::new(),
            copies: 0,
            begun: false,
        }
    }

    /// Another reading, to begin after this one. Raises the limit to `limit`, because the first caller need not be the
    /// one with the highest limit.
    pub(crate) fn copy(&mut self, limit: usize) -> Self {
        let mut shared = self.lock();
        shared.waiting += 1;
        shared.limit = shared.limit.max(limit);
        drop(shared);
        let mut rank = self.rank.clone();
        rank.push(u32::MAX - self.copies);
        self.copies += 1;
        Self {
            shared: Arc::clone(&self.shared),
            rank,
            copies: 0,
            begun: false,
        }
    }

    /// Whether a reading that begins now would get all items.
    pub(crate) fn is_whole(&self) -> bool {
        self.lock().is_whole()
    }

    /// Makes this reading the current one, and stops the reading before. Fails if a later reading has begun, or if
    /// items were dropped.
    ///
    /// The reading before may wait for the stream, which has a single waker. So that reading is woken.
    pub(crate) fn begin(&mut self) -> bool {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = None;
        if !std::mem::replace(&mut self.begun, true) {
            shared.waiting -= 1;
            let latest = shared.latest.as_ref();
            if shared.is_whole() && latest.is_none_or(|latest| self.rank > *latest) {
                shared.latest = Some(self.rank.clone());
                shared.position = 0;
                before = shared.reader.take();
            } else {
                shared.forget();
            }
        }
        let goes_on = shared.latest.as_ref() == Some(&self.rank);
        drop(shared);
        if let Some(before) = before {
            before.wake();
        }
        goes_on
    }

    fn lock(&self) -> MutexGuard<'_, Shared<S>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Stream> Replay<S>
where
    S::Item: Clone,
{
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<S::Item>, Superseded>> {
        if !self.begun {
            self.begin();
        }
        let mut shared = self.lock();
        let shared = &mut *shared;
        if shared.latest.as_ref() != Some(&self.rank) {
            return Poll::Ready(Err(Superseded));
        }
        if let Some(kept) = shared.kept.get(shared.position - shared.forgotten) {
            let item = kept.clone();
            shared.position += 1;
            shared.forget();
            return Poll::Ready(Ok(Some(item)));
        }
        let Some(source) = &mut shared.source else {
            return Poll::Ready(Ok(None));
        };
        let Poll::Ready(item) = source.as_mut().poll_next(cx) else {
            shared.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let Some(item) = item else {
            shared.source = None;
            return Poll::Ready(Ok(None));
        };
        shared.position += 1;
        let size = (shared.size_of)(&item);
        if shared.waiting > 0 && !shared.overflowed && shared.kept_size + size <= shared.limit {
            shared.kept_size += size;
            shared.kept.push_back(item.clone());
        } else {
            // The item is too large to buffer, or no reading needs it later.
            shared.overflowed |= shared.waiting > 0;
            shared.forget();
            shared.forgotten += 1;
        }
        Poll::Ready(Ok(Some(item)))
    }
}

impl<S: Stream> Drop for Replay<S> {
    fn drop(&mut self) {
        if !self.begun {
            let mut shared = self.lock();
            shared.waiting -= 1;
            shared.forget();
        }
    }
}

impl<S: Stream> fmt::Debug for Replay<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("rank", &self.rank)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use tokio_stream::{StreamExt, iter, pending};

    use super::*;

    type Bytes = &'static [u8];

    fn next<S: Stream<Item = Bytes>>(
        replay: &mut Replay<S>,
    ) -> Poll<Result<Option<Bytes>, Superseded>> {
        replay.poll_next(&mut Context::from_waker(Waker::noop()))
    }

    fn item<S: Stream<Item = Bytes>>(replay: &mut Replay<S>) -> Bytes {
        match next(replay) {
            Poll::Ready(Ok(Some(item))) => item,
            other => panic!("{other:?}"),
        }
    }

    fn size(item: &Bytes) -> usize {
        item.len()
    }

    fn of(items: &[Bytes], limit: usize) -> Replay<impl Stream<Item = Bytes> + use<>> {
        Replay::new(iter(items.to_vec()).chain(pending()), size, limit)
    }

    #[test]
    fn later_reading_replays_from_the_start_and_continues_live() {
        let mut first = of(&[b"a", b"b", b"c"], 100);
        let mut second = first.copy(0);
        assert_eq!(
            (item(&mut first), item(&mut first)),
            (b"a".as_slice(), b"b".as_slice())
        );
        assert!(second.is_whole());
        let third = second.copy(0);
        for expected in [b"a", b"b", b"c"] {
            assert_eq!(item(&mut second), expected);
        }
        assert_eq!(next(&mut second), Poll::Pending);
        assert!(third.is_whole());
    }

    #[test]
    fn earlier_reading_is_superseded() {
        let mut first = of(&[b"a", b"b"], 100);
        let mut second = first.copy(0);
        item(&mut first);
        item(&mut second);
        assert_eq!(next(&mut first), Poll::Ready(Err(Superseded)));
        assert_eq!(item(&mut second), b"b");
    }

    #[test]
    fn reading_that_begins_too_late_is_superseded() {
        let mut first = of(&[b"a", b"b"], 100);
        let mut second = first.copy(0);
        item(&mut second);
        assert_eq!(next(&mut first), Poll::Ready(Err(Superseded)));
        assert_eq!(item(&mut second), b"b");
    }

    #[test]
    fn incomplete_reading_does_not_begin() {
        let mut first = of(&[b"aa", b"bb", b"c"], 3);
        let mut second = first.copy(0);
        item(&mut first);
        item(&mut first);
        assert!(!second.begin());
        assert_eq!(next(&mut second), Poll::Ready(Err(Superseded)));
        assert_eq!(item(&mut first), b"c");
    }

    #[test]
    fn reading_that_has_begun_stays_whole() {
        let mut first = of(&[b"aa", b"bb"], 3);
        let mut second = first.copy(0);
        item(&mut first);
        assert!(second.begin() && second.begin());
        assert_eq!(next(&mut first), Poll::Ready(Err(Superseded)));
        assert_eq!(
            (item(&mut second), item(&mut second)),
            (&b"aa"[..], &b"bb"[..])
        );
    }

    #[derive(Default)]
    struct Woken(AtomicU32);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn outer_copy_can_be_read_after_inner_copies() {
        let mut first = of(&[b"a", b"b"], 100);
        let mut outer = first.copy(0);
        let mut inner = first.copy(0);
        let mut innermost = inner.copy(0);
        for reading in [&mut first, &mut inner, &mut innermost, &mut outer] {
            assert_eq!((item(reading), item(reading)), (&b"a"[..], &b"b"[..]));
        }
        assert_eq!(next(&mut innermost), Poll::Ready(Err(Superseded)));
        assert_eq!(next(&mut outer), Poll::Pending);
    }

    #[test]
    fn earlier_reading_is_woken_when_a_later_one_begins() {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut first = of(&[], 100);
        let mut second = first.copy(0);
        let polled = first.poll_next(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending);
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        assert_eq!(next(&mut second), Poll::Pending);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn items_beyond_the_limit_are_sent_but_not_kept() {
        let mut first = of(&[b"aa", b"bb", b"c"], 3);
        let second = first.copy(0);
        item(&mut first);
        assert!(second.is_whole());
        assert_eq!(item(&mut first), b"bb");
        assert!(!second.is_whole());
        assert_eq!(
            first.lock().kept.len(),
            0,
            "nothing is kept that cannot be replayed"
        );
        assert_eq!(item(&mut first), b"c");
    }

    #[test]
    fn exactly_the_limit_is_kept() {
        let mut first = of(&[b"aa", b"b"], 3);
        let second = first.copy(0);
        item(&mut first);
        item(&mut first);
        assert!(second.is_whole());
    }

    #[test]
    fn overflow_during_replay_loses_no_items_of_that_attempt() {
        let mut first = of(&[b"a", b"b", b"cccc"], 3);
        let mut second = first.copy(0);
        item(&mut first);
        item(&mut first);
        let third = second.copy(0);
        for expected in [b"a".as_slice(), b"b", b"cccc"] {
            assert_eq!(item(&mut second), expected);
        }
        assert!(!third.is_whole());
    }

    #[test]
    fn the_last_reading_keeps_nothing() {
        let mut first = of(&[b"a", b"b", b"c"], 100);
        let mut second = first.copy(0);
        item(&mut first);
        item(&mut first);
        assert_eq!(item(&mut second), b"a");
        assert_eq!(second.lock().kept.len(), 1, "`a` will not be read again");
        assert_eq!(
            (item(&mut second), item(&mut second)),
            (b"b".as_slice(), b"c".as_slice())
        );
        assert_eq!(second.lock().kept.len(), 0);
    }

    #[test]
    fn items_are_dropped_when_no_other_reading_remains() {
        let mut first = of(&[b"a", b"b"], 100);
        let second = first.copy(0);
        item(&mut first);
        assert_eq!(first.lock().kept.len(), 1);
        drop(second);
        assert_eq!(first.lock().kept.len(), 0);
        assert_eq!(item(&mut first), b"b");
    }

    #[test]
    fn end_of_stream_is_replayed() {
        let mut first = Replay::new(iter([b"a".as_slice()]), size, 100);
        let mut second = first.copy(0);
        item(&mut first);
        assert_eq!(next(&mut first), Poll::Ready(Ok(None)));
        item(&mut second);
        assert_eq!(next(&mut second), Poll::Ready(Ok(None)));
        assert_eq!(next(&mut second), Poll::Ready(Ok(None)));
    }
}
