// Cause: The constant has another type than the setting: counts are `u32`, and times are `Duration`. Only a literal in
// the attribute may be text such as `"2s"`.
// Cure: Declare it as `const MAX: u32 = 3;` or `const BASE: Duration = Duration::from_millis(20);`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

const MAX: &str = "3";

#[intercept(retry(max = MAX, base_delay = MAX))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
