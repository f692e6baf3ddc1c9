// Cause: Every method of an annotated block goes through the chain, and these cannot: an RPC takes
// `&self` (or `self: Arc<Self>`) and one request, and is `async`.
// Cure: Write it as `async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>`.
// What is no RPC does not belong into the service's trait; give it an `impl Users { … }` of its
// own.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Users;

trait Other {
    fn new() -> Self;
    async fn by_value(self, request: Request<Id>) -> Result<Response<Id>, Status>;
    fn sync(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
}

#[intercept(logging)]
impl Other for Users {
    fn new() -> Self {
        Users
    }

    async fn by_value(self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    fn sync(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
