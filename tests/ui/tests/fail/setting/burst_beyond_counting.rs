// Cause: A rate limit counts time in nanoseconds. So many calls at so slow a rate take more of them
// than fit into 64 bits.
// Cure: Take a smaller `burst`, or a faster rate: `rate_limit(per_minute = 1, burst = 100)`.

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
