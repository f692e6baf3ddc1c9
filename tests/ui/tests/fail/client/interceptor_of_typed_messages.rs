use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_ui_tests::Id;
use tonic::{Response, Status};

struct Typed;

impl Interceptor<Id, Id> for Typed {
    async fn intercept(
        &self,
        call: &mut Call<Id>,
        next: &mut impl Next<Id, Id>,
    ) -> Result<Response<Id>, Status> {
        next.run(call).await
    }
}

#[intercept(with(Typed))]
struct Outbound;

fn main() {}
