use interceptors::auth::TokenCache;
use interceptors::intercept;
use interceptors_ui_tests::Id;
use tonic::{Request, Response, Status};

struct Users {
    tokens: TokenCache,
}

#[intercept(service = "user.v1.UserService", auth(token = self.tokens), hedge(delay = "1s"))]
impl Users {
    async fn get(&mut self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
