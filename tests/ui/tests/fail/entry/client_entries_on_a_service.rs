// Cause: These entries change outgoing calls. The `impl` of a trait is a service, which receives calls.
// Cure: Take them out here and put them where the call is made: in `client_mod_attribute` of `build.rs` for a generated
// client, on the `impl` of a hand-written client, or on a struct for a channel.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(metadata("x-trace-id" = trace()), hedge)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
