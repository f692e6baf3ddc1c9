// Cause: On a service, `retry` runs the handler again with the same request. A request stream cannot be read twice.
// `retry` skips such methods, but this list names one.
// Cure: Take it out of the list: `retry(max = 1, only = [get])`. A generated client or a channel can send a request
// stream again, so `retry` can cover it there.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(retry(max = 1, only = [get, upload]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }
}

fn main() {}
