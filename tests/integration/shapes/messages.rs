//! Messages that implement neither `Clone` nor `Debug` nor `Default`.

use interceptors::intercept;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use crate::common::{BoxStream, Record, answered, calls};

struct Bare(std::cell::Cell<u8>);

/// A trait like the one that tonic generates for a custom codec.
#[tonic::async_trait]
trait Custom: Send + Sync + 'static {
    async fn unary(&self, request: Request<Bare>) -> Result<Response<Bare>, Status>;

    type ListStream: Stream<Item = Result<Bare, Status>> + Send + 'static;

    async fn list(&self, request: Request<Bare>) -> Result<Response<Self::ListStream>, Status>;
}

struct Service;

#[intercept(logging, with(Record))]
#[tonic::async_trait]
impl Custom for Service {
    async fn unary(&self, request: Request<Bare>) -> Result<Response<Bare>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    type ListStream = BoxStream<Bare>;

    async fn list(&self, request: Request<Bare>) -> Result<Response<Self::ListStream>, Status> {
        let once = tokio_stream::once(Ok(request.into_inner()));
        Ok(Response::new(Box::pin(once)))
    }
}

#[tokio::test]
async fn messages_need_no_traits() {
    let answer = Service.unary(Request::new(Bare(7.into()))).await.unwrap();
    assert_eq!(answer.into_inner().0.get(), 7);
    assert_eq!(calls(), answered("Unary"));

    let answer = Service.list(Request::new(Bare(8.into()))).await.unwrap();
    let items: Vec<_> = answer
        .into_inner()
        .map(|item| item.unwrap().0.get())
        .collect()
        .await;
    assert_eq!(items, [8]);
    assert_eq!(calls(), ["server_stream List", "List ok 1"]);
}

/// A generic service with its message type as a parameter.
struct Relay<M>(std::marker::PhantomData<fn(M)>);

#[tonic::async_trait]
trait Relays<M: Send + 'static>: Send + Sync + 'static {
    type RelayStream: Stream<Item = Result<M, Status>> + Send;
    async fn pass(&self, request: Request<M>) -> Result<Response<M>, Status>;
    async fn relay(&self, request: Request<M>) -> Result<Response<Self::RelayStream>, Status>;
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl<M: Send + 'static> Relays<M> for Relay<M> {
    type RelayStream = BoxStream<M>;

    async fn pass(&self, request: Request<M>) -> Result<Response<M>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn relay(&self, request: Request<M>) -> Result<Response<Self::RelayStream>, Status> {
        let word = self.pass(request).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(word)))))
    }
}

#[tokio::test]
async fn messages_may_be_type_parameters_of_the_service() {
    let relay = Relay(std::marker::PhantomData);
    let answer = relay.relay(Request::new(Bare(9.into()))).await.unwrap();
    let items: Vec<_> = answer
        .into_inner()
        .map(|item| item.unwrap().0.get())
        .collect()
        .await;
    assert_eq!(items, [9]);
    assert_eq!(
        calls(),
        [
            "server_stream Relay",
            "unary Pass",
            "Pass ok 1",
            "Relay ok 1"
        ]
    );
}

/// Hand-written traits may have constants, and associated types that are not streams.
mod constants {
    use super::{Record, Request, Response, Status, intercept};

    #[tonic::async_trait]
    pub(super) trait Limited: Send + Sync {
        const LIMIT: u8;
        const DOUBLE: u8 = 2 * Self::LIMIT;
        type Message: Into<u8> + Send;
        async fn limit(&self, request: Request<u8>) -> Result<Response<u8>, Status>;
    }

    pub(super) struct Service;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl Limited for Service {
        const LIMIT: u8 = 7;
        type Message = u8;

        async fn limit(&self, request: Request<u8>) -> Result<Response<u8>, Status> {
            let given: Self::Message = request.into_inner();
            Ok(Response::new(given.min(Self::LIMIT) + Self::DOUBLE))
        }
    }
}

#[tokio::test]
async fn traits_may_have_constants_and_other_associated_types() {
    use constants::Limited as _;

    let answer = constants::Service.limit(Request::new(9)).await.unwrap();
    assert_eq!(answer.into_inner(), 21);
    assert_eq!(calls(), answered("Limit"));
}
