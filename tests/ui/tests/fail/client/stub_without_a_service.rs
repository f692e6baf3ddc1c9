use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
impl Users {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
