//! `generate_default_stubs`: methods may be missing, and streams are boxed.

use interceptors::intercept;
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_client::StubsClient;
use interceptors_proto::stubs::stubs_server::{self, Stubs, StubsServer};
use tokio_stream::StreamExt;
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::common::{Record, answered, calls};

struct Partial;

#[intercept(with(Record))]
#[tonic::async_trait]
impl stubs_server::Stubs for Partial {
    async fn server_stream(
        &self,
        request: Request<Item>,
    ) -> Result<Response<BoxStream<Item>>, Status> {
        let items = (0..request.into_inner().value).map(|value| Ok(Item { value }));
        Ok(Response::new(Box::pin(tokio_stream::iter(items))))
    }
}

#[tokio::test]
async fn partial_implementation_intercepts_its_own_methods() {
    let routes = Routes::new(StubsServer::new(Partial));
    let mut client = StubsClient::new(interceptors_tests::serve(routes).await);
    let items = client.server_stream(Item { value: 3 }).await.unwrap();
    let items: Vec<_> = items
        .into_inner()
        .map(|item| item.unwrap().value)
        .collect()
        .await;
    assert_eq!(items, [0, 1, 2]);
    assert_eq!(calls(), ["server_stream ServerStream", "ServerStream ok 3"]);
    assert!(client.unary(Item { value: 1 }).await.is_err());
    assert_eq!(calls(), [""; 0]);
}

struct Full;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Stubs for Full {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn server_stream(
        &self,
        request: Request<Item>,
    ) -> tonic::Result<
        Response<
            std::pin::Pin<
                Box<dyn tokio_stream::Stream<Item = Result<Item, Status>> + Send + 'static>,
            >,
        >,
    > {
        let items = [Ok(request.into_inner()), Err(Status::aborted("half way"))];
        Ok(Response::new(Box::pin(tokio_stream::iter(items))))
    }

    async fn client_stream(
        &self,
        request: Request<Streaming<Item>>,
    ) -> Result<Response<Item>, Status> {
        let mut items = request.into_inner();
        let mut value = 0;
        while let Some(item) = items.message().await? {
            value += item.value;
        }
        Ok(Response::new(Item { value }))
    }

    async fn bidi_stream(
        &self,
        request: Request<Streaming<Item>>,
    ) -> Result<Response<BoxStream<Item>>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }
}

#[tokio::test]
async fn observers_see_the_final_status_of_boxed_streams() {
    let answer = Full.unary(Request::new(Item { value: 1 })).await;
    assert_eq!(answer.unwrap().into_inner().value, 1);
    assert_eq!(calls(), answered("Unary"));

    let stream = Full.server_stream(Request::new(Item { value: 1 })).await;
    let mut stream = stream.unwrap().into_inner();
    assert_eq!(stream.next().await.unwrap().unwrap().value, 1);
    assert_eq!(calls(), ["server_stream ServerStream"]);
    assert_eq!(
        stream.next().await.unwrap().unwrap_err().code(),
        Code::Aborted
    );
    assert_eq!(calls(), ["ServerStream error 1"]);

    let routes = Routes::new(StubsServer::new(Full));
    let mut client = StubsClient::new(interceptors_tests::serve(routes).await);
    let items = || tokio_stream::iter([Item { value: 1 }, Item { value: 2 }]);
    assert_eq!(
        client
            .client_stream(items())
            .await
            .unwrap()
            .into_inner()
            .value,
        3
    );
    assert_eq!(calls(), ["client_stream ClientStream", "ClientStream ok 1"]);
    let echoed = client.bidi_stream(items()).await.unwrap().into_inner();
    let echoed: Vec<_> = echoed.map(|item| item.unwrap().value).collect().await;
    assert_eq!(echoed, [1, 2]);
    assert_eq!(calls(), ["bidi_stream BidiStream", "BidiStream ok 2"]);
}
