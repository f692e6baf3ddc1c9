// Cause: On a method, the attribute is recognised by its name `intercept`. Here it was imported under another name.
// Cure: Write `#[intercept(…)]` or `#[interceptors::intercept(…)]` on methods. On the block, any name works.

use interceptors::intercept as guard;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[guard(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[guard(skip(logging))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }

    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }
}

fn main() {}
