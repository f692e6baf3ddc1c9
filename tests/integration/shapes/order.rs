//! The attribute above and below `#[async_trait]`, in all its spellings.

use async_trait::async_trait;
use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::echo_server::Echo;
use interceptors_proto::shapes::store_client::StoreClient;
use interceptors_proto::shapes::store_server::{Store, StoreServer};
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, ask, calls, failed, text, texts, word};

macro_rules! echo {
    ($($(#[$attribute:meta])* $service:ident;)*) => {$(
        struct $service;

        $(#[$attribute])*
        impl Echo for $service {
            async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
                if request.get_ref().text.is_empty() {
                    return Err(Status::not_found("empty"));
                }
                Ok(Response::new(request.into_inner()))
            }
        }
    )*};
}

echo! {
    #[intercept(with(Record))]
    #[tonic::async_trait]
    AboveTonics;

    #[intercept(with(Record))]
    #[tonic::async_trait()]
    AboveTonicsWithParentheses;

    #[intercept(with(Record))]
    #[async_trait::async_trait]
    AboveTheCrates;

    #[intercept(with(Record))]
    #[async_trait]
    AboveBare;

    #[tonic::async_trait]
    #[intercept(with(Record))]
    BelowTonics;

    #[async_trait::async_trait]
    #[intercept(with(Record))]
    BelowTheCrates;

    #[async_trait]
    #[interceptors::intercept(with(Record))]
    BelowBare;

    #[interceptors::intercept(with(Record))]
    #[allow(unused_variables)]
    #[tonic::async_trait]
    AboveAnother;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    #[tonic::async_trait]
    AboveTwo;

    #[tonic::async_trait]
    #[intercept(with(Record))]
    #[tonic::async_trait]
    BetweenTwo;
}

#[tokio::test]
async fn each_order_and_spelling_of_async_trait_works() {
    let services: [&dyn Echo; 10] = [
        &AboveTonics,
        &AboveTonicsWithParentheses,
        &AboveTheCrates,
        &AboveBare,
        &BelowTonics,
        &BelowTheCrates,
        &BelowBare,
        &AboveAnother,
        &AboveTwo,
        &BetweenTwo,
    ];
    for service in services {
        assert_eq!(text(service.say(ask("a")).await), "a");
        assert_eq!(calls(), answered("Say"));
        assert!(service.say(ask("")).await.is_err());
        assert_eq!(calls(), failed("Say"));
    }
}

struct NoInterceptor;

#[intercept]
#[tonic::async_trait]
impl Echo for NoInterceptor {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn empty_attribute_still_has_a_plan() {
    assert_eq!(text(NoInterceptor.say(ask("a")).await), "a");
    assert_eq!(calls(), [""; 0]);
    let plan = NoInterceptor::PLAN;
    assert_eq!(plan.methods()[0].interceptors().count(), 0);
}

/// A block with all kinds of items, below `#[async_trait]`.
struct Below<T>(T);

#[tonic::async_trait]
#[intercept(with(Record), retry(except = [sync]))]
impl<T> Store for Below<T>
where
    T: Into<String> + Clone + Send + Sync + 'static,
{
    type ListStream = BoxStream<Word>;

    #[tracing::instrument(skip_all)]
    async fn get(&self, mut request: Request<Word>) -> Result<Response<Word>, Status> {
        request.get_mut().text += &self.0.clone().into();
        Ok(Response::new(request.into_inner()))
    }

    #[intercept(skip(retry))]
    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let got = self.get(request).await?.into_inner();
        let stream: Self::ListStream = Box::pin(tokio_stream::once(Ok(got)));
        Ok(Response::new(stream))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        todo!()
    }

    type SyncStream = Streaming<Word>;

    #[cfg(test)]
    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn attribute_below_async_trait_works_the_same() {
    let service = Below("!");
    assert_eq!(text(service.get(ask("a")).await), "a!");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(service.list(ask("b")).await).await, ["b!"]);
    assert_eq!(
        calls(),
        ["server_stream List", "unary Get", "Get ok 1", "List ok 1"]
    );

    let routes = Routes::new(StoreServer::new(service));
    let mut client = StoreClient::new(interceptors_tests::serve(routes).await);
    let words = client.sync(tokio_stream::once(word("c"))).await;
    assert_eq!(texts(words).await, ["c"]);
    assert_eq!(calls(), ["bidi_stream Sync", "Sync ok 1"]);
}

#[test]
fn attribute_below_async_trait_has_the_same_plan() {
    let methods: Vec<_> = Below::<String>::PLAN
        .methods()
        .iter()
        .map(|method| {
            let names: Vec<_> = method.interceptors().map(|entry| entry.name()).collect();
            format!("{} {} {}", method.path(), method.kind(), names.join(","))
        })
        .collect();
    assert_eq!(
        methods,
        [
            "/Store/Get unary with,retry",
            "/Store/List server_stream with",
            "/Store/Put client_stream with",
            "/Store/Sync bidi_stream with",
        ]
    );
}
