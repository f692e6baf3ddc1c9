// Cause: These settings are counts or factors, so they cannot be negative.
// Cure: Write a positive number: `max = 3`, `multiplier = 2.0`, `per_second = 5`. To have no retries, take `retry` out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(retry(max = -1, multiplier = -2.0), rate_limit(per_second = -5))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
