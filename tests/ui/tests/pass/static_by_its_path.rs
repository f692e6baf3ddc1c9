//! A value in a plain `static` is borrowed, not moved. So is a constant.

use std::sync::atomic::AtomicU32;

use interceptors::auth::TokenSource;
use interceptors::{Call, CallDetails, Intercepted, Interceptor, Next, intercept};
use tonic::{Response, Status};

struct Tokens(AtomicU32);

impl TokenSource for Tokens {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok(self.0.load(std::sync::atomic::Ordering::Relaxed).to_string())
    }
}

struct Audit(&'static str);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Audit {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        assert!(!self.0.is_empty());
        next.run(call).await
    }
}

static TOKENS: Tokens = Tokens(AtomicU32::new(0));
static AUDIT: Audit = Audit("static");
const NAMED: Audit = Audit("constant");

#[intercept(auth(token = crate::TOKENS), with(AUDIT), with(NAMED))]
struct Outbound;

fn main() {
    let _ = Outbound::PLAN;
}
