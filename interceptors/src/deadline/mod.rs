//! Until when a call may take: `grpc-timeout`, what is left of it, and who inherits that.
//!
//! A deadline is set by the caller (`Request::set_timeout`), by the entry `deadline("2s")` of a client
//! where the caller set none, or inherited: a call that is made while a handler of an intercepted
//! service runs has no longer than the call that the handler serves. The earliest of them counts.
//!
//! Each attempt of a call tells the server, in `grpc-timeout`, what is left at that moment. The client
//! does not wait for the server to keep to it: when the time is over the call ends with
//! `DEADLINE_EXCEEDED`, a response stream too, and no attempt starts after that.
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
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tonic::Status;
use tonic::metadata::MetadataMap;

#[cfg(feature = "deadline")]
mod interceptor;
#[cfg(feature = "deadline")]
pub use interceptor::{Config, Deadline};

thread_local! {
    static CURRENT: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The deadline of the call that the running handler serves, if it has one.
#[must_use]
pub fn current() -> Option<Instant> {
    CURRENT.get()
}

/// Runs a future under a deadline that calls made in it inherit. The future itself is not ended by it.
pub fn scope<F: Future>(at: Instant, future: F) -> Scope<F> {
    inherited(Some(at), future)
}

pub(crate) fn inherited<F: Future>(at: Option<Instant>, future: F) -> Scope<F> {
    Scope { at, future }
}

pin_project_lite::pin_project! {
    /// See [`scope`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct Scope<F> {
        at: Option<Instant>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.at.map(enter);
        this.future.poll(cx)
    }
}

/// Puts a deadline in force until what it gives is dropped.
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
    fn drop(&mut self) {
        CURRENT.set(self.before);
    }
}

/// The deadline that a request carries.
pub(crate) fn of(metadata: &MetadataMap, now: impl FnOnce() -> Instant) -> Option<Instant> {
    let value = metadata.as_ref().get(GRPC_TIMEOUT)?;
    now().checked_add(parse(value.to_str().ok()?)?)
}

pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// How a call ends that ran out of time.
pub(crate) fn exceeded() -> Status {
    Status::deadline_exceeded("the deadline of the call has passed")
}

/// The grammar of `grpc-timeout` in the gRPC over HTTP/2 specification: one to eight digits and
/// one of the units `H M S m u n`.
fn parse(value: &str) -> Option<Duration> {
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let n: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(n * 3600),
        "M" => Duration::from_secs(n * 60),
        "S" => Duration::from_secs(n),
        "m" => Duration::from_millis(n),
        "u" => Duration::from_micros(n),
        "n" => Duration::from_nanos(n),
        _ => return None,
    })
}

/// A timeout in the finest unit that fits into eight digits. Rounded up: the server should not give up
/// before the client does.
#[cfg(feature = "client")]
pub(crate) fn format(timeout: Duration) -> String {
    const MOST: u128 = 99_999_999;
    let nanos = timeout.as_nanos();
    let units = [
        (1, 'n'),
        (1_000, 'u'),
        (1_000_000, 'm'),
        (1_000_000_000, 'S'),
        (60_000_000_000, 'M'),
        (3_600_000_000_000, 'H'),
    ];
    for (unit, letter) in units {
        let n = nanos.div_ceil(unit);
        if n <= MOST {
            return format!("{n}{letter}");
        }
    }
    format!("{MOST}H")
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
            assert_eq!(parse(value), expected, "{value:?}");
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_timeout_is_written_in_the_finest_unit_that_fits() {
        for (timeout, expected) in [
            (Duration::ZERO, "0n"),
            (Duration::from_nanos(99_999_999), "99999999n"),
            (Duration::from_millis(100), "100000u"),
            (Duration::from_nanos(100_000_001), "100001u"),
            (Duration::from_secs(2), "2000000u"),
            (Duration::from_secs(100), "100000m"),
            (Duration::from_secs(100_000), "100000S"),
            (Duration::from_secs(u64::MAX), "99999999H"),
        ] {
            assert_eq!(format(timeout), expected, "{timeout:?}");
            if timeout < Duration::from_secs(3_600 * 99_999_999) {
                assert!(parse(expected).unwrap() >= timeout);
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
