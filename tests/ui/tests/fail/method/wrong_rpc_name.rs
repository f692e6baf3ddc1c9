// Cause: `name` is the RPC's name in the proto file. It is one word without spaces, and not a path.
// Cure: Write the word that follows `rpc` in the proto file: `#[intercept(name = "GetURL")]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(name = "Get URL")]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
