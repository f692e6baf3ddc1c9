// Cause: A limit in a store is known by a digest of the identity, and this identity can neither be
// hashed nor says by which text it is known.
// Cure: Implement `interceptors::rate_limit::SharedKey` for it, which gives a text that stays the same from build to build; or
// derive `Hash`.

use interceptors::auth::Verifier;
use interceptors::rate_limit::Local;
use interceptors::{CallDetails, intercept};
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

#[derive(Clone)]
struct Caller;

struct Users {
    limits: Local,
}

impl Verifier for Users {
    type Identity = Caller;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<Caller, Status> {
        Ok(Caller)
    }
}

#[intercept(auth, rate_limit(per_second = 1, key = identity, store = self.limits))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
