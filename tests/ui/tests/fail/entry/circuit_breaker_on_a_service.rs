// Cause: A circuit breaker protects a server from calls while it fails. It works in the client, and this is the server.
// Cure: Put it where the call is made: on a generated client, a hand-written client or a channel. To reject calls on a
// service, use `load_shed`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(circuit_breaker)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
