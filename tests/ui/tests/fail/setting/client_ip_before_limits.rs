// Cause: A limit for each caller needs the caller's address, which `client_ip` finds. Entries run in the order of the
// list.
// Cure: List `client_ip` first: `#[intercept(client_ip(trusted = ["10.0.0.0/8"]), rate_limit(per_second = 1, key =
// client_ip))]`. Behind a server's struct that has it, write `client_ip(by = Inbound)`. Without proxies, use `key =
// peer`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(rate_limit(per_second = 1, key = client_ip), client_ip(trusted = ["10.0.0.0/8"]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct InPart;

#[intercept(client_ip(except = [get]), rate_limit(per_second = 1, key = client_ip))]
#[tonic::async_trait]
impl UserService for InPart {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

#[intercept(server, rate_limit(per_second = 1, key = client_ip))]
struct Inbound;

fn main() {}
