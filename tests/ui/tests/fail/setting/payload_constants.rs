// Cause: The constant is zero, or so large that what collects logs would cut or reject such a line.
// Cure: Use a constant from 1 to 262144, or leave `max_bytes` out: it is 1024 then.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

const NONE: usize = 0;
const ALL: usize = usize::MAX;

macro_rules! service {
    ($name:ident: $($entries:tt)*) => {
        struct $name;

        #[intercept($($entries)*)]
        #[tonic::async_trait]
        impl UserService for $name {
            type ListStream = Ids;

            async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    };
}

service!(Nothing: payload(redact = [], max_bytes = NONE));
service!(Everything: payload(redact = [], max_bytes = ALL));

fn main() {}
