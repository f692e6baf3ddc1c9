// Cause: Two attributes are on one `impl`. Each would wrap the methods of the other.
// Cure: Put both lists in one attribute: `#[intercept(logging, retry(max = 3))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
#[intercept(retry(max = 3))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = interceptors_ui_tests::Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
