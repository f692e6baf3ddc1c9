use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, PoisonError, RwLock};

use super::super::{Limiter, Rate};
use super::Bucket;
use super::store::{Decision, Store, StoreError};

/// A [`Store`] inside the process. With it, entries of several services can share a limit by `name`, and tests need no Redis.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::rate_limit::Local;
/// # use interceptors_proto::guide::user_service_server::UserService;
/// # use interceptors_proto::guide::{GetUserRequest, User};
/// # use tonic::{Request, Response, Status};
///
/// struct Users {
///     limits: Local,
/// }
///
/// #[intercept(rate_limit(per_second = 5, key = peer, store = self.limits, name = "customers"))]
/// # #[tonic::async_trait]
/// # impl UserService for Users {
/// #     async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
/// #         Ok(Response::new(User::default()))
/// #     }
/// # }
/// # let _ = Users { limits: Local::new() }.limits;
/// ```
///
/// Clones share one store.
#[derive(Clone, Default)]
pub struct Local(Arc<RwLock<Vec<(Settings, Limiter)>>>);

/// Entries with equal settings share their limits.
type Settings = (u32, u64, u32, usize);

impl Local {
    /// A store with full buckets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls `ask` with the limiter for these settings.
    fn with<T>(&self, limit: &Rate, ask: impl Fn(&Limiter) -> T) -> T {
        let settings = (
            limit.calls(),
            limit.period().as_secs(),
            limit.burst_size(),
            limit.keys(),
        );
        let find = |limiters: &[(Settings, Limiter)]| {
            let found = limiters.iter().find(|(known, _)| *known == settings);
            found.map(|(_, limiter)| ask(limiter))
        };
        let known = find(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        known.unwrap_or_else(|| {
            let mut limiters = self.0.write().unwrap_or_else(PoisonError::into_inner);
            // Another thread may have inserted it meanwhile.
            if let Some(answer) = find(&limiters) {
                return answer;
            }
            let limiter = Limiter::new(limit);
            let answer = ask(&limiter);
            limiters.push((settings, limiter));
            answer
        })
    }
}

impl Store for Local {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        let limit = bucket.limit();
        let limit = limit.ok_or_else(|| StoreError::new("`Local` has no limits of its own"))?;
        let checked = self.with(limit, |limiter| {
            let key = limiter.hasher().hash_one(bucket.id());
            limiter.check(Some(key))
        });
        Ok(match checked {
            Ok(()) => Decision::allowed(),
            Err(wait) => Decision::denied(wait),
        })
    }
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").finish_non_exhaustive()
    }
}
