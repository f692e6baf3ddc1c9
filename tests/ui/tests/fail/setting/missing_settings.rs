// Cause: A rate limit needs a rate, and `throttle` needs both the number of tokens and the ratio that a success
// returns.
// Cure: Write `rate_limit(per_second = 100, burst = 5)`, or `per_minute`, or a `limiter` of your own; and
// `throttle(tokens = 10, ratio = 0.1)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(rate_limit(burst = 5), retry(throttle(tokens = 10)))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
