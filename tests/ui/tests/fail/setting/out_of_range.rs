// Cause: The constant is zero. Zero retries mean no `retry`, and a burst of zero rejects every call.
// Cure: Use a constant that is 1 or more. To have no retries, take `retry` out. Without `burst`, the burst is as large
// as the rate.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

const NONE: u32 = 0;

#[intercept(retry(max = NONE), rate_limit(per_second = 10, burst = NONE))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
