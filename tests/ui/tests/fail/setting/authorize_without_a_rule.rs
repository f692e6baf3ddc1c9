// Cause: `authorize` has no setting that says who may call, or roles are written without quotes.
// Cure: Name a role, `authorize(role = "admin")`, several, `authorize(roles = ["admin", "ops"])`, or decide by a
// function, `authorize(with = |caller| …)`.

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

#[intercept(auth, authorize)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Shop;

#[intercept(auth(verifier = Users), authorize(admin))]
#[tonic::async_trait]
impl UserService for Shop {
    type ListStream = Ids;

    #[intercept(authorize(admin, OPS))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
