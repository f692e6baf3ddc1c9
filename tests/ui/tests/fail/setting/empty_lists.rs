// Cause: An empty `only` would switch the entry off, and an empty `except` does nothing. `throttle` needs its two
// numbers.
// Cure: Name a method, `only = [get]`, or take the list out. Write `throttle(tokens = 10, ratio = 0.1)`, or leave
// `throttle` out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(only = []), auth(verifier = self.0, except = []), retry(throttle()))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
