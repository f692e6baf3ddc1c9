// Cause: The value has the wrong type: text instead of a number, a number instead of a time, an integer instead of a
// float.
// Cure: Write `logging(level = "debug", slow = "500ms")`, `retry(max = 3, multiplier = 2.0, codes = [Aborted])` and
// `rate_limit(per_second = 1)`. For less than one call per second, use `per_minute`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(level = 3, slow = 500), retry(max = "3", multiplier = 2, codes = "Aborted"), rate_limit(per_second = 1.5))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
