// Cause: The interceptor is for messages that implement `Validate`, and the message of a covered method does not.
// Cure: Implement the trait for the message, `impl Validate for Id { … }`, or leave the method out: `with(Validated,
// except = [get])`.

use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

trait Validate {}

struct Validated;

impl<Req: Validate + Send, Res: Send> Interceptor<Req, Res> for Validated {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

#[intercept(logging, with(Validated))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
