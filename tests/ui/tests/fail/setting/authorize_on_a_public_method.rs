// Cause: `get` needs no token, so there is no verified caller for `authorize`.
// Cure: Take `get` out of `public`, or `authorize` off the method.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth(public = [get]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(authorize(role = "admin"))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
