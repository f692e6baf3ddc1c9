// Cause: Metadata, the deadline and extensions of a call travel in `tonic::Request`. A method that
// takes the bare message has no place for them.
// Cure: Take the request: `async fn get(&self, request: Request<Id>) -> Result<Response<Id>,
// Status>`. A convenience that takes an `id` goes into another `impl`, and calls this one.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Response, Status};

struct Users;

#[intercept(service = "user.v1.UserService", logging)]
impl Users {
    async fn get(&self, id: u64) -> Result<Response<Id>, Status> {
        Ok(Response::new(Id { id }))
    }

    async fn find(&self, request: Id) -> Result<Response<Id>, Status> {
        Ok(Response::new(request))
    }
}

fn main() {}
