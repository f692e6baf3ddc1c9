//! The receivers `&self`, `self: &Self` and `self: Arc<Self>`, and patterns for the request.

use std::sync::Arc;

use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::{Word, echo_server::Echo};
use interceptors_proto::shared::Number;
use interceptors_proto::shared::counter_client::CounterClient;
use interceptors_proto::shared::counter_server::{Counter, CounterServer};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, answered_times, ask, calls, text, word};

struct Shared {
    base: u64,
    record: Record,
}

#[intercept(with(self.record))]
#[tonic::async_trait]
impl Counter for Shared {
    type CountToStream = BoxStream<Number>;

    async fn add(
        self: Arc<Self>,
        mut request: Request<Number>,
    ) -> Result<Response<Number>, Status> {
        // `Arc<Self>` allows tasks that outlive the call.
        let this = Arc::clone(&self);
        let base = tokio::spawn(async move { this.base }).await.unwrap();
        request.get_mut().value += base;
        Ok(Response::new(request.into_inner()))
    }

    async fn count_to(
        self: Arc<Self>,
        request: Request<Number>,
    ) -> Result<Response<Self::CountToStream>, Status> {
        let numbers = (self.base..request.into_inner().value).map(|value| Ok(Number { value }));
        Ok(Response::new(Box::pin(tokio_stream::iter(numbers))))
    }

    async fn sum(
        self: std::sync::Arc<Self>,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Number>, Status> {
        let mut numbers = request.into_inner();
        let mut value = self.base;
        while let Some(number) = numbers.next().await.transpose()? {
            value += number.value;
        }
        Ok(Response::new(Number { value }))
    }
}

#[tokio::test]
async fn methods_with_arc_self_run_their_interceptors() {
    let shared = Arc::new(Shared {
        base: 7,
        record: Record,
    });
    let routes = Routes::new(CounterServer::from_arc(Arc::clone(&shared)));
    let mut client = CounterClient::new(interceptors_tests::serve(routes).await);

    let sum = client.add(Number { value: 3 }).await.unwrap();
    assert_eq!(sum.into_inner().value, 10);
    assert_eq!(calls(), answered("Add"));

    let numbers = client.count_to(Number { value: 9 }).await.unwrap();
    let numbers: Vec<_> = numbers
        .into_inner()
        .map(|n| n.unwrap().value)
        .collect()
        .await;
    assert_eq!(numbers, [7, 8]);
    assert_eq!(calls(), ["server_stream CountTo", "CountTo ok 2"]);

    let numbers = tokio_stream::iter([Number { value: 1 }, Number { value: 2 }]);
    assert_eq!(client.sum(numbers).await.unwrap().into_inner().value, 10);
    assert_eq!(calls(), ["client_stream Sum", "Sum ok 1"]);
}

#[tokio::test]
async fn arc_self_calls_leak_no_reference() {
    let shared = Arc::new(Shared {
        base: 0,
        record: Record,
    });
    let answer = Arc::clone(&shared)
        .add(Request::new(Number { value: 1 }))
        .await;
    assert_eq!(answer.unwrap().into_inner().value, 1);
    assert_eq!(Arc::strong_count(&shared), 1);
}

#[test]
fn methods_with_arc_self_have_a_plan() {
    assert_eq!(Shared::PLAN.methods().len(), 3);
}

struct ByTypedReference(&'static str);

#[intercept(with(Record))]
#[tonic::async_trait]
impl Echo for ByTypedReference {
    async fn say(self: &Self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(
            self.0.to_owned() + &request.get_ref().text,
        )))
    }
}

#[tokio::test]
async fn receiver_may_be_a_typed_reference() {
    assert_eq!(text(ByTypedReference("> ").say(ask("a")).await), "> a");
    assert_eq!(calls(), answered("Say"));
}

macro_rules! with_the_parameter {
    ($($service:ident($pattern:pat) => $answer:expr;)*) => {$(
        struct $service;

        #[intercept(with(Record))]
        #[tonic::async_trait]
        impl Echo for $service {
            async fn say(&self, $pattern: Request<Word>) -> Result<Response<Word>, Status> {
                Ok(Response::new(word($answer)))
            }
        }
    )*};
}

with_the_parameter! {
    Ignored(_) => "ignored";
    Unused(_request) => "unused";
    Bound(whole @ _) => whole.into_inner().text;
    Dunder(__request) => __request.into_inner().text;
}

struct Mutable;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Echo for Mutable {
    async fn say(&self, mut grpc_request: Request<Word>) -> Result<Response<Word>, Status> {
        grpc_request.get_mut().text.push('!');
        Ok(Response::new(grpc_request.into_inner()))
    }
}

#[tokio::test]
async fn request_parameter_may_be_any_pattern() {
    assert_eq!(text(Ignored.say(ask("a")).await), "ignored");
    assert_eq!(text(Unused.say(ask("a")).await), "unused");
    assert_eq!(text(Bound.say(ask("a")).await), "a");
    assert_eq!(text(Dunder.say(ask("a")).await), "a");
    assert_eq!(text(Mutable.say(ask("a")).await), "a!");
    assert_eq!(calls(), answered_times("Say", 5));
}
