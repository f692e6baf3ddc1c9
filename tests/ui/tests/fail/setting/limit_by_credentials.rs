// Cause: The same token can be sent with another case of `Bearer` or with other spaces. Each spelling would have its
// own limit, so callers could bypass the limit.
// Cure: Let `auth` verify the token first, and count calls by its identity: `#[intercept(auth, rate_limit(per_second =
// 1, key = identity))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(rate_limit(per_second = 1, key = metadata("authorization")))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
