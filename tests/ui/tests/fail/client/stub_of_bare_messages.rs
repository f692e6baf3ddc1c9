use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Response, Status};

struct Users;

#[intercept(service = "user.v1.UserService", logging)]
impl Users {
    async fn get(&self, id: u64) -> Result<Response<Id>, Status> {
        Ok(Response::new(Id { id }))
    }

    async fn find(&self, request: Id) -> Result<Response<Id>, Status> {
        Ok(Response::new(request))
    }
}

fn main() {}
