// Cause: The lists of this entry exclude every method, so it would never run.
// Cure: Take the entry out, or let it cover something: `logging(only = [get])`, or an `except` with fewer methods.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(except = [get]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
