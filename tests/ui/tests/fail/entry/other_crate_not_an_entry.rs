// Cause: The type does not implement `Entry`, which the plan needs, or it is not an interceptor for these messages.
// Cure: Implement `Entry` for it, or list it as a value: `with(Silent)`. Name the methods that it is for with `only`.

use interceptors::{Call, Entry, Interceptor, Next, intercept};
use interceptors_ui_tests::{Id, UserService};
use tonic::{Request, Response, Status};

struct Silent;

impl Silent {
    const fn new() -> Self {
        Self
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Silent {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

struct OfTexts;

impl OfTexts {
    const fn new() -> Self {
        Self
    }
}

impl Entry for OfTexts {
    const NAME: &'static str = "of_texts";
}

impl<Res: Send> Interceptor<String, Res> for OfTexts {
    async fn intercept(
        &self,
        call: &mut Call<String>,
        next: &mut impl Next<String, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await
    }
}

#[intercept(self::Silent)]
struct Outbound;

struct Users;

#[intercept(self::OfTexts)]
#[tonic::async_trait]
impl UserService for Users {
    type ListStream = interceptors_ui_tests::Ids;

    async fn get(&self, request: Request<Id>) -> Result<Response<Id>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

fn main() {}
