use std::sync::Arc;

use tonic::{Response, Status};

use super::held::{HeldPermit, WithPermit, is_held};
use super::limiter::{Limiter, LimiterId, Limiters, Permit};
use crate::core::chain::watched;
use crate::{Call, CallDetails, Interceptor, Next};

/// Chooses the limit of a call, for `concurrency(limiter = …)` and `load_shed(limiter = …)`. Implement it to give, for example, each tenant its own
/// limit.
///
/// ```
/// use interceptors::CallDetails;
/// use interceptors::concurrency::{Limiter, Limits};
///
/// struct Tiers {
///     paying: Limiter,
///     others: Limiter,
/// }
///
/// impl Limits for Tiers {
///     fn of(&self, call: &CallDetails) -> Limiter {
///         match call.metadata().contains_key("x-paying") {
///             true => self.paying.clone(),
///             false => self.others.clone(),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0808] `{Self}` is no limit of concurrency",
    label = "neither a `Limiter` nor `Limiters`",
    note = "keep an `interceptors::concurrency::Limiter`, or the `Limiters` of a channel"
)]
pub trait Limits: Send + Sync {
    /// The limit of this call.
    fn of(&self, call: &CallDetails) -> Limiter;
}

/// One for all.
impl Limits for Limiter {
    fn of(&self, _call: &CallDetails) -> Limiter {
        self.clone()
    }
}

/// One for each method or service.
impl Limits for Limiters {
    fn of(&self, call: &CallDetails) -> Limiter {
        self.limiter(call)
    }
}

macro_rules! forward_to_the_limits_behind {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<L: Limits + ?Sized> Limits for $pointer {
            fn of(&self, call: &CallDetails) -> Limiter {
                (**self).of(call)
            }
        }
    )*};
}

forward_to_the_limits_behind!(&L, Arc<L>);

/// Limits how many calls run at once. The other calls wait. The interceptor behind `concurrency`.
///
/// The attribute makes it from the settings of the entry. Make one yourself if a list needs two: `concurrency` can be listed only once, but `with`
/// several times.
///
/// ```
/// use std::sync::LazyLock;
///
/// use interceptors::concurrency::{Capacity, Concurrency, Limiter};
/// use interceptors::intercept;
///
/// static ALL: LazyLock<Limiter> = LazyLock::new(|| Limiter::new(&Capacity::max(500)));
///
/// #[intercept(server, with(Concurrency::new(&*ALL)), concurrency(max = 100))]
/// struct Inbound;
/// # let _ = Inbound.layer();
/// ```
#[derive(Debug)]
pub struct Concurrency<'a, L> {
    limits: &'a L,
}

impl<'a, L: Limits> Concurrency<'a, L> {
    /// Uses these limits.
    pub const fn new(limits: &'a L) -> Self {
        Self { limits }
    }

    /// A permit. `None` for a call that shares its caller's permit.
    #[inline]
    fn enter(&self, call: &CallDetails) -> Result<Option<Permit>, Limiter> {
        let limiter = self.limits.of(call);
        match is_held(&limiter) {
            true => Ok(None),
            false => limiter.try_enter().map(Some),
        }
    }
}

impl<L: Limits, Req: Send, Res: Send> Interceptor<Req, Res> for Concurrency<'_, L> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let permit = match self.enter(call) {
            Ok(permit) => permit,
            // Boxed, so that calls that do not wait have no space for a timer.
            Err(limiter) => Some(Box::pin(limiter.enter(call.deadline())).await?),
        };
        let (place, limiter) = hold(permit, call);
        watched(&mut WithPermit { limiter, next }, call, place).await
    }
}

/// Prepares a call to run with its permit.
fn hold<Req>(permit: Option<Permit>, call: &mut Call<Req>) -> (HeldPermit, Option<LimiterId>) {
    if permit.as_ref().is_some_and(Permit::is_adaptive) {
        // The time in which the client sends nothing must not count as load.
        call.measure_waits();
    }
    let place = HeldPermit::new(permit, call.side());
    let limiter = place.limiter();
    (place, limiter)
}

/// Limits how many calls run at once. The other calls are rejected. The interceptor behind `load_shed`.
///
/// The attribute makes it from the settings of the entry. Make one yourself if a list needs two: `load_shed` can be listed only once, but `with`
/// several times.
///
/// ```
/// use std::sync::LazyLock;
///
/// use interceptors::concurrency::{Capacity, Limiter, LoadShed};
/// use interceptors::intercept;
///
/// static ALL: LazyLock<Limiter> =
///     LazyLock::new(|| Limiter::new(&Capacity::max(500).queue(0)));
///
/// #[intercept(server, with(LoadShed::new(&*ALL)), load_shed(max = 100))]
/// struct Inbound;
/// # let _ = Inbound.layer();
/// ```
#[derive(Debug)]
pub struct LoadShed<'a, L> {
    limits: &'a L,
}

impl<'a, L: Limits> LoadShed<'a, L> {
    /// Uses these limits.
    pub const fn new(limits: &'a L) -> Self {
        Self { limits }
    }

    #[inline]
    fn enter(&self, call: &CallDetails) -> Result<Option<Permit>, Status> {
        let limiter = self.limits.of(call);
        if is_held(&limiter) {
            return Ok(None);
        }
        let entered = limiter.try_enter().map(Some);
        entered.map_err(|limiter| limiter.refusal())
    }
}

impl<L: Limits, Req: Send, Res: Send> Interceptor<Req, Res> for LoadShed<'_, L> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let (place, limiter) = hold(self.enter(call)?, call);
        watched(&mut WithPermit { limiter, next }, call, place).await
    }
}
