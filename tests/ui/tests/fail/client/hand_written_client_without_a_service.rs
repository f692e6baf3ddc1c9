// Cause: A hand-written client implements no trait, so the macro does not know which service it calls. Logs, paths and
// the plan need the name.
// Cure: Add it: `#[intercept(service = "user.v1.UserService", logging)]`.

use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging)]
impl Users {
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
