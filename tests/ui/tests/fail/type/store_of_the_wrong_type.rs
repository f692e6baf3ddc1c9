// Cause: `store` names a value that cannot keep limits.
// Cure: Name a `Redis`, an `Envoy` or a `Local` of `interceptors::rate_limit`, or implement `Store` for the type.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users {
    limits: String,
}

#[intercept(rate_limit(per_second = 5, store = self.limits))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
