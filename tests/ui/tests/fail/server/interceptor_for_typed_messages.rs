// Cause: A server's own interceptors run before messages are decoded, so they see `server::Body` as request and
// response. This interceptor only works on a decoded message.
// Cure: Implement it for any messages, `impl<Req: Send, Res: Send> Interceptor<Req, Res> for Typed`, or put it on the
// `impl` of the service, which has decoded messages.

use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_ui_tests::Id;
use tonic::{Response, Status};

struct Typed;

impl Interceptor<Id, Id> for Typed {
    async fn intercept(
        &self,
        call: &mut Call<Id>,
        next: &mut impl Next<Id, Id>,
    ) -> Result<Response<Id>, Status> {
        next.run(call).await
    }
}

#[intercept(server, with(Typed))]
struct Inbound;

fn main() {}
