// Cause: `fields` is checked against the message of each method that the entry covers. This message has no such field.
// Cure: Name a field that it has, `fields(user = request.id)`. If only some messages have it, put the entry on their
// methods: `#[intercept(logging(fields(user = request.user_id)))]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(fields(user = request.user_id)))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
