// Cause: One entry decides in one way. To ask for both, there would have to be a rule how they
// go together.
// Cure: Write two entries; both have to agree then: `authorize(role = "admin"), authorize(with = …)`.

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
