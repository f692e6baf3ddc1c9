// Cause: The constant is zero. Zero retries are no `retry`, and a burst of zero lets no call
// through.
// Cure: Use a constant that is 1 or more. To have no retries, take `retry` out; a limit without
// `burst` has one as large as its rate.

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
