use interceptors::retry::{Retry, Throttle};
use interceptors::{Call, Interceptor, Next};
use tonic::{Response, Status};

/// Retries as the test says that has it: what `retry` with the same settings does.
#[derive(Debug, Clone)]
pub struct Policy(Option<Retry>);

impl Policy {
    /// Retries like this.
    pub fn new(retry: Retry) -> Self {
        Self(Some(retry))
    }

    /// Does not retry.
    pub fn none() -> Self {
        Self(None)
    }

    /// Adds a throttle, which the clones share. It is never freed, as a throttle in a `static` is not.
    #[must_use]
    pub fn throttle(self, tokens: u32, ratio: f64) -> Self {
        let throttle = Box::leak(Box::new(Throttle::new(tokens, ratio)));
        Self(self.0.map(|retry| retry.throttle(throttle)))
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Policy {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match &self.0 {
            Some(retry) => retry.intercept(call, next).await,
            None => next.run(call).await,
        }
    }
}
