// Cause: `limiter` names a value that is not a `Limiter`. A plain number has no time unit and no burst.
// Cure: Make the field a `Limiter`, from `interceptors::rate_limit`, and create it in the service's constructor. Or
// write the numbers in the attribute: `rate_limit(per_second = 100)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users {
    limit: u32,
}

#[intercept(rate_limit(limiter = self.limit))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
