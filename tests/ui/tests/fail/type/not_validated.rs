// Cause: `validate` covers a method whose message does not implement `interceptors::validate::Validate`.
// Cure: Implement it for the message, `impl Validate for Id { … }`, or leave the method out:
// `validate(except = [get])`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, validate)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
