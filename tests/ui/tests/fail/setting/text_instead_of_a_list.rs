// Cause: The setting takes a list, or a known status code.
// Cure: Write `roles = ["admin"]` and `codes = [Unavailable]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth, authorize(roles = "admin"), retry(max = 3, codes = [Banana]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
