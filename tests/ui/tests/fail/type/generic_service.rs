// Cause: The service has parameters, and what two entries are given is in a field: its type
// verifies nothing, or intercepts nothing. Each is one error, at the first method that the entry
// covers.
// Cure: Give `auth` what implements `Verifier`, and `with` what implements `Interceptor` for the
// messages of all methods that it covers.

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
