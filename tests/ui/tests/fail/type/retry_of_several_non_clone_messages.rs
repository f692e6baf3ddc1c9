// Cause: Each attempt needs a copy of the request, and the messages of two methods are not `Clone`. The service is
// generic, but its messages are not.
// Cure: Add `#[derive(Clone)]` to the messages, or leave the methods out: `retry(max = 1, except = [put, set])`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Once};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
trait Store: Send + Sync + 'static {
    async fn put(&self, request: Request<Once>) -> Result<Response<Id>, Status>;
    async fn set(&self, request: Request<Once>) -> Result<Response<Id>, Status>;
}

struct Shelf<T>(T);

#[intercept(retry(max = 1))]
#[tonic::async_trait]
impl<T: Send + Sync + 'static> Store for Shelf<T> {
    async fn put(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }

    async fn set(&self, _: Request<Once>) -> Result<Response<Id>, Status> {
        todo!()
    }
}

fn main() {}
