// Cause: The path belongs to another service than `service` says, so it would never match. Often, the version in the
// package differs, or `service` is wrong.
// Cure: Write the path of this service, `only = ["/user.v1.UserService/Get"]`, or the method alone, `only = [get]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(service = "user.v1.UserService", logging(only = ["/user.v2.UserService/Get"]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
