use std::time::Duration;

use tonic::metadata::MetadataMap;

/// The delay before retry `n` (1 for the first), with `random` from 0 to 1: gRFC A6, "Exponential
/// Backoff". Jitter comes after the cap, so the result may be a little over `max`.
pub(crate) fn delay(
    base: Duration,
    multiplier: f64,
    max: Duration,
    jitter: f64,
    n: u32,
    random: f64,
) -> Duration {
    let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
    let grown = base.as_secs_f64() * multiplier.powi(exponent);
    let capped = grown.min(max.as_secs_f64());
    let factor = 1.0 - jitter + 2.0 * jitter * random;
    Duration::try_from_secs_f64(capped * factor).unwrap_or(max)
}

/// What the other side says about retrying.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Pushback {
    /// Nothing.
    None,
    /// Retry after exactly this long.
    After(Duration),
    /// Do not retry.
    Stop,
}

/// `grpc-retry-pushback-ms` is a signed 32-bit number in ASCII. What is negative or unreadable
/// says that there is to be no retry (A6); of several values the last one counts, as in grpc-core
/// and grpc-java.
pub(crate) fn pushback(metadata: &MetadataMap) -> Pushback {
    let Some(value) = metadata
        .as_ref()
        .get_all("grpc-retry-pushback-ms")
        .iter()
        .next_back()
    else {
        return Pushback::None;
    };
    let millis: Option<i32> = value.to_str().ok().and_then(|text| text.parse().ok());
    match millis.map(u64::try_from) {
        Some(Ok(millis)) => Pushback::After(Duration::from_millis(millis)),
        _ => Pushback::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn middle(base: u64, multiplier: f64, max: u64, n: u32) -> Duration {
        delay(MS(base), multiplier, MS(max), 0.2, n, 0.5)
    }

    #[test]
    fn delays_grow_and_are_capped() {
        let delays: Vec<_> = (1..=5).map(|n| middle(100, 2.0, 500, n)).collect();
        assert_eq!(delays, [MS(100), MS(200), MS(400), MS(500), MS(500)]);
    }

    #[test]
    fn jitter_is_a_fifth_and_comes_after_the_cap() {
        let at = |random| delay(MS(100), 2.0, MS(300), 0.2, 9, random);
        assert_eq!((at(0.0), at(1.0)), (MS(240), MS(360)));
    }

    #[test]
    fn a_base_over_the_cap_is_capped_at_once() {
        assert_eq!(middle(900, 2.0, 300, 1), MS(300));
    }

    #[test]
    fn a_multiplier_under_one_shrinks() {
        assert_eq!(middle(100, 0.5, 300, 3), MS(25));
    }

    #[test]
    fn no_number_of_retries_overflows() {
        assert_eq!(middle(100, 10.0, 300, u32::MAX), MS(300));
    }

    #[test]
    fn pushback_is_read_as_a6_says() {
        for (values, expected) in [
            (&[] as &[&str], Pushback::None),
            (&["500"], Pushback::After(MS(500))),
            (&["0"], Pushback::After(MS(0))),
            (&["-1"], Pushback::Stop),
            (&["abc"], Pushback::Stop),
            (&[""], Pushback::Stop),
            (&["100.5"], Pushback::Stop),
            (&["4294967296"], Pushback::Stop),
            (&["0100"], Pushback::After(MS(100))),
            (&["100", "300"], Pushback::After(MS(300))),
        ] {
            let mut metadata = MetadataMap::new();
            for value in values {
                metadata.append("grpc-retry-pushback-ms", value.parse().unwrap());
            }
            assert_eq!(pushback(&metadata), expected, "{values:?}");
        }
    }
}
