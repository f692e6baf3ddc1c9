// Cause: The time for the whole call ends before a stream could be idle for this long, so `idle` would have no effect.
// Cure: Make `idle` shorter than the first value, or take it out. This is also checked for constants.

use std::time::Duration;

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

const LIMIT: Duration = Duration::from_secs(5);
const NONE: Duration = Duration::ZERO;

struct Users;
struct Posts;

#[intercept(timeout("2s", idle = "2s"))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(timeout(LIMIT, idle = "1m"))]
    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

#[intercept(timeout(NONE))]
#[tonic::async_trait]
impl UserService for Posts {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(timeout(idle = NONE))]
    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
