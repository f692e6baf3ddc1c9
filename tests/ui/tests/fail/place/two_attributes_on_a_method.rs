// Cause: A method has two attributes, and it is unclear which one counts.
// Cure: Write one with everything in it: `#[intercept(skip(logging), name = "Get")]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(skip(logging))]
    #[intercept(name = "Get")]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
