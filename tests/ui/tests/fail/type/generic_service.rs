// Cause: The service is generic, and the values of two entries are in its fields. The type of one is not a verifier,
// and the type of the other is not an interceptor. Each is one error, at the first method that the entry covers.
// Cure: Give `auth` a value that implements `Verifier`, and `with` one that implements `Interceptor` for the messages
// of all methods that it covers.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status};

struct Users<T> {
    name: String,
    held: T,
}

#[intercept(auth(verifier = self.name), with(self.held))]
#[tonic::async_trait]
impl<T: Send + Sync + 'static> UserService for Users<T> {
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
}

fn main() {}
