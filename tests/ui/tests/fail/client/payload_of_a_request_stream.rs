// Cause: The request stream of a hand-written client is of its caller's own type, around which nothing can be put to look
// at its messages.
// Cure: Show fields of the response alone, `payload(show = [response.id])`; leave the method out with `except`; or put
// `payload` on the generated client that the hand-written client calls.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Users;

#[intercept(service = "user.v1.UserService", payload(show = [request.id, response.id]))]
impl Users {
    async fn upload(&self, _: Request<tokio_stream::Empty<Id>>) -> Result<Response<Id>, Status> {
        Ok(Response::new(Id::default()))
    }
}

fn main() {}
