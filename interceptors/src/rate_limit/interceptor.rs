use std::time::Duration;

use governor::clock::Clock;
use tonic::{Response, Status};

use super::{Key, Limiter};
use crate::kit::refusal;
use crate::{Call, CallDetails, Interceptor, Next};

/// Limits how many calls pass in a second or a minute: the interceptor behind `rate_limit`.
///
/// The attribute makes it from the settings of the entry. Make one yourself if a list needs two: `rate_limit` can be listed only once, but `with`
/// several times.
///
/// ```
/// use std::sync::LazyLock;
///
/// use interceptors::intercept;
/// use interceptors::rate_limit::{ByPeer, Rate, RateLimit, Limiter};
///
/// static PEERS: LazyLock<Limiter> = LazyLock::new(|| Limiter::new(&Rate::per_minute(60)));
///
/// #[intercept(server, with(RateLimit::new(&PEERS, ByPeer)), rate_limit(per_second = 200))]
/// struct Inbound;
/// # let _ = Inbound.layer();
/// ```
#[derive(Debug)]
pub struct RateLimit<'a, C: Clock, K> {
    limiter: &'a Limiter<C>,
    key: K,
}

impl<'a, C: Clock, K: Key> RateLimit<'a, C, K> {
    /// Limits calls. Calls with the same key share a limit.
    pub const fn new(limiter: &'a Limiter<C>, key: K) -> Self {
        Self { limiter, key }
    }
}

impl<C, K, Req, Res> Interceptor<Req, Res> for RateLimit<'_, C, K>
where
    C: Clock + Send + Sync,
    K: Key,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.admit(call)?;
        next.run(call).await
    }
}

impl<C: Clock, K: Key> RateLimit<'_, C, K> {
    /// Does not depend on the message, so it is compiled once for each kind of key.
    #[inline]
    fn admit(&self, call: &CallDetails) -> Result<(), Status> {
        let key = self.key.of(call, self.limiter.hasher());
        self.limiter.check(key).map_err(exhausted)
    }
}

pub(super) fn exhausted(wait: Duration) -> Status {
    refusal::exhausted("rate limit exceeded", wait)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;
    use std::sync::Barrier;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::*;
    use crate::rate_limit::Rate;

    #[test]
    fn burst_passes_and_then_the_rate_applies() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(&Rate::per_second(10).burst(3), clock.clone());
        for _ in 0..3 {
            limiter.check(Some(1)).unwrap();
        }
        assert_eq!(limiter.check(Some(1)), Err(Duration::from_millis(100)));
        assert_eq!(
            limiter.check(Some(2)),
            Ok(()),
            "another key has its own limit"
        );
        clock.advance(Duration::from_millis(100));
        assert_eq!(limiter.check(Some(1)), Ok(()));
        assert!(limiter.check(Some(1)).is_err());
    }

    #[test]
    fn calls_without_a_key_have_their_own_limit() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::with_clock(&Rate::per_second(10).burst(3), clock.clone());
        for _ in 0..3 {
            assert_eq!(limiter.check(None), Ok(()));
        }
        assert_eq!(limiter.check(None), Err(Duration::from_millis(100)));
        // The clock stands still, so rejected calls use up nothing.
        assert_eq!(limiter.check(None), Err(Duration::from_millis(100)));
        clock.advance(Duration::from_millis(40));
        assert_eq!(limiter.check(None), Err(Duration::from_millis(60)));
        clock.advance(Duration::from_millis(60));
        assert_eq!(limiter.check(None), Ok(()));
        assert_eq!(limiter.check(None), Err(Duration::from_millis(100)));
        clock.advance(Duration::from_secs(60));
        let burst = std::iter::repeat_with(|| limiter.check(None)).take(10);
        assert_eq!(
            burst.filter(Result::is_ok).count(),
            3,
            "not more after a pause"
        );

        assert_eq!(
            limiter.check(Some(0)),
            Ok(()),
            "key 0 is not the missing key"
        );
        assert_eq!(limiter.keys(), 1);
    }

    #[test]
    fn flood_of_keys_does_not_limit_calls_without_a_key() {
        let limiter = Limiter::with_clock(
            &Rate::per_second(1).burst(2).max_keys(16),
            FakeRelativeClock::default(),
        );
        for n in 0..1_000_u64 {
            let _ = limiter.check(Some(limiter.hasher().hash_one(n)));
        }
        assert_eq!(limiter.check(None), Ok(()));
        assert_eq!(limiter.check(None), Ok(()));
        assert_eq!(limiter.check(None), Err(Duration::from_secs(1)));
    }

    /// How many calls of 8 threads pass while the clock stands still.
    fn passed_at_once(limiter: &Limiter<FakeRelativeClock>, key: Option<u64>) -> usize {
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            let threads: Vec<_> = std::iter::repeat_with(|| {
                scope.spawn(|| {
                    start.wait();
                    let checks = std::iter::repeat_with(|| limiter.check(key));
                    checks.take(1_000).filter(Result::is_ok).count()
                })
            })
            .take(8)
            .collect();
            let passed = threads.into_iter().map(|thread| thread.join().unwrap());
            passed.sum()
        })
    }

    #[test]
    fn concurrent_calls_pass_exactly_up_to_the_limit() {
        for key in [None, Some(7)] {
            let clock = FakeRelativeClock::default();
            let config = Rate::per_second(100).burst(3_000);
            let limiter = Limiter::with_clock(&config, clock.clone());
            assert_eq!(passed_at_once(&limiter, key), 3_000);
            assert_eq!(passed_at_once(&limiter, key), 0);
            clock.advance(Duration::from_secs(2));
            assert_eq!(passed_at_once(&limiter, key), 200);
        }
    }

    #[test]
    fn flood_of_keys_is_bounded_and_recovers() {
        let clock = FakeRelativeClock::default();
        let config = Rate::per_second(1).max_keys(1_000);
        let limiter = Limiter::with_clock(&config, clock.clone());
        let keys: HashSet<u64> = (0..100_000).map(|n| limiter.hasher().hash_one(n)).collect();
        let passed = keys
            .iter()
            .filter(|key| limiter.check(Some(**key)).is_ok())
            .count();
        assert!(limiter.keys() <= 1_008, "{} keys", limiter.keys());
        assert!(passed <= 1_008 + 16, "{passed} passed");
        clock.advance(Duration::from_secs(2));
        let fresh = limiter.hasher().hash_one("fresh");
        let _ = limiter.check(Some(fresh));
        assert!(limiter.keys() <= 1, "refilled keys are removed");
        assert_eq!(limiter.check(Some(fresh)), Ok(()));
    }

    #[test]
    fn status_has_pushback_and_retry_info() {
        let status = exhausted(Duration::from_nanos(1_500_001));
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(
            status.metadata().get("grpc-retry-pushback-ms").unwrap(),
            "2"
        );
        let retry_info = status.get_details_retry_info().unwrap();
        assert_eq!(retry_info.retry_delay, Some(Duration::from_millis(2)));
    }
}
