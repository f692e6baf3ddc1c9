// Cause: The block lists the method as public, but the method has its own `auth`, so it needs a token.
// Cure: Take it out of the list of the block, or take the method's `auth` out.

use interceptors::auth::StaticTokens;
use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users {
    tokens: StaticTokens<u8>,
}

#[intercept(auth(verifier = self.tokens, public = [get]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(auth(verifier = self.tokens))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }
}

fn main() {}
