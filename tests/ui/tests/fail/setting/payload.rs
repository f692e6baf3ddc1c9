// Cause: `payload` needs to know which fields are secret. List the fields that are logged in `show`, or those that are
// not in `redact`. `max_bytes`, at which a message is cut, is from 1 to 262144.
// Cure: Write `payload(show = [request.id])`, or `payload(redact = [request.password])`. If nothing is secret, write
// `payload(redact = [])`. To log nothing, take `payload` out.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

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

service!(Neither: payload);
service!(NeitherOfThem: payload(max_bytes = 100));
service!(Both: payload(redact = [request.id], show = [response.id]));
service!(Twice: payload(redact = [], redact = [request.id]));
service!(Nothing: payload(show = []));
service!(NoList: payload(show = request.id));
service!(NoBytes: payload(redact = [], max_bytes = 0));
service!(AllBytes: payload(redact = [], max_bytes = 1_000_000));
service!(Level: payload(redact = [], level = "verbose"));
service!(Unknown: payload(redact = [], max_size = 10, hide = []));

fn main() {}
