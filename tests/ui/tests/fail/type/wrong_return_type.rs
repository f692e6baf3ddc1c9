// Cause: The method does not return `Result<Response<_>, Status>`, so interceptors see neither a response nor a status.
// Cure: Return `Result<Response<Id>, Status>`. Move methods that are not RPCs to a separate `impl`.

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
