// Cause: `client_ip(by = …)` uses the address that the `client_ip` of a server's struct finds, but this struct has no
// `client_ip`.
// Cure: Add `client_ip(trusted = ["10.0.0.0/8"])` to the struct, or name the struct that has it.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

#[intercept(server, logging)]
struct Inbound;

struct Users;

#[intercept(client_ip(by = Inbound), rate_limit(per_second = 1, key = client_ip))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
