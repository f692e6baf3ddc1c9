// Cause: `auth` verifies the token of every call that it covers. It lists the methods that need no token. The verifier
// decides how a token is verified.
// Cure: Write `auth(verifier = self.tokens, public = [login])`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(auth(required))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(auth(optional))]
    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    #[intercept(auth(jwt = "secret"))]
    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }

    #[intercept(auth(basic))]
    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
