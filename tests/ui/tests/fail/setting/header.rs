// Cause: gRPC sends metadata keys in lower case, so a key with an upper-case letter would never be found.
// Cure: Write it in lower case: `header = "x-api-key"`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

struct Keys;

impl interceptors::auth::Verifier for Keys {
    type Identity = ();

    async fn verify(&self, _: &str, _: &interceptors::CallDetails) -> Result<(), Status> {
        Ok(())
    }
}

#[intercept(auth(verifier = Keys, header = "X-Api-Key"))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
