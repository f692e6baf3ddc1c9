// Cause: `outlive_token` belongs to the `auth` that verifies the token. With `by`, that is the `auth` of the server's
// struct. A client verifies no tokens.
// Cure: Write it in the `auth` of the struct, or of the service itself: `auth(verifier = self.tokens, outlive_token =
// true)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Inbound;

struct Users;

#[intercept(auth(by = Inbound, outlive_token = true))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(auth(outlive_token = "yes"))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(auth(token = self.tokens, outlive_token = true))]
struct Outbound;

fn main() {}
