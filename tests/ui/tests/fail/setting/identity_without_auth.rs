// Cause: A limit for each identity needs the identity that `auth` finds. Entries run in the order of the list.
// Cure: List `auth` first: `#[intercept(auth, rate_limit(per_second = 1, key = identity))]`. Without `auth`, use `key =
// peer` or `key = metadata("x-api-key")`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(rate_limit(per_second = 1, key = identity))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
