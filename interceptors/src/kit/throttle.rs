use std::sync::atomic::{AtomicU32, Ordering};

/// The throttle of gRFC A6: a number of tokens. A failure removes one token, and a success adds a part of one. While half of the maximum or less is
/// left, there are no retries and no hedged attempts.
///
/// `retry::Throttle` and `hedge::Throttle` are the same type. It is in both modules because each feature works without the other, and because
/// gRFC A6 lets retries and hedging of one server share a throttle:
///
/// ```
/// use interceptors::hedge::Hedge;
/// use interceptors::retry::{Retry, Throttle};
///
/// static THROTTLE: Throttle = Throttle::new(10, 0.1);
///
/// let retry = Retry::new().throttle(&THROTTLE);
/// let hedge = Hedge::new().throttle(&THROTTLE);
/// # let _ = (retry, hedge);
/// ```
// Counted in thousandths of a token, so that it is one atomic number.
#[derive(Debug)]
pub struct Throttle {
    count: AtomicU32,
    max: u32,
    ratio: u32,
}

impl Throttle {
    /// A full throttle with this number of tokens, from 1 to 1000. A success adds `ratio` of a token, at least 0.001. Decimals of `ratio` after the
    /// third are ignored, as in A6.
    ///
    /// # Panics
    ///
    /// If `tokens` or `ratio` is out of range. In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub const fn new(tokens: u32, ratio: f64) -> Self {
        let (tokens, ratio) = (Self::legal_tokens(tokens), Self::legal_ratio(ratio));
        let ratio = (ratio * 1000.0) as u32;
        Self {
            count: AtomicU32::new(tokens * 1000),
            max: tokens * 1000,
            ratio,
        }
    }

    /// For the attribute, so that the compiler reports the error at the value.
    #[doc(hidden)]
    #[must_use]
    pub const fn legal_tokens(tokens: u32) -> u32 {
        assert!(
            1 <= tokens && tokens <= 1000,
            "[I0402] `tokens` must be from 1 to 1000"
        );
        tokens
    }

    /// For the attribute, so that the compiler reports the error at the value.
    #[doc(hidden)]
    #[must_use]
    pub const fn legal_ratio(ratio: f64) -> f64 {
        assert!(ratio >= 0.001, "[I0402] `ratio` must be at least 0.001");
        ratio
    }

    /// Takes a token for a retryable failure. Returns whether the rest allows a retry.
    pub(crate) fn fail(&self) -> bool {
        let take = |count: u32| Some(count.saturating_sub(1000));
        let before = self
            .count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let (Ok(before) | Err(before)) = before;
        before.saturating_sub(1000) > self.max / 2
    }

    /// Whether another attempt is allowed after a failure that takes no token.
    pub(crate) fn allows(&self) -> bool {
        self.count.load(Ordering::Relaxed) > self.max / 2
    }

    pub(crate) fn succeed(&self) {
        if self.count.load(Ordering::Relaxed) < self.max {
            let add = |count: u32| Some(count.saturating_add(self.ratio).min(self.max));
            let _ = self
                .count
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_stop_at_half_of_the_tokens() {
        let throttle = Throttle::new(4, 0.5);
        assert!(throttle.fail());
        assert!(!throttle.fail(), "2 of 4 left");
        throttle.succeed();
        throttle.succeed();
        throttle.succeed();
        assert!(throttle.fail(), "2.5 of 4 left");
    }

    #[test]
    fn token_count_stays_between_zero_and_the_maximum() {
        let throttle = Throttle::new(2, 1000.0);
        for _ in 0..10 {
            assert!(!throttle.fail());
        }
        for _ in 0..10 {
            throttle.succeed();
        }
        assert_eq!(throttle.count.load(Ordering::Relaxed), 2000);
    }
}
