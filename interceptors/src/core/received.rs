use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;

use super::facts::CutOff;
use super::time::Bounds;

/// How many messages of a request stream the handler has taken.
#[derive(Clone)]
pub struct Received {
    shared: Option<Arc<Shared>>,
}

#[derive(Debug, Default)]
pub(crate) struct Shared {
    cut_off: Option<CutOff>,
    count: AtomicU64,
    /// The longest wait of the handler for a message, in nanoseconds. 0 if the stream is not bounded, and [`NOT_IDLE`]
    /// if only `ends` bounds it.
    idle: AtomicU64,
    ends: OnceLock<Ends>,
    /// How many [`Reading`]s have begun.
    readings: AtomicU32,
    waits: Waits,
}

/// No limit for a single wait.
const NOT_IDLE: u64 = u64::MAX;

/// The stream ends at this time with this status.
#[derive(Debug, Clone, Copy)]
struct Ends {
    at: Instant,
    over: fn() -> Status,
}

/// How long the stream had no message for its reader, from one poll to the next.
#[derive(Debug, Default)]
struct Waits {
    /// Set once the waits have to be measured.
    measured_from: OnceLock<Instant>,
    /// In nanoseconds.
    total: AtomicU64,
    /// The start of the current wait in nanoseconds after `measured_from`. 0 if there is none.
    since: AtomicU64,
}

impl Waits {
    #[cold]
    fn begin(&self) {
        let Some(from) = self.measured_from.get() else {
            return;
        };
        if self.since.load(Ordering::Relaxed) == 0 {
            self.since
                .store(nanos(from.elapsed()).max(1), Ordering::Relaxed);
        }
    }

    fn end(&self) {
        if self.since.load(Ordering::Relaxed) != 0 {
            self.total.fetch_add(self.present(), Ordering::Relaxed);
            self.since.store(0, Ordering::Relaxed);
        }
    }

