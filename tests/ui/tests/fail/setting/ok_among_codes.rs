// Cause: The constant contains `Code::Ok`, but a successful call needs no retry.
// Cure: Take it out of the constant: `const CODES: &[Code] = &[Code::Aborted];`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

const CODES: &[tonic::Code] = &[tonic::Code::Aborted, tonic::Code::Ok];

#[intercept(retry(codes = CODES))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
