// Cause: The method of a service does not return `Result<Response<_>, Status>`.
// Cure: Return `Result<Response<Id>, Status>`, as in the trait.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Id {
        request.into_inner()
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
