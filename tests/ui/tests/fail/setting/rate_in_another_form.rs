// Cause: A limit is a whole number of calls per second or per minute, in a setting of that name.
// Cure: Write `rate_limit(per_second = 100)` or `rate_limit(per_minute = 30)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(rate_limit("100/s"))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(rate_limit(limit = 10))]
    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    #[intercept(rate_limit(per_second = 0.5))]
    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }

    #[intercept(rate_limit(window = "1s"))]
    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
