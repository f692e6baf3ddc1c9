// Cause: A circuit breaker spares a server that does not answer. A service is that server itself.
// Cure: Put it where the call is made: on a generated client, a hand-written client or a channel. To reject calls on a service, use
// `load_shed`.

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
