// Cause: No caller has the role that has no name, and a list without a role lets nobody pass.
// Cure: Name a role: `authorize(roles = ["admin"])`.

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

#[intercept(
    auth,
    authorize(role = ""),
    authorize(roles = []),
    authorize(roles = ["admin", ""]),
    authorize(roles = ["ops", "ops"]),
)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
