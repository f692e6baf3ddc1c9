use tonic::{Response, Status};

use super::log::PayloadSettings;
use super::messages::{WriteRequest, WriteResponse};
use crate::core::frame::{Looks, Seen};
use crate::{Call, Interceptor, Next};

/// The interceptor behind `payload`. Only the attribute can make it, because it writes the closures for the fields.
#[doc(hidden)]
#[derive(Debug)]
pub struct Payload<'a, Q, P> {
    config: &'a PayloadSettings,
    request: Q,
    response: P,
}

impl<'a, Q, P> Payload<'a, Q, P> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(config: &'a PayloadSettings, request: Q, response: P) -> Self {
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
        let (name, request) = call.name_and_message();
        self.request.write(*self.config, name, request);
        let response = next.run(call).await?;
        Ok(response.map(|body| self.response.write(*self.config, call.name(), body)))
    }
}

#[doc(hidden)]
impl<Q, P, M, B> Looks<M, B> for Payload<'_, Q, P>
where
    Q: WriteRequest<M>,
    P: WriteResponse<B>,
{
    fn look(&self, seen: Seen<'_, M, B>) -> Result<(), Status> {
        if !self.config.is_enabled() {
            return Ok(());
        }
        let name = seen.look.details().name();
        match seen.is_on_way_in() {
            true => self.request.write(*self.config, name, seen.request),
            false => {
                let body = seen.reply.take();
                *seen.reply = body.map(|body| self.response.write(*self.config, name, body));
            }
        }
        Ok(())
    }
}
