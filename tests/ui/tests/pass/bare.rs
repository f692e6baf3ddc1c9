use interceptors::auth::Verifier;
use interceptors::{CallDetails, intercept};
use interceptors_ui_tests::{Id, Ids, UserService};
use tonic::{Request, Response, Status};

struct Users;

#[intercept(logging, auth(public = [get]), retry(max = 3))]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, _: Request<Id>) -> Result<Response<Self::ListStream>, Status> {
        Ok(Response::new(tokio_stream::empty()))
    }
}

impl Verifier for Users {
    type Identity = String;

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<String, Status> {
        Ok(token.to_owned())
    }
}

fn main() {}
