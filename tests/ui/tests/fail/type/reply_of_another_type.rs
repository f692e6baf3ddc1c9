// Cause: The method does not return what an RPC returns, so interceptors can see neither a response nor a status.
// Cure: Return `Result<Response<Id>, Status>`. What is no RPC goes into an `impl` of its own.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::Request;

struct Users;

#[intercept(service = "user.v1.UserService", logging)]
impl Users {
    pub async fn get(&self, request: Request<Id>) -> Id {
        request.into_inner()
    }
}

fn main() {}
