// Cause: The method skips the block's entry and lists its own entry of the same name. Its own entry already replaces
// that of the block.
// Cure: Keep one: `#[intercept(retry(max = 2))]` for other settings, `#[intercept(skip(retry))]` for none.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(max = 1))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(skip(retry), retry(max = 2))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
