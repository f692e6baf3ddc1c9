// Cause: `on_error`, `store_timeout` and `name` are settings of a limit in a `store`, and the first two limits have no
// store. If the store has all numbers, the entry has to say what happens while the store does not answer, because there
// is no local limit.
// Cure: Add the store, `store = self.limits`, or take the setting out. Give the entry a limit too,
// `rate_limit(per_second = 100, store = self.limits)`, or choose `on_error = allow` or `on_error = deny`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};
use interceptors::rate_limit::Local;

struct Late;
struct Named;
struct Misspelt {
    limits: Local,
}
struct Nothing {
    limits: Local,
}
struct NoLimit {
    limits: Local,
}

macro_rules! service {
    ($name:ident: $($entries:tt)*) => {
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

service!(Late: rate_limit(per_second = 1, on_error = deny, store_timeout = "50ms"));
service!(Named: rate_limit(per_second = 1, name = "customers"));
service!(Misspelt: rate_limit(per_second = 1, store = self.limits, on_error = open));
service!(Nothing: rate_limit(store = self.limits));
service!(NoLimit: rate_limit(store = self.limits, on_error = local));

fn main() {}
