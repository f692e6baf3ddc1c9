//! Services with type parameters, renamed traits and `Arc` self types.

use std::pin::Pin;
use std::sync::Arc;

use interceptors::Intercepted as _;
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::echo_client::EchoClient;
use interceptors_proto::shapes::store_client::StoreClient;
use interceptors_tests::{Recorder, Steps, serve};
use tokio_stream::Stream;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::servers::shapes::echo_server::{Echo as Renamed, EchoServer};
use crate::servers::shapes::store_server::{Store, StoreServer};

type Words = Pin<Box<dyn Stream<Item = Result<Word, Status>> + Send>>;

/// A type parameter, and a renamed trait.
struct Generic<E> {
    entry: Recorder,
    value: E,
}

trait Says: Send + Sync + 'static {
    fn says(&self) -> String;
}

impl Says for &'static str {
    fn says(&self) -> String {
        (*self).to_owned()
    }
}

#[interceptors::intercept(with(self.entry))]
#[tonic::async_trait]
impl<E: Says> Renamed for Generic<E> {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        let text = self.value.says();
        Ok(Response::new(Word { text }))
    }
}

struct Inner {
    entry: Recorder,
}

#[interceptors::intercept(with(self.entry), concurrency(max = 100, per = method))]
#[tonic::async_trait]
impl Store for Arc<Inner> {
    type ListStream = Words;
    type SyncStream = Words;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn list(&self, request: Request<Word>) -> Result<Response<Words>, Status> {
        let word = request.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(word)))))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        Ok(Response::new(Word::default()))
    }

    async fn sync(&self, request: Request<Streaming<Word>>) -> Result<Response<Words>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }
}

#[tokio::test]
async fn services_of_one_package_have_separate_policies() {
    let steps = Steps::default();
    let echo = Generic {
        entry: steps.recorder("echo"),
        value: "hello",
    };
    let store = Arc::new(Inner {
        entry: steps.recorder("store"),
    });
    let routes = Routes::new(EchoServer::new(echo)).add_service(StoreServer::new(store));
    let channel = serve(routes).await;
    let said = EchoClient::new(channel.clone()).say(Word::default()).await;
    assert_eq!(said.unwrap().into_inner().text, "hello");
    assert_eq!(steps.take(), ">echo <echo");
    let mut store = StoreClient::new(channel);
    let word = || Word {
        text: "word".to_owned(),
    };
    assert_eq!(store.get(word()).await.unwrap().into_inner(), word());
    assert_eq!(steps.take(), ">store <store");
    let words = tokio_stream::iter([word(), word()]);
    let mut back = store.sync(words).await.unwrap().into_inner();
    let mut count = 0;
    while let Some(back) = back.message().await.unwrap() {
        assert_eq!(back, word());
        count += 1;
    }
    assert_eq!(count, 2);
    assert_eq!(steps.take(), ">store <store");
    let plan = EchoServer::<Generic<&'static str>>::PLAN;
    assert_eq!(plan.methods()[0].path(), "/shapes.v1.Echo/Say");
    let plan = StoreServer::<Arc<Inner>>::PLAN;
    assert_eq!(plan.methods()[3].path(), "/shapes.v1.Store/Sync");
}
