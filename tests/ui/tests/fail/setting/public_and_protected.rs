// Cause: With `protected`, the `auth` of the block lists every method of the block exactly once. So a method can be in
// no second list, cannot have `skip(auth)`, and cannot have a list of its own. A channel does not know all methods, so
// it cannot list them.
// Cure: Put each method into exactly one list, `auth(public = [get], protected = [put])`, and take the rest out. On a
// channel, only use `public`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(auth(verifier = self.0, public = [get], protected = ["Get", "/user.v1.UserService/Put"]))]
#[tonic::async_trait]
impl interceptors_ui_tests::user_service_server::UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(skip(auth))]
    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }
}

struct Others;

#[intercept(auth(verifier = self.0, protected = [get], except = [get]))]
#[tonic::async_trait]
impl UserService for Others {
    type ListStream = Ids;

    #[intercept(auth(verifier = self.0, protected = []))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[intercept(auth(token = self.0, protected = ["/user.v1.UserService/Get"]))]
struct Outbound;

fn main() {}
