// Cause: With an empty list, no failure is retried, so `retry` would do nothing.
// Cure: List the codes to retry, `codes = [Unavailable]`, leave `codes` out for the default, or take `retry` out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(codes = []))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
