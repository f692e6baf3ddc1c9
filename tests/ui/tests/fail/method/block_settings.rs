// Cause: An attribute on a method is about this method only. Lists of methods and the name of the service are about all
// methods.
// Cure: Move `service`, `only` and `except` to the attribute on the block. On the method, write only the entry,
// `#[intercept(rate_limit(per_second = 1))]`, or `#[intercept(skip(logging))]` to leave one out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(service = "a.B", logging(only = [get]), rate_limit(per_second = 1, except = [get]))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
