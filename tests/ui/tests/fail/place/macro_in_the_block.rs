// Cause: An attribute sees a macro call before it is expanded. Methods from the macro would bypass the interceptors,
// `auth` included.
// Cure: Write the methods out, or let the macro write the whole block: `macro_rules! service { … => {
// #[intercept(logging)] impl UserService for Users { … } } }`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

macro_rules! methods {
    () => {};
}

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    methods!();

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
