// Cause: Fields are redacted in a copy, because the handler gets the original message. But this message is not `Clone`.
// Cure: Derive `Clone` for it, as prost does. Or list the fields that are logged, `payload(show = [request.id])`, which
// copies nothing.

use interceptors::intercept;
use tonic::{Request, Response, Status};

#[derive(Debug, Default)]
struct Login {
    password: String,
}

#[tonic::async_trait]
trait Users {
    async fn login(&self, request: Request<Login>) -> Result<Response<Login>, Status>;
}

struct Mine;

#[intercept(payload(redact = [request.password]))]
#[tonic::async_trait]
impl Users for Mine {
    async fn login(&self, request: Request<Login>) -> Result<Response<Login>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
