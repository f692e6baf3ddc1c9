// Cause: An RPC method of a client borrows the client, takes a request and returns a response.
// Cure: Write `async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>`, and move other methods to a
// separate `impl`.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct HandWritten;

#[intercept(service = "user.v1.UserService", logging)]
impl HandWritten {
    pub async fn get(&self, _: Request<Id>) {}

    pub async fn put(self, _: Request<Id>) -> Result<Response<Id>, Status> {
        todo!()
    }
}

fn main() {}
