// Cause: One entry has one rule. With two, it would be unclear whether both have to agree.
// Cure: Write two entries, which both have to agree: `authorize(role = "admin"), authorize(with = …)`.

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

#[intercept(auth, authorize(role = "admin", with = |_| true))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
