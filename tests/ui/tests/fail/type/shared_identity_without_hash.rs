// Cause: A store identifies a limit by a digest of the identity. This identity cannot be hashed, and it has no text
// that could be used instead.
// Cure: Implement `interceptors::rate_limit::SharedKey` for it, which returns a text that is the same in all builds. Or
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
