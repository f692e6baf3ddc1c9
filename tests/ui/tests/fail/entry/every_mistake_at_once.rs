// Cause: There are several mistakes, in several entries. All are reported at once, each at its own place.
// Cure: They are independent, so correct them in any order: `logging`, `retry(max = 3)`, `with(self.audit)`, `only =
// [get]`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(loging, retry(max = "3"), with(), logging(only = [gte]))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
