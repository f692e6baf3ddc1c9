// Cause: `skip` lists entries of the block, each once.
// Cure: Take out names that are listed twice, and names that the block does not list.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, retry(max = 3), with(Audit), with(Quota))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(skip(logging, logging, banana))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
