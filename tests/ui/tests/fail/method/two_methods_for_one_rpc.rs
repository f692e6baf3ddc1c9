// Cause: The Rust names of these two methods give the same RPC name, but an RPC has one method.
// Cure: Name the RPC of each as in the proto: `#[intercept(name = "get")]` on one, `#[intercept(name = "Get")]` on the
// other.

#![allow(non_snake_case)]

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Client;

#[intercept(service = "user.v1.UserService", logging)]
impl Client {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn Get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
