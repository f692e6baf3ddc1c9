// Cause: The attribute is on the definition of a trait. A trait defines what a service offers. Each type that
// implements it has its own interceptors.
// Cure: Put the attribute on the `impl`, above `#[tonic::async_trait]`: `#[intercept(logging)] #[tonic::async_trait]
// impl UserService for Users { … }`.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

#[intercept(logging)]
#[tonic::async_trait]
trait UserService {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
}

fn main() {}
