// Cause: `skip` needs the name of an entry of the block.
// Cure: Write `skip(logging)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

struct Audit;

struct Other;

#[intercept(logging, with(Audit), with(Other))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(skip())]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(skip(logging, logging))]
    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    #[intercept(skip(audit))]
    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
