// Cause: `per` says whether the methods of a block share state. An entry on a method is for that method only.
// Cure: Take it out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(concurrency(max = 10))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(concurrency(max = 1, per = service))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
