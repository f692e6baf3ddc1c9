// Cause: `timeout` has no time of its own that would be right for every service: it needs one for the whole call, or for the
// gaps in streams, and takes them in this order.
// Cure: Write `timeout("2s")`, `timeout("1m", idle = "5s")`, or `timeout(idle = "30s")` for streams that may take
// as long as they like. A caller's own deadline counts in each case.

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
