use tonic::{Response, Status};

use crate::core::call::Call;
use crate::core::chain::{Interceptor, Next};

/// An interceptor that runs only for some calls.
#[derive(Debug)]
pub struct Selected<I>(Option<I>);

impl<I> Selected<I> {
    #[doc(hidden)]
    pub const fn new(interceptor: Option<I>) -> Self {
        Self(interceptor)
    }
}

impl<I, Req, Res> Interceptor<Req, Res> for Selected<I>
where
    I: Interceptor<Req, Res>,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match &self.0 {
            Some(interceptor) => interceptor.intercept(call, next).await,
            None => next.run(call).await,
        }
    }
}
