// Cause: The constant is empty, and no caller has a role without a name.
// Cure: Set the constant to the name of a role.

use interceptors::auth::Verifier;
use interceptors::authorize::HasRole;
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

impl HasRole for Caller {
    fn has_role(&self, _: &str) -> bool {
        true
    }
}

const ADMIN: &str = "";

#[intercept(auth, authorize(role = ADMIN))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
