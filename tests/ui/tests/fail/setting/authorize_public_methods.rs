// Cause: A public method has no verified caller, so `authorize` would reject every call. One of the two lists is wrong.
// Cure: Decide which: `authorize(with = …, except = [get])`, or take `get` out of `public`.

use interceptors::auth::Verifier;
use interceptors::{CallDetails, intercept};
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

#[derive(Clone)]
struct Caller;

struct Users;

impl Verifier for Users {
    type Identity = Caller;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<Caller, Status> {
        Ok(Caller)
    }
}

#[intercept(auth(public = [get]), authorize(with = |_| true))]
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
