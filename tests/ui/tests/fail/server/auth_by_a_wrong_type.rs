// Cause: The type after `by` is not a struct for a server, so nothing in front of the service verifies the caller.
// Cure: Name the struct that has `#[intercept(server, auth(verifier = self.tokens))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth(by = String))]
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
