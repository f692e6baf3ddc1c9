// Cause: The attribute is on the definition of a trait. A trait says what a service offers;
// what runs in front of a call is the business of each type that implements it.
// Cure: Put the attribute on the implementation, above `#[tonic::async_trait]`:
// `#[intercept(logging)] #[tonic::async_trait] impl UserService for Users { … }`.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

#[intercept(logging)]
#[tonic::async_trait]
trait UserService {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status>;
}

fn main() {}
