// Cause: With the list `protected`, each method of the block has to be in `public` or in `protected`. These are in
// neither, often because they were added later.
// Cure: Add each to one list: `auth(public = [get], protected = [put, list, upload])`. Without `protected`, all methods
// that are not public need a token.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status, Streaming};

struct Users;

#[intercept(auth(verifier = self.0, public = [get], protected = [put]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Ids>, Status> {
        todo!()
    }

    async fn upload(&self, _: Request<Streaming<Id>>) -> Result<Response<Id>, Status> {
        todo!()
    }
}

fn main() {}
