// Cause: `timeout` has no default, because no time is right for every service. It takes a time for the whole call, then
// a time for gaps in streams, and needs at least one of them.
// Cure: Write `timeout("2s")`, `timeout("1m", idle = "5s")`, or `timeout(idle = "30s")` for streams of any length. The
// caller's own deadline applies in each case.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;
struct Posts;
struct Pages;
struct Notes;

#[intercept(timeout)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(timeout(except = [list]))]
#[tonic::async_trait]
impl UserService for Posts {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

#[intercept(timeout(max = "2s"))]
#[tonic::async_trait]
impl UserService for Pages {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(timeout(2, idle = 5))]
#[tonic::async_trait]
impl UserService for Notes {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
