// Cause: A rate limit counts time in nanoseconds. The time for this burst at this rate does not fit into 64 bits.
// Cure: Use a smaller `burst`, or a faster rate: `rate_limit(per_minute = 1, burst = 100)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(rate_limit(per_minute = 1, burst = 400_000_000))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
