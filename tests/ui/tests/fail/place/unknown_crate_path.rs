// Cause: `crate` is the path of `interceptors` if it has another name, but there is no such path.
// Cure: Write the path of the dependency, or of the module that re-exports it: `crate = my_framework::interceptors`. If
// it has its usual name, take the setting out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(crate = crate::nowhere, logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
