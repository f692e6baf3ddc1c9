// Cause: Two `payload` entries of the block cover the same method. Each message would be logged twice, with fields that
// one of them redacts.
// Cure: Divide the methods: `payload(…, only = [get]), payload(…, except = [get])`. Or put one on the method, where it
// replaces that of the block: `#[intercept(payload(…))]`.

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
