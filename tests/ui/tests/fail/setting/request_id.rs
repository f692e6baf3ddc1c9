// Cause: The ID of a call is text in metadata that others may see. So its key is in lower case, is for text, is not
// reserved for gRPC, and is not one for secrets. The length of the ID is limited.
// Cure: Write, for example, `request_id(header = "x-correlation-id", accept = false, max_length = 64)`.

use interceptors::intercept;
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(request_id(header = "X-Request-Id", accept = "no", max_length = 0))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    #[intercept(request_id(header = "grpc-id"))]
    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(request_id(header = "x-id-bin", max_length = 1025, max = 4))]
    async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

#[intercept(request_id(accept = false))]
struct Outbound;

fn main() {}
