// Cause: A hook of `catch_panic` is a function of one `&Panic<'_>`, or a value whose type implements `PanicHandler`. This
// type does not.
// Cure: Write `fn on_panic(panic: &Panic<'_>) { … }` and `catch_panic(hook = on_panic)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users {
    name: String,
}

#[intercept(catch_panic(hook = self.name))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
