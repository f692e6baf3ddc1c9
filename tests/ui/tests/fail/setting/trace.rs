// Cause: The only setting of `trace` is `public_endpoint`, on a service. The subscriber decides about names, levels and
// exporters, and the propagator about the header.
// Cure: Write `trace` or `trace(public_endpoint = true)`. To leave methods out, add `only = […]` or `except = […]`.
// Configure the rest in `main`.

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
