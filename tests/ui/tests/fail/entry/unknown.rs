// Cause: No entry has this name. An interceptor of your own cannot be listed by its name alone either.
// Cure: Correct the name: `logging`. An interceptor of your own is listed as `with(Cache)`, or `with(self.cache)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(loging, cache)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