    fn present(&self) -> u64 {
        match (self.measured_from.get(), self.since.load(Ordering::Relaxed)) {
            (None, _) | (_, 0) => 0,
            (Some(from), since) => nanos(from.elapsed()).saturating_sub(since),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Received {
    /// For a request that is known to be a single message: there is nothing to count.
    #[cfg(feature = "client")]
    pub(crate) const ONE: Self = Self { shared: None };

    /// Ends the stream with an error if the transport reports that it is cut off.
    pub(crate) fn watching(cut_off: Option<CutOff>) -> Self {
        let shared = Shared {
            cut_off,
            ..Shared::default()
        };
        Self {
            shared: Some(Arc::new(shared)),
        }
    }

    /// The error that ends the stream. In both cases tonic itself reports a clean end.
    pub(crate) fn end(&self) -> Option<Status> {
        let cut_off = self.shared.as_ref().and_then(|it| it.cut_off.as_ref());
        let cut_off = cut_off.is_some_and(CutOff::is_set);
        cut_off.then(|| Status::cancelled("the client went away before it sent the whole request"))
    }

    pub(crate) fn count(&self) -> u64 {
        match &self.shared {
            Some(shared) => shared.count.load(Ordering::Relaxed),
            None => 1,
        }
    }

    pub(crate) fn bound_gaps(&self, idle: Duration) {
        if let Some(shared) = &self.shared {
            shared.idle.store(nanos(idle), Ordering::Relaxed);
        }
    }

    pub(crate) fn end_at(&self, at: Instant, over: fn() -> Status) {
        if let Some(shared) = &self.shared {
            shared.ends.get_or_init(|| Ends { at, over });
            // If waits are bounded, the stream is known to be bounded already.
            let relaxed = Ordering::Relaxed;
            let _ = shared.idle.compare_exchange(0, NOT_IDLE, relaxed, relaxed);
        }
    }

    /// Whether the stream is bounded. The check is a single load.
    #[inline]
    pub(crate) fn is_bounded(&self) -> bool {
        let idle = self.shared.as_ref().map(|shared| &shared.idle);
        idle.is_some_and(|idle| idle.load(Ordering::Relaxed) != 0)
    }

    /// The bounds of the whole stream and of each wait for a message.
    pub(crate) fn bounds(&self) -> Bounds {
        let idle = self.shared.as_ref().map(|shared| &shared.idle);
        let idle = match idle.map(|idle| idle.load(Ordering::Relaxed)) {
            None | Some(0 | NOT_IDLE) => None,
            Some(nanos) => Some(Duration::from_nanos(nanos)),
        };
        match self.ends() {
            Some(ends) => Bounds::new(Some(ends.at), idle).ending(ends.over),
            None => Bounds::new(None, idle),
        }
    }

    fn ends(&self) -> Option<&Ends> {
        self.shared.as_ref()?.ends.get()
    }

    pub(crate) fn measure_waits(&self) {
        if let Some(shared) = &self.shared {
            shared.waits.measured_from.get_or_init(Instant::now);
        }
    }

    /// The stream has no message for its reader.
    pub(crate) fn waits(&self) {
        if let Some(shared) = &self.shared {
            shared.waits.begin();
        }
    }

    /// The stream has a message, has ended, or is no longer read.
    pub(crate) fn goes_on(&self) {
        if let Some(shared) = &self.shared {
            shared.waits.end();
        }
    }

    /// A counter to read later.
    pub(crate) fn messages(&self) -> RequestMessages {
        match &self.shared {
            Some(shared) => RequestMessages::Counted(Arc::clone(shared)),
            None => RequestMessages::One,
        }
    }

    pub(crate) fn add_one(&self) {
        self.add(1);
    }

    /// Counts messages that were read.
    pub fn add(&self, messages: u64) {
        if let Some(shared) = &self.shared {
            shared.count.fetch_add(messages, Ordering::Relaxed);
        }
    }

    /// Resets the count, because messages of an earlier attempt do not count.
    pub fn reset(&self) {
        if let Some(shared) = &self.shared {
            shared.count.store(0, Ordering::Relaxed);
            shared.waits.total.store(0, Ordering::Relaxed);
            shared.waits.since.store(0, Ordering::Relaxed);
        }
    }
}

impl Default for Received {
    fn default() -> Self {
        Self::watching(None)
    }
}

/// A client's request stream in one attempt. Only the latest attempt decides whether the call waits for the sender.
#[derive(Debug)]
pub struct Reading {
    received: Received,
    /// 1 for the first attempt that begins. 0 until this one has begun.
    number: u32,
}

impl Reading {
    /// A stream that has not been polled yet.
    #[must_use]
    pub fn new(received: Received) -> Self {
        Self {
            received,
            number: 0,
        }
    }

    /// The same stream for another attempt.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::new(self.received.clone())
    }

    /// Called when the stream is polled. From the first poll on, messages of earlier attempts do not count.
    pub fn begin(&mut self) {
        if self.number == 0
            && let Some(shared) = &self.received.shared
        {
            self.number = shared.readings.fetch_add(1, Ordering::Relaxed) + 1;
            self.received.reset();
        }
    }

    /// The bounds of the whole stream. The waits for messages are bounded by the handler's own stream.
    #[cfg_attr(not(feature = "_wire"), allow(dead_code))]
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let ends = self.received.ends()?;
        Some(Bounds::new(Some(ends.at), None).ending(ends.over))
    }

    /// Whether [`bounds`](Self::bounds) may return any. The check is a single load.
    #[inline]
    #[cfg_attr(not(feature = "_wire"), allow(dead_code))]
    pub(crate) fn is_bounded(&self) -> bool {
        self.received.is_bounded()
    }

    /// Whether a message has been taken.
    #[cfg_attr(not(feature = "_wire"), allow(dead_code))]
    pub(crate) fn has_begun(&self) -> bool {
        self.received.count() > 0
    }

    /// The stream has no message for the transport.
    pub fn waits(&self) {
        if self.is_latest() {
            self.received.waits();
        }
    }

    /// The stream has a message, or has ended.
    pub fn goes_on(&self) {
        if self.is_latest() {
            self.received.goes_on();
        }
    }

    /// Counts messages that were read.
    pub fn add(&self, messages: u64) {
        self.received.add(messages);
    }

    fn is_latest(&self) -> bool {
        let shared = self.received.shared.as_ref();
        self.number != 0
            && shared.is_some_and(|it| it.readings.load(Ordering::Relaxed) == self.number)
    }
}

/// A server may answer before the request stream ends. The time after that is not a wait for the sender.
impl Drop for Reading {
    fn drop(&mut self) {
        self.goes_on();
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Received").field(&self.count()).finish()
    }
}

/// The number of request messages so far.
#[derive(Clone)]
pub(crate) enum RequestMessages {
    One,
    Counted(Arc<Shared>),
    /// A stream whose type does not report its messages.
    Unknown,
}

impl RequestMessages {
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Self::One => Some(1),
            Self::Counted(shared) => Some(shared.count.load(Ordering::Relaxed)),
            Self::Unknown => None,
        }
    }

    /// How long the stream had no message, if that is measured.
    pub(crate) fn waited(&self) -> Duration {
        match self {
            Self::One | Self::Unknown => Duration::ZERO,
            Self::Counted(shared) => {
                let total = shared.waits.total.load(Ordering::Relaxed);
                Duration::from_nanos(total.saturating_add(shared.waits.present()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn only_the_latest_undropped_reading_counts_as_waiting() {
        let received = Received::default();
        received.measure_waits();
        let waited = || received.messages().waited();
        advance(SECOND).await;
        let mut first = Reading::new(received.clone());
        first.begin();
        first.waits();
        advance(SECOND).await;
        assert_eq!(waited(), SECOND);
        let mut second = first.another();
        second.begin();
        second.waits();
        advance(SECOND).await;
        drop(first);
        advance(SECOND).await;
        assert_eq!(waited(), 2 * SECOND, "the first reading does not count");
        drop(second);
        advance(SECOND).await;
        assert_eq!(waited(), 2 * SECOND, "a dropped reading does not wait");
    }
}
