// Cause: `outlive_token` is for who verifies a token: with `by` that is the server's struct, and a client verifies none.
// Cure: Write it in the `auth` of the struct, or of the service itself: `auth(verifier = self.tokens, outlive_token = true)`.

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
