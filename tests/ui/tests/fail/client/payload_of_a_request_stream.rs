// Cause: The caller of a hand-written client chooses the type of its request stream. So the stream cannot be wrapped to
// log its messages.
// Cure: Show only fields of the response, `payload(show = [response.id])`, or leave the method out with `except`. Or
// put `payload` on the generated client that the hand-written client calls.

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
