// Cause: Two `payload` of the block cover the same method, so each of its messages would be logged twice, with what one
// of them redacts.
// Cure: Part the methods: `payload(…, only = [get]), payload(…, except = [get])`. Or put one on the method, where it
// takes the place of the block's: `#[intercept(payload(…))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(payload(redact = []), payload(redact = [request.id], only = [get]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
