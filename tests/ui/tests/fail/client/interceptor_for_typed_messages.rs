// Cause: A channel carries encoded messages, so its interceptors see `client::Body` as request and response. This
// interceptor only works on a decoded message.
// Cure: Implement it for any messages, `impl<Req: Send, Res: Send> Interceptor<Req, Res> for Typed`, or put it on the
// generated client, which has decoded messages.

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

#[intercept(with(Typed))]
struct Outbound;

fn main() {}
