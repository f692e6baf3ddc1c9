use std::sync::Arc;

use tonic::{Response, Status};

use super::breaker::{Admitted, CircuitBreaker, CircuitBreakers, ProbeEnd};
use crate::{Call, CallDetails, Interceptor, Next};

/// Chooses the breaker of a call, for `circuit_breaker(breaker = …)`. Implement it to give, for example, each tenant its own breaker.
///
/// ```
/// use interceptors::CallDetails;
/// use interceptors::circuit_breaker::{Breakers, CircuitBreaker};
///
/// struct Regions {
///     near: CircuitBreaker,
///     far: CircuitBreaker,
/// }
///
/// impl Breakers for Regions {
///     fn of(&self, call: &CallDetails) -> CircuitBreaker {
///         match call.metadata().contains_key("x-far") {
///             true => self.far.clone(),
///             false => self.near.clone(),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0807] `{Self}` is no circuit breaker",
    label = "neither a `CircuitBreaker` nor `CircuitBreakers`",
    note = "keep an `interceptors::circuit_breaker::CircuitBreaker`, or the `CircuitBreakers` of a channel"
)]
pub trait Breakers: Send + Sync {
    /// The breaker of this call.
    fn of(&self, call: &CallDetails) -> CircuitBreaker;
}

/// One for all.
impl Breakers for CircuitBreaker {
    fn of(&self, _call: &CallDetails) -> CircuitBreaker {
        self.clone()
    }
}

/// One for each method or service.
impl Breakers for CircuitBreakers {
    fn of(&self, call: &CallDetails) -> CircuitBreaker {
        self.breaker(call)
    }
}

macro_rules! forward_to_the_breakers_behind {
    ($($pointer:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<B: Breakers + ?Sized> Breakers for $pointer {
            fn of(&self, call: &CallDetails) -> CircuitBreaker {
                (**self).of(call)
            }
        }
    )*};
}

forward_to_the_breakers_behind!(&B, Arc<B>);

/// Rejects calls while a breaker is open: the interceptor behind `circuit_breaker`.
///
/// The attribute makes it from the settings of the entry. Make one yourself to test other interceptors together with it.
///
/// ```
/// use interceptors::circuit_breaker::{BreakCircuit, CircuitBreaker, Thresholds};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let breaker = CircuitBreaker::new(&Thresholds::new().failures(3));
/// let interceptor = BreakCircuit::new(&breaker);
/// # let _ = interceptor;
/// # }
/// ```
#[derive(Debug)]
pub struct BreakCircuit<'a, B> {
    breakers: &'a B,
}

impl<'a, B: Breakers> BreakCircuit<'a, B> {
    /// Uses these breakers.
    pub const fn new(breakers: &'a B) -> Self {
        Self { breakers }
    }
}

impl<B: Breakers, Req: Send, Res: Send> Interceptor<Req, Res> for BreakCircuit<'_, B> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match self.breakers.of(call).enter(call)? {
            Admitted::Closed(watch) => next.observe(call, watch).await,
            Admitted::HalfOpen(probe) => {
                let observer = ProbeEnd(Arc::clone(&probe));
                let result = next.observe(call, observer).await;
                // A response of another interceptor says nothing about the server.
                if result.is_ok() && call.is_sent() {
                    probe.answered();
                }
                result
            }
        }
    }
}
