// Cause: `name` is empty, and `burst` needs a rate.
// Cure: Write `rate_limit(per_second = 100, burst = 10, store = self.limits, name = "users")`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(rate_limit(store = self.limits, on_error = deny, name = ""))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(rate_limit(store = self.limits, on_error = deny, burst = 5))]
    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
