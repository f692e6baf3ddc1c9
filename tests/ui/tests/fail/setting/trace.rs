// Cause: The one setting of `trace` is `public_endpoint`, of a service: names, levels and who gets the spans are up to the
// subscriber, and the header to the propagator.
// Cure: Write `trace` or `trace(public_endpoint = true)`, with `only = […]` or `except = […]` where it is not for all methods, and
// set the others up in `main`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(trace(public_endpoint = "yes"))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(trace(public = true))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

#[intercept(trace(level = "debug"))]
struct Level;

#[intercept(trace(public_endpoint = true))]
struct Outbound;

#[intercept(trace, trace)]
struct Twice;

#[intercept(metric, tracing, request_ids)]
struct Misspelt;

fn main() {}
