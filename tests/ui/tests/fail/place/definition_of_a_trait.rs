use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

#[intercept(logging)]
#[tonic::async_trait]
trait UserService {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
}

fn main() {}
