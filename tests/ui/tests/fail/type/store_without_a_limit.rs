// Cause: The entry has no number, and this store has none either: it only counts calls for limits in attributes.
// Cure: Add the number of calls: `rate_limit(per_second = 100, store = self.limits)`. A store of your own that has its
// own limits implements `interceptors::rate_limit::Configured`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};
use interceptors::rate_limit::Local;

struct Users {
    limits: Local,
}

#[intercept(rate_limit(store = self.limits, on_error = deny))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
