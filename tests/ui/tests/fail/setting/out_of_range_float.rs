// Cause: A number is outside the range of its setting. `jitter` is a fraction of the delay, gRPC limits a throttle's
// tokens to 1000 and its ratio to three decimals, and a time needs a unit.
// Cure: Write, for example, `retry(multiplier = 2.0, jitter = 0.2, throttle(tokens = 1000, ratio = 0.1))` and
// `logging(slow = "5s")`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(multiplier = 0.0, jitter = 1.5, throttle(tokens = 1001, ratio = 0.0001)), logging(slow = -5))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
