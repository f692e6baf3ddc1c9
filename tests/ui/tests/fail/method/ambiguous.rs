use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

trait Accounts {
    async fn set_up(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
    async fn setup(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
}

struct Users;

#[intercept(logging(only = ["SETUP"]))]
impl Accounts for Users {
    async fn set_up(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn setup(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
