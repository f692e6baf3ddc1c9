// Cause: Every method of an annotated block has to be an RPC: `async`, with `&self` (or `self: Arc<Self>`) and one
// request.
// Cure: Write it as `async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>`. Move other methods to
// a separate `impl Users { … }`.

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
