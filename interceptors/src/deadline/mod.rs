//! Until when a call may take: `grpc-timeout`, what is left of it, and who inherits that.
//!
//! A deadline is set by the caller (`Request::set_timeout`), by the entry `deadline("2s")` of a client
//! where the caller set none, or inherited: a call that is made while a handler of an intercepted
//! service runs has no longer than the call that the handler serves. The earliest of them counts. What the
//! service's own `timeout` allows is inherited too.
//!
//! Each attempt of a call tells the server, in `grpc-timeout`, what is left at that moment, rounded up by at most
//! a thousandth. The client does not wait for the server to keep to it: when the time is over the call ends
//! with `DEADLINE_EXCEEDED`, a response stream too, and no attempt starts after that.
//!
//! # The first call
//!
//! Handlers look for a deadline to hand on once the process has made its first intercepted client or wrapped its first
//! channel, which usually happens before it serves. Where it happens in a handler, and with hand-written stubs, which are made
//! by nobody, the first call inherits nothing, unless `main` begins with [`inherit`].
//!
//! # What inherits
//!
//! Whatever the handler does while it is polled: calls that it awaits, directly or joined with others,
//! and calls that are made while its response stream is read. A task that it spawns runs on its own and
//! does not inherit; hand the deadline on with [`scope`]:
//!
//! ```
//! use interceptors::deadline;
//!
//! # async fn handler() {
//! if let Some(at) = deadline::current() {
//!     tokio::spawn(deadline::scope(at, async { /* calls made here inherit it */ }));
//! }
//! # }
//! ```

use std::cell::Cell;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderName;
use http::HeaderValue;
use tokio::time::Instant;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::timer::Timer;

#[cfg(feature = "deadline")]
mod interceptor;
#[cfg(feature = "deadline")]
pub use interceptor::{Config, Deadline};

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
pub fn scope<F: Future>(at: Instant, future: F) -> Scope<F> {
    Scope { at, future }
}

pin_project_lite::pin_project! {
    /// See [`scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Scope<F> {
        at: Instant,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scope<F> {
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

/// The deadline that a request carries, if it arrives now.
#[inline]
pub(crate) fn of(metadata: &MetadataMap) -> Option<Instant> {
    let timeout = parse(sent(metadata)?)?;
    Instant::now().checked_add(timeout)
}

#[inline]
fn sent(metadata: &MetadataMap) -> Option<&[u8]> {
    if metadata.is_empty() {
        return None;
    }
    // Clients send it among the first, and to look at these takes less long than to hash its name.
    let (_, value) = metadata
        .as_ref()
        .iter()
        .find(|&(name, _)| *name == GRPC_TIMEOUT)?;
    Some(value.as_bytes())
}

/// Whether a request carries a deadline that cannot be read.
pub(crate) fn is_malformed(metadata: &MetadataMap) -> bool {
    sent(metadata).is_some_and(|value| parse(value).is_none())
}

pub(crate) static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The deadline of a call: found out when somebody asks for it, or set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Apart from `asked`, because who has the call to himself need not lock anything.
    settled: Option<Option<Instant>>,
    asked: OnceLock<Option<Instant>>,
}

impl Known {
    /// Of a call that is being made: the earlier one of what its caller set and what it inherits.
    #[inline]
    pub(crate) fn of_outgoing(metadata: &MetadataMap) -> Self {
        let (own, inherited) = (of(metadata), current());
        Self {
            settled: Some(match (own, inherited) {
                (Some(own), Some(inherited)) => Some(own.min(inherited)),
                _ => own.or(inherited),
            }),
            asked: OnceLock::new(),
        }
    }

    /// The deadline, as far as somebody has asked for it or set one.
    #[inline]
    pub(crate) fn peek(&self) -> Option<Instant> {
        self.settled.or_else(|| self.asked.get().copied()).flatten()
    }

    pub(crate) fn get(&self, metadata: &MetadataMap) -> Option<Instant> {
        self.settled
            .unwrap_or_else(|| *self.asked.get_or_init(|| of(metadata)))
    }

    /// The same as [`get`](Self::get).
    #[inline]
    pub(crate) fn settle(&mut self, metadata: &MetadataMap) -> Option<Instant> {
        let settled = self.settled.or_else(|| self.asked.get().copied());
        *self.settled.insert(settled.unwrap_or_else(|| of(metadata)))
    }

    pub(crate) fn set(&mut self, at: Instant) {
        self.settled = Some(Some(at));
    }
}

/// The deadline of a response that is read after its call has returned.
pub(crate) struct Limit {
    at: Instant,
    /// Made when there is something to wait for, which most responses spare.
    timer: Option<Pin<Box<Timer>>>,
}

impl Limit {
    pub(crate) fn new(at: Instant) -> Self {
        Self { at, timer: None }
    }

    /// What was polled of the response; `None` when its time is over.
    pub(crate) fn hold<T>(
        &mut self,
        polled: Poll<T>,
        is_message: impl FnOnce(&T) -> bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        match polled {
            // A reader that is slower than the server finds a message each time.
            Poll::Ready(item) if is_message(&item) && self.at <= Instant::now() => {
                Poll::Ready(None)
            }
            Poll::Ready(item) => Poll::Ready(Some(item)),
            Poll::Pending => {
                let at = self.at;
                let timer = self.timer.get_or_insert_with(|| Box::pin(Timer::new(at)));
                timer.as_mut().poll(cx).map(|()| None)
            }
        }
    }
}

/// How a call ends that ran out of time.
#[cold]
pub(crate) fn exceeded() -> Status {
    Status::deadline_exceeded("the deadline of the call has passed")
}

/// The grammar of `grpc-timeout` in the gRPC over HTTP/2 specification: one to eight digits and
/// one of the units `H M S m u n`.
fn parse(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) {
        return None;
    }
    let mut n: u32 = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Eight digits fit.
        n = n * 10 + u32::from(digit);
    }
    Some(match unit {
        b'H' => Duration::from_secs(u64::from(n) * 3600),
        b'M' => Duration::from_secs(u64::from(n) * 60),
        b'S' => Duration::from_secs(n.into()),
        b'm' => Duration::from_millis(n.into()),
        b'u' => Duration::from_micros(n.into()),
        b'n' => Duration::from_nanos(n.into()),
        _ => return None,
    })
}

