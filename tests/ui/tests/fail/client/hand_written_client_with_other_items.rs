// Cause: Every item of an annotated `impl` has to be an RPC. Constants, constructors and helpers are not, and a method
// with type parameters has no single message type.
// Cure: Move other items to a second `impl Users { … }` without the attribute. Name the type of a stream:
// `Request<ReceiverStream<Id>>` instead of `Request<impl Stream>`.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Users;

#[intercept(service = "user.v1.UserService", logging)]
impl Users {
    const LIMIT: u32 = 5;

    fn new() -> Self {
        Self
    }

    async fn upload(&self, _: Request<impl Send>) -> Result<Response<Id>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
