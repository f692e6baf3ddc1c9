// Cause: The path belongs to another service than the constant says. Only the compiler can read the constant, so the
// message begins with `evaluation panicked`.
// Cure: Write the path of this service, `only = ["/user.v1.UserService/Get"]`, or the method alone, `only = [get]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(service = interceptors_ui_tests::user_service_server::SERVICE_NAME, logging(only = ["/user.v2.UserService/Get"]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