/// A timeout, rounded up to four digits: the server should not give up before the client does. What is left of a
/// fresh deadline of five seconds is `5S` then in each call, and HPACK sends that as one byte.
pub(crate) fn format(timeout: Duration) -> HeaderValue {
    let seconds = timeout.as_secs();
    let (n, unit) = if seconds < 10_000_000 {
        let nanos = seconds * 1_000_000_000 + u64::from(timeout.subsec_nanos());
        let last_digit = 10_u64.pow(nanos.max(1).ilog10().saturating_sub(3));
        let nanos = nanos.next_multiple_of(last_digit);
        match nanos {
            _ if nanos.is_multiple_of(1_000_000_000) => (nanos / 1_000_000_000, b'S'),
            _ if nanos.is_multiple_of(1_000_000) => (nanos / 1_000_000, b'm'),
            _ if nanos.is_multiple_of(1_000) => (nanos / 1_000, b'u'),
            _ => (nanos, b'n'),
        }
    } else {
        // Its eight digits do not suffice for every number of seconds.
        let hours = seconds.saturating_add(1).div_ceil(3_600);
        (hours.min(99_999_999), b'H')
    };
    // In nearly every call it is what it was in the call before, and needs no space of its own then.
    let same = LAST.try_with(|last| {
        let mut last = last.borrow_mut();
        match &*last {
            Some((written, value)) if *written == (n, unit) => value.clone(),
            _ => last.insert(((n, unit), written(n, unit))).1.clone(),
        }
    });
    same.unwrap_or_else(|_thread_ends| written(n, unit))
}

thread_local! {
    /// The timeout that this thread wrote last.
    static LAST: RefCell<Option<((u64, u8), HeaderValue)>> = const { RefCell::new(None) };
}

fn written(mut n: u64, unit: u8) -> HeaderValue {
    // Without a `String`, which would be copied.
    let mut text = [0; 9];
    text[8] = unit;
    let mut begin = 8;
    loop {
        begin -= 1;
        text[begin] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    HeaderValue::from_bytes(&text[begin..]).unwrap_or(HeaderValue::from_static("0n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_follow_the_grammar_of_the_specification() {
        for (value, expected) in [
            ("1H", Some(Duration::from_secs(3600))),
            ("2M", Some(Duration::from_secs(120))),
            ("3S", Some(Duration::from_secs(3))),
            ("250m", Some(Duration::from_millis(250))),
            ("99999999u", Some(Duration::from_micros(99_999_999))),
            ("0n", Some(Duration::ZERO)),
            ("", None),
            ("S", None),
            ("1", None),
            ("123456789S", None),
            ("-1S", None),
            ("+1S", None),
            ("1s", None),
            ("1.5S", None),
            ("1é", None),
        ] {
            assert_eq!(parse(value.as_bytes()), expected, "{value:?}");
        }
    }

    #[test]
    fn a_timeout_is_rounded_up_to_four_digits() {
        for (timeout, expected) in [
            (Duration::ZERO, "0S"),
            (Duration::from_nanos(1), "1n"),
            (Duration::from_nanos(9_999), "9999n"),
            (Duration::from_nanos(10_001), "10010n"),
            (Duration::from_micros(1_234), "1234u"),
            (Duration::from_nanos(99_998_765), "100m"),
            (Duration::from_millis(1_999), "1999m"),
            (Duration::from_micros(1_999_001), "2S"),
            (Duration::from_millis(9_999_990), "10000S"),
            (Duration::from_secs(9_999_999), "10000000S"),
            (Duration::from_secs(10_000_000), "2778H"),
            (Duration::MAX, "99999999H"),
        ] {
            assert_eq!(format(timeout), expected, "{timeout:?}");
        }
    }

    #[test]
    fn a_timeout_is_never_shortened_and_hardly_lengthened() {
        for digits in 0..10 {
            for first in [1, 9, 1_001, 4_999, 123_456_789, 999_999_999] {
                let timeout = Duration::from_nanos(first * 10_u64.pow(digits) / 1_000);
                let sent = parse(format(timeout).as_bytes()).unwrap();
                assert!(sent >= timeout, "{timeout:?} became {sent:?}");
                assert!(
                    sent <= timeout + timeout / 999,
                    "{timeout:?} became {sent:?}"
                );
            }
        }
    }

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
