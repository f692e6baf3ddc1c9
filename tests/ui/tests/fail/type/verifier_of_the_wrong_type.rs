// Cause: `verifier` names a value whose type does not implement `Verifier`.
// Cure: Name one that does, or write `impl Verifier for …` for the type of this field. References, `Box` and `Arc` of a
// verifier are verifiers too.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users {
    name: String,
}

#[intercept(auth(verifier = self.name))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
