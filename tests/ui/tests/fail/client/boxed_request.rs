// Cause: Generated code repeats the type of a request. There, nothing can be borrowed, and a box with a `dyn` in it has
// no lifetime.
// Cure: Name a type that owns its message: `Request<Id>`, or for a stream `Request<ReceiverStream<Id>>`.

use std::pin::Pin;

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};

struct HandWritten;

#[intercept(service = "user.v1.UserService", logging)]
impl HandWritten {
    pub async fn get(&self, _: Request<&Id>) -> Result<Response<Id>, Status> {
        todo!()
    }

    pub async fn upload(
        &self,
        _: Request<Pin<Box<dyn Stream<Item = Id> + Send>>>,
    ) -> Result<Response<Id>, Status> {
        todo!()
    }
}

fn main() {}
