// Cause: A time is a number with a known unit. These times must be longer than zero.
// Cure: Write `"5s"`, `"250ms"` or `"1m 30s"`, or name a constant of type `Duration`. To do without a setting, leave it
// out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(slow = "5 sekonds"), retry(base_delay = "0s", max_delay = "-1s"))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
