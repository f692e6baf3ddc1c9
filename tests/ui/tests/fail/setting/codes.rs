// Cause: Status codes are written like the variants of `tonic::Code`, each once. Each has to be a failure: a call that
// ended with `Ok` needs no retry.
// Cure: Write `codes = [Unavailable, Aborted]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(codes = [Unavailble, Ok, Aborted, Aborted, UNAVAILABLE]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
