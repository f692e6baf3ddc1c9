// Cause: The method borrows the whole client mutably. While it runs, no interceptor can borrow a field of the client,
// and there can be no second attempt at the same time.
// Cure: Take `&self`. A tonic client in it is cheap to clone: `self.client.clone().get(request).await`. If you need
// `&mut self`, write `token = self.tokens.clone()` with `tokens: Arc<TokenCache>`, and leave `hedge` out.

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
