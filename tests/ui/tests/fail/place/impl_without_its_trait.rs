// Cause: An `impl` without a trait is a hand-written client. But these look like services, because of their associated
// type, `#[tonic::async_trait]` or their entries, or they have no RPC.
// Cure: Write the trait that the code generator made for the service: `impl UserService for Users`. For a hand-written
// client, put the attribute on the `impl` with its RPC methods.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once};
use tonic::{Request, Response, Status};

struct Users {
    tokens: String,
}

#[intercept(logging, auth(verifier = self.tokens), authorize(role = "admin", only = [get]), validate(except = [list]))]
#[tonic::async_trait]
impl Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
        Err(Status::unimplemented(""))
    }
}

struct Store;

#[intercept(logging, rate_limit(per_second = 5))]
impl Store {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct Shop;

#[intercept(logging)]
impl Shop {
    const LIMIT: u32 = 5;

    fn new() -> Self {
        Self
    }

    fn limit(&self) -> u32 {
        Self::LIMIT
    }
}

fn main() {
    let _ = Shop::new().limit();
}
