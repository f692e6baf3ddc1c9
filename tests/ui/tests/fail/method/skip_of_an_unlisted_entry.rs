// Cause: `skip` removes an entry of the block, but the block has none of this name.
// Cure: Write a name that the block lists, `skip(retry)`, or take it out. `skip(with)` removes all `with` entries. To
// leave a method out of one of them, write `with(Audit, except = [get])` on the block.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, retry(max = 1))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(skip(retyr, auth))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
