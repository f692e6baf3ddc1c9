// Cause: An attribute on a method changes the list of the block's attribute, but this block has none.
// Cure: Put `#[intercept(…)]` on the block, above `#[tonic::async_trait]`. For a single method, name it there:
// `#[intercept(logging(only = [get]))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(logging)]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
