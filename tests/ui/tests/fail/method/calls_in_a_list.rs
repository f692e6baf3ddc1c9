// Cause: A list of methods contains their names, not calls or paths.
// Cure: Write the name alone: `only = [get]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(only = [get(), Self::list]))]
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

fn main() {}
