// Cause: The same entry is in the list twice. Only `with` may be given several times.
// Cure: Keep one and put all settings into it. Where one method needs other settings, give it an
// entry of its own: `#[intercept(logging(slow = "2s"))]` on the method.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, retry(max = 2), logging)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
