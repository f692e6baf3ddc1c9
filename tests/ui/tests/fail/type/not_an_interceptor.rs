// Cause: The value of `with` does not implement `Interceptor` for the messages of a covered method.
// Cure: Implement it for all messages, `impl<Req: Send, Res: Send> Interceptor<Req, Res> for Audit`, or for those of
// one method, which you name: `with(Audit, only = [get])`. If a function returns the interceptor, call it:
// `with(audit())`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

struct Audit;

#[intercept(logging, with(Audit))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
