// Cause: The two settings say the same thing in two ways, or contradict each other.
// Cure: Keep one: `retry(max = 3)` and `retry(max_attempts = 4)` mean the same; `rate_limit` takes
// `per_second` or `per_minute`; a list is either `only` or `except`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(max = 3, max_attempts = 4), rate_limit(per_second = 1, per_minute = 1), logging(only = [get], except = [get]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
