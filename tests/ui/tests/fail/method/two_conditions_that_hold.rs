// Cause: Both conditions hold, so the method has two attributes.
// Cure: Put both lists in one `#[intercept(…)]`, under one `cfg_attr`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[cfg_attr(all(), intercept(skip(logging)))]
    #[cfg_attr(all(), intercept(skip(logging)))]
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
