use tonic::{Response, Status};

use super::log::Config;
use super::messages::{WriteRequest, WriteResponse};
use crate::{Call, Interceptor, Next};

/// The interceptor behind `payload`. See the [module documentation](super).
#[derive(Debug)]
pub struct Payload<'a, Q, P> {
    config: &'a Config,
    request: Q,
    response: P,
}

impl<'a, Q, P> Payload<'a, Q, P> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(config: &'a Config, request: Q, response: P) -> Self {
        Self {
            config,
            request,
            response,
        }
    }
}

impl<Q, P, Req, Res> Interceptor<Req, Res> for Payload<'_, Q, P>
where
    Q: WriteRequest<Req>,
    P: WriteResponse<Res>,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if !self.config.is_enabled() {
            return next.run(call).await;
        }
        self.request.write(*self.config, call);
        let response = next.run(call).await?;
        Ok(self.response.write(*self.config, call, response))
    }
}
