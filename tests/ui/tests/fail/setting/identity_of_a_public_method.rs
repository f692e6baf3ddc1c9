// Cause: `get` needs no token, so there is no caller whose calls could be counted.
// Cure: Leave `get` out, and give it a limit by another key: `#[intercept(rate_limit(per_second = 5, key = peer))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth(public = [get]), rate_limit(per_second = 5, key = identity))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
