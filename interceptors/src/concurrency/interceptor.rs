use std::sync::Arc;

use tonic::{Response, Status};

use super::limiter::{Limiter, Limiters, Permit};
use crate::{Call, CallDetails, Interceptor, Next};

/// Which limit a call is held to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no limit of concurrency",
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

/// The interceptor behind `concurrency`. See the [module documentation](super).
#[derive(Debug)]
pub struct Concurrency<'a, L> {
    limits: &'a L,
}

impl<'a, L: Limits> Concurrency<'a, L> {
    /// Lets calls wait that find no place.
    pub const fn new(limits: &'a L) -> Self {
        Self { limits }
    }

    #[inline]
    fn enter(&self, call: &CallDetails) -> Result<Permit, Limiter> {
        self.limits.of(call).try_enter()
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
            // Boxed, so that calls that need not wait keep no place for a timer.
            Err(limiter) => Box::pin(limiter.enter(call.deadline())).await?,
        };
        if permit.is_adaptive() {
            // Senders take their time.
            call.measure_waits();
        }
        next.observe(call, permit).await
    }
}

/// The interceptor behind `load_shed`. See the [module documentation](super).
#[derive(Debug)]
pub struct LoadShed<'a, L> {
    limits: &'a L,
}

impl<'a, L: Limits> LoadShed<'a, L> {
    /// Refuses calls that find no place.
    pub const fn new(limits: &'a L) -> Self {
        Self { limits }
    }

    #[inline]
    fn enter(&self, call: &CallDetails) -> Result<Permit, Status> {
        let limiter = self.limits.of(call);
        limiter.try_enter().map_err(|limiter| limiter.refusal())
    }
}

impl<L: Limits, Req: Send, Res: Send> Interceptor<Req, Res> for LoadShed<'_, L> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let permit = self.enter(call)?;
        if permit.is_adaptive() {
            // Senders take their time.
            call.measure_waits();
        }
        next.observe(call, permit).await
    }
}
