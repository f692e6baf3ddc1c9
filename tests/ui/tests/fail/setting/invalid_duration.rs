// Cause: The time is empty, has no unit, or is longer than a `Duration` can hold.
// Cure: Write a number with its unit: `"5s"`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(slow = "99999999999999999999h"), retry(base_delay = "", max_delay = "5"))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
