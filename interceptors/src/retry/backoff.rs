use std::time::Duration;

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

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn delay_without_jitter(base: u64, multiplier: f64, max: u64, n: u32) -> Duration {
        delay(MS(base), multiplier, MS(max), 0.2, n, 0.5)
    }

    #[test]
    fn delays_grow_and_are_capped() {
        let delays: Vec<_> = (1..=5)
            .map(|n| delay_without_jitter(100, 2.0, 500, n))
            .collect();
        assert_eq!(delays, [MS(100), MS(200), MS(400), MS(500), MS(500)]);
    }

    #[test]
    fn jitter_is_20_percent_and_applies_after_the_cap() {
        let at = |random| delay(MS(100), 2.0, MS(300), 0.2, 9, random);
        assert_eq!((at(0.0), at(1.0)), (MS(240), MS(360)));
    }

    #[test]
    fn base_delay_above_the_cap_is_capped() {
        assert_eq!(delay_without_jitter(900, 2.0, 300, 1), MS(300));
    }

    #[test]
    fn multiplier_below_one_shrinks_the_delay() {
        assert_eq!(delay_without_jitter(100, 0.5, 300, 3), MS(25));
    }

    #[test]
    fn large_retry_counts_do_not_overflow() {
        assert_eq!(delay_without_jitter(100, 10.0, 300, u32::MAX), MS(300));
    }
}
