// Cause: The list names a method that is not in this block. Default methods of the trait that the block does not write
// are not in it either.
// Cure: Write the Rust name or the RPC's name of a method in the block: `only = [get]` or `except = ["Get"]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(only = [gte]), retry(max = 1, except = ["Gte"]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
