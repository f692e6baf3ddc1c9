// Cause: There is no type with this path.
// Cure: Write the path of a type that implements `Entry` and `Interceptor`, and add its crate to `Cargo.toml`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, audit_interceptor::audti(level = 3))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = interceptors_ui_tests::Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
