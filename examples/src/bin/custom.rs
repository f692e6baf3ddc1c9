//! `cargo run -p examples --bin custom`: an interceptor of your own that reads the message.
//!
//! This needs no server: a call of a service's method runs its policy.

use examples::{Error, logs};
use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_server::{self, Stubs as _};
use tonic::{Code, Request, Response, Status};

trait Validate {
    fn validate(&self) -> Result<(), String>;
}

impl Validate for Item {
    fn validate(&self) -> Result<(), String> {
        match self.value {
            0 => Err("`value` must not be zero".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Rejects invalid requests before the handler sees them.
struct Valid;

// The bound makes it typed. `with(Valid)` does not compile on a method whose message is not `Validate`, for example a stream.
impl<Req: Validate + Send, Res: Send> Interceptor<Req, Res> for Valid {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(message) = call.message() {
            message.validate().map_err(Status::invalid_argument)?;
        }
        next.run(call).await
    }
}

struct Reciprocal;

#[intercept(logging(fields(value = request.value)), with(Valid))]
#[tonic::async_trait]
impl stubs_server::Stubs for Reciprocal {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        let value = 1_000 / request.into_inner().value;
        Ok(Response::new(Item { value }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let answer = Reciprocal.unary(Request::new(Item { value: 8 })).await?;
    println!("1000 / 8 = {}", answer.into_inner().value);
    match Reciprocal.unary(Request::new(Item { value: 0 })).await {
        Err(status) if status.code() == Code::InvalidArgument => {
            println!("1000 / 0: {}", status.message());
            Ok(())
        }
        other => Err(format!("a division by zero should be refused: {other:?}").into()),
    }
}
