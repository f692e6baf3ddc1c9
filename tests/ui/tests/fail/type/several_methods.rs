// Cause: Two entries do not fit. The verifier is a `String`, which cannot verify tokens, and the message of two methods
// does not implement the trait that `Validated` needs. Each is one error for the entry, or one for each method if the
// method matters.
// Cure: Give `auth` a value that implements `Verifier`, `auth(verifier = self.keys)`. Implement `Validate` for `Id`, or
// leave its methods out: `with(Validated, only = [put])`.

use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status};

struct Users {
    name: String,
}

trait Validate {}

impl Validate for Once {}

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

#[intercept(logging, auth(verifier = self.name), with(Validated))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
