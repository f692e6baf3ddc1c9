// Cause: The list names a method by its full path, but the macro does not know the full name of this service. The name
// of a trait does not contain the package.
// Cure: Add it: `#[intercept(service = "user.v1.UserService", …)]`. Or name the trait through its generated module,
// `impl user_service_server::UserService for Users`. Or name the method alone, `only = [get]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(only = ["/user.v1.UserService/Get"]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
