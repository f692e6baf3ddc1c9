// Cause: `idempotent` only works in the lists of a struct. The `descriptors` of the struct say which methods are
// idempotent. A service and a generated client have no `descriptors`.
// Cure: Name the idempotent methods: `retry(only = [get])`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(only = [idempotent]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
