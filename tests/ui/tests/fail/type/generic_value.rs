// Cause: The value of `with` depends on a generic parameter of the service, and its type is not an interceptor. This is
// one error, at the first method that the entry covers.
// Cure: Implement `Interceptor` for the type of the value.

use std::marker::PhantomData;

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, Once, UserService};
use tonic::{Request, Response, Status};

struct Users<T>(T);

struct Audit<T>(PhantomData<fn() -> T>);

#[intercept(with(Audit::<T>(PhantomData)))]
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
