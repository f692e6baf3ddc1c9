// Cause: A field of an event is a number, a `bool` or a string, but this value is a whole message.
// Cure: Log a part of it, `fields(id = request.id)`, or choose a format: `fields(request = ?request)` for `Debug`, or
// `%` instead of `?` for `Display`. A whole message may contain secrets.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(fields(request = request)))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
