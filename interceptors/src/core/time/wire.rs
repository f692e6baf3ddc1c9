//! `grpc-timeout` in a request's headers.

use std::cell::RefCell;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

/// The deadline of a request that arrives now.
#[inline]
pub(crate) fn deadline_of(metadata: &MetadataMap) -> Option<Instant> {
    let timeout = parse(sent(metadata)?)?;
    Instant::now().checked_add(timeout)
}

#[inline]
fn sent(metadata: &MetadataMap) -> Option<&[u8]> {
    if metadata.is_empty() {
        return None;
    }
    // Clients send it among the first headers. A scan takes less time than a hash of the name.
    let (_, value) = metadata
        .as_ref()
        .iter()
        .find(|&(name, _)| *name == GRPC_TIMEOUT)?;
    Some(value.as_bytes())
}

/// Whether a request has a deadline that cannot be parsed.
pub fn is_malformed(metadata: &MetadataMap) -> bool {
    sent(metadata).is_some_and(|value| parse(value).is_none())
}

pub(crate) static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

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
        // Eight digits cannot overflow.
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

/// A timeout, rounded up to four digits, so that the server does not give up before the client. A fresh deadline of
/// five seconds then stays `5S` in each call, which HPACK sends as one byte.
pub(crate) fn format_timeout(timeout: Duration) -> HeaderValue {
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
        // Eight digits are not enough for every number of seconds.
        let hours = seconds.saturating_add(1).div_ceil(3_600);
        (hours.min(99_999_999), b'H')
    };
    // It is usually the same as in the call before. Then it needs no allocation.
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
    /// The timeout that this thread formatted last.
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
    fn timeouts_follow_the_grpc_grammar() {
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
    fn timeouts_are_rounded_up_to_four_digits() {
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
            assert_eq!(format_timeout(timeout), expected, "{timeout:?}");
        }
    }

    #[test]
    fn rounding_never_shortens_and_barely_lengthens_a_timeout() {
        for digits in 0..10 {
            for first in [1, 9, 1_001, 4_999, 123_456_789, 999_999_999] {
                let timeout = Duration::from_nanos(first * 10_u64.pow(digits) / 1_000);
                let sent = parse(format_timeout(timeout).as_bytes()).unwrap();
                assert!(sent >= timeout, "{timeout:?} became {sent:?}");
                assert!(
                    sent <= timeout + timeout / 999,
                    "{timeout:?} became {sent:?}"
                );
            }
        }
    }
}
