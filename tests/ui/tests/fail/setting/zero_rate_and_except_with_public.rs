// Cause: `public` already says which methods `auth` leaves out, so there can be no `except`. A rate or a burst of zero
// would reject every call.
// Cure: Keep only `public`: `auth(public = [get])`. Set the rate and the burst to 1 or more, or leave `burst` out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth(verifier = self.name, public = [get], except = [get]), rate_limit(per_second = 0, burst = 0))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
