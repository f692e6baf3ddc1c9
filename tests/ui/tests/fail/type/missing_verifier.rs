// Cause: `auth` needs a verifier. Without the setting `verifier`, that is the service itself, which does not implement
// `Verifier`.
// Cure: Write `impl Verifier for Users { type Identity = …; async fn verify(…) … }`, or name a field that does:
// `auth(verifier = self.keys)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
