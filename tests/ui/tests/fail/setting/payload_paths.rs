// Cause: A path names a field of a message. It begins with `request` or `response`, goes through `.field`, `?` for an
// `Option` and `[]` for every element, and ends with a field.
// Cure: Write it so: `request.password`, `request.card?.number`, `request.items[].secret`. To redact all elements, name
// the list: `request.items`. A field whose name is a keyword is `request.r#type`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

macro_rules! service {
    ($name:ident: $($paths:tt)*) => {
        struct $name;

        #[intercept(payload(redact = [$($paths)*]))]
        #[tonic::async_trait]
        impl UserService for $name {
            type ListStream = Ids;

            async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    };
}

service!(Beginning: id, message.id, "request.id", self.id);
service!(Whole: request);
service!(Dot: request., response.);
service!(End: request.items[], request.card?);
service!(Index: request.items[0].secret);
service!(Call: request.id(), request.0);
service!(Keyword: request.type);
service!(Twice: request.id, request.id);
service!(Comma: request.id,, response.id);

fn main() {}
