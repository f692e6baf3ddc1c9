// Cause: The list names a method by its full path, and the compiler does not know which service
// this is: a trait's name alone does not tell the package.
// Cure: Say it: `#[intercept(service = "user.v1.UserService", …)]`. Or name the trait through its
// generated module, `impl user_service_server::UserService for Users`; or name the method alone,
// `only = [get]`.

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
