// Cause: The metadata, the deadline and the extensions of a call are in `tonic::Request`. A method that takes only the
// message cannot receive them.
// Cure: Take the request: `async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>`. Put convenience
// methods, such as one that takes an `id`, into another `impl`, and let them call this one.

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
