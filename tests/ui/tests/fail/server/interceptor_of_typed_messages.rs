// Cause: A server's own interceptors run before anything is decoded, so they see `server::Body` for both. This
// interceptor is for one decoded message.
// Cure: Write it for any messages, `impl<Req: Send, Res: Send> Interceptor<Req, Res> for Typed`, or
// put it on the `impl` of the service, where the messages have their types.

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
