use std::sync::Arc;

use interceptors::retry::{Config, Retry, Throttle};
use interceptors::{Call, Interceptor, Next};
use tonic::{Response, Status};

/// Retries as the test says that has it: what `retry` with the same settings does.
#[derive(Debug, Clone)]
pub struct Policy {
    config: Option<Arc<Config>>,
    throttle: Option<Arc<Throttle>>,
}

impl Policy {
    /// Retries as configured.
    pub fn new(config: Config) -> Self {
        Self {
            config: Some(Arc::new(config)),
            throttle: None,
        }
    }

    /// Does not retry.
    pub fn none() -> Self {
        Self {
            config: None,
            throttle: None,
        }
    }

    /// Adds a throttle, which the clones share.
    #[must_use]
    pub fn throttle(mut self, tokens: u32, ratio: f64) -> Self {
        self.throttle = Some(Arc::new(Throttle::new(tokens, ratio)));
        self
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Policy {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let Some(config) = &self.config else {
            return next.run(call).await;
        };
        let retry = Retry::new(config);
        match &self.throttle {
            Some(throttle) => retry.throttle(throttle).intercept(call, next).await,
            None => retry.intercept(call, next).await,
        }
    }
}
