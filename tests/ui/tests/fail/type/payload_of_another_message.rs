// Cause: The paths of `payload` are checked against the messages of each method that the entry covers. This message has
// no such field, or the field is not an `Option`, which `?` needs, or not a list, which the empty brackets need.
// Cure: Correct the path. If only some messages have the field, put the entry on their methods,
// `#[intercept(payload(redact = [request.password]))]`, or list it with `only`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Redacted;

#[intercept(payload(redact = [request.pasword, response.token]))]
#[tonic::async_trait]
impl UserService for Redacted {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Shown;

#[intercept(payload(show = [request.id?.number, response.id[].name]))]
#[tonic::async_trait]
impl UserService for Shown {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Streams;

#[tonic::async_trait]
#[intercept(logging)]
impl UserService for Streams {
    type ListStream = Ids;

    #[intercept(payload(show = [request.name]))]
    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        Err(Status::unimplemented(""))
    }

    #[intercept(payload(show = [response.name]))]
    async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
