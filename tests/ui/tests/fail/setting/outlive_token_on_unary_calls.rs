// Cause: Streams end when their token expires, but unary calls do not. So `outlive_token` has no effect if no covered
// method has a stream.
// Cure: Take `outlive_token` out, or write it where `auth` covers a method with a stream.

use interceptors::auth::Verifier;
use interceptors::{CallDetails, intercept};
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;
struct Posts;

#[derive(Clone)]
struct Tokens;

impl Verifier for Tokens {
    type Identity = Tokens;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<Tokens, Status> {
        Ok(Tokens)
    }
}

// The one method that it covers is unary.
#[intercept(auth(verifier = Tokens, public = [list], outlive_token = true))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

const YES: bool = true;

// The setting of the block covers a stream, so it is right. That of `get` is not.
#[intercept(auth(verifier = Tokens, outlive_token = true))]
#[tonic::async_trait]
impl UserService for Posts {
    type ListStream = Ids;

    #[intercept(auth(verifier = Tokens, outlive_token = YES))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

trait Two {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
    async fn put(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
}

#[intercept(auth(verifier = Tokens, outlive_token = true))]
impl Two for Users {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn put(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
