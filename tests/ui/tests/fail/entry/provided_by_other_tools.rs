// Cause: There is no interceptor of this name, because something else does this.
// Cure: Use what the message names, and take the word out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(cors, compression, tls, health, reflection, load_balance, keepalive, grpc_web, max_message_size, fault, sentry, cache)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
