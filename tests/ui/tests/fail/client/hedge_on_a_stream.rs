// Cause: `hedge` makes the same call several times and takes the first success. This needs a single request that can be
// copied and a single response, not streams.
// Cure: Leave the method out: `hedge(delay = "1s", except = [list])`.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(service = "user.v1.UserService", hedge(delay = "1s"))]
impl Users {
    async fn list(&self, _: Request<Id>) -> Result<Response<Streaming<Id>>, Status> {
        Err(Status::unimplemented(""))
    }
}

fn main() {}
