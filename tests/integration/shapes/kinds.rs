//! All four kinds of RPC, over a socket.

use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::store_client::StoreClient;
use interceptors_proto::shapes::store_server::{Store, StoreServer};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, ask, calls, text, texts, word};

struct Shop;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for Shop {
    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    type ListStream = BoxStream<Word>;

    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let words: Vec<_> = request
            .into_inner()
            .text
            .chars()
            .map(word)
            .map(Ok)
            .collect();
        Ok(Response::new(Box::pin(tokio_stream::iter(words))))
    }

    async fn put(&self, request: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        let mut words = request.into_inner();
        let mut all = String::new();
        while let Some(next) = words.message().await? {
            all += &next.text;
        }
        Ok(Response::new(word(all)))
    }

    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    // The type comes after the methods, and is a stream of tonic.
    type SyncStream = Streaming<Word>;
}

async fn client() -> StoreClient<tonic::transport::Channel> {
    StoreClient::new(interceptors_tests::serve(Routes::new(StoreServer::new(Shop))).await)
}

#[tokio::test]
async fn each_kind_runs_its_interceptors_and_ends_once() {
    let mut client = client().await;

    assert_eq!(text(client.get(ask("a")).await), "a");
    assert_eq!(calls(), answered("Get"));

    assert_eq!(texts(client.list(ask("ab")).await).await, ["a", "b"]);
    assert_eq!(calls(), ["server_stream List", "List ok 2"]);

    let words = tokio_stream::iter([word("c"), word("d")]);
    assert_eq!(text(client.put(words).await), "cd");
    assert_eq!(calls(), ["client_stream Put", "Put ok 1"]);

    let words = tokio_stream::iter([word("e"), word("f"), word("g")]);
    assert_eq!(texts(client.sync(words).await).await, ["e", "f", "g"]);
    assert_eq!(calls(), ["bidi_stream Sync", "Sync ok 3"]);
}

#[test]
fn plan_has_the_kind_of_each_method() {
    let kinds: Vec<_> = Shop::PLAN
        .methods()
        .iter()
        .map(|method| (method.method(), method.kind().as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("Get", "unary"),
            ("List", "server_stream"),
            ("Put", "client_stream"),
            ("Sync", "bidi_stream"),
        ]
    );
}

#[tokio::test]
async fn dropped_response_stream_is_cancelled() {
    let mut answer = Shop.list(ask("abc")).await.unwrap().into_inner();
    assert_eq!(answer.next().await.unwrap().unwrap().text, "a");
    assert_eq!(calls(), ["server_stream List"]);
    drop(answer);
    assert_eq!(calls(), ["List cancelled 1"]);
}
