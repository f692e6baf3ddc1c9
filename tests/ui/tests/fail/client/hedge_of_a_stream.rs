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
