// Cause: This entry has no setting of that name.
// Cure: Correct the name: `logging(level = "info")`, `retry(max_attempts = 3)`. The reference of the attribute lists
// the settings of each entry.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging(levle = "info"), retry(attempts = 3))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
