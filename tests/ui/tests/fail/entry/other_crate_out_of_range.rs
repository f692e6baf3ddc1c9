// Cause: A setting of another crate's interceptor is out of range, or that interceptor does not work on this side. The
// compiler finds out when it evaluates the constant.
// Cure: Write a value that the documentation of that crate allows, and put the interceptor on the side that it is for.

use interceptors::intercept;
use interceptors_ui_tests::{Id, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, audit_interceptor::audit(level = 30))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = interceptors_ui_tests::Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(audit_interceptor::OnServices)]
struct Outbound;

fn main() {
    let _ = Outbound;
}
