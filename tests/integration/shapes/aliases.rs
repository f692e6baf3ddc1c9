//! Type aliases that hide the parts of a signature.

use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::echo_server::Echo;
use interceptors_proto::shapes::store_client::StoreClient;
use interceptors_proto::shapes::store_server::{Store, StoreServer};
use tonic::Status;
use tonic::service::Routes;

use crate::common::{BoxStream, Record, answered, ask, calls, text, texts, word};

mod hidden {
    //! Aliases of the project for `Result`, `Response`, `Request` and `Streaming`.
    use tonic::Status;

    pub(super) type Result<T> = std::result::Result<tonic::Response<T>, Status>;
    pub(super) type Streaming<T> = tonic::Request<tonic::Streaming<T>>;
    pub(super) type Request<T> = tonic::Request<T>;
    pub(super) type Stream<T> = super::BoxStream<T>;
    pub(super) type Response<T> = std::result::Result<tonic::Response<T>, Status>;
    pub(super) type Listed = Result<Stream<super::Word>>;
}

struct Aliased;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for Aliased {
    type ListStream = hidden::Stream<Word>;
    type SyncStream = hidden::Stream<Word>;

    async fn get(&self, request: hidden::Request<Word>) -> hidden::Response<Word> {
        Ok(tonic::Response::new(request.into_inner()))
    }

    // The alias even hides the associated type.
    async fn list(&self, request: hidden::Request<Word>) -> hidden::Listed {
        let words = vec![Ok(request.into_inner())];
        Ok(tonic::Response::new(Box::pin(tokio_stream::iter(words))))
    }

    async fn put(&self, words: hidden::Streaming<Word>) -> hidden::Result<Word> {
        let first = words.into_inner().message().await?;
        Ok(tonic::Response::new(first.unwrap_or_default()))
    }

    async fn sync(&self, words: hidden::Streaming<Word>) -> hidden::Result<Self::SyncStream> {
        Ok(tonic::Response::new(Box::pin(words.into_inner())))
    }
}

#[tokio::test]
async fn kinds_are_found_behind_type_aliases() {
    let kinds: Vec<_> = Aliased::PLAN
        .methods()
        .iter()
        .map(|method| method.kind())
        .collect();
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["unary", "server_stream", "client_stream", "bidi_stream"]
    );

    let routes = Routes::new(StoreServer::new(Aliased));
    let mut client = StoreClient::new(interceptors_tests::serve(routes).await);
    assert_eq!(text(client.get(ask("a")).await), "a");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(client.list(ask("a")).await).await, ["a"]);
    assert_eq!(calls(), ["server_stream List", "List ok 1"]);
    assert_eq!(text(client.put(tokio_stream::once(word("b"))).await), "b");
    assert_eq!(calls(), ["client_stream Put", "Put ok 1"]);
    let words = client.sync(tokio_stream::once(word("c"))).await;
    assert_eq!(texts(words).await, ["c"]);
    assert_eq!(calls(), ["bidi_stream Sync", "Sync ok 1"]);
}

macro_rules! returning {
    ($($service:ident: $request:ty => $result:ty;)*) => {$(
        struct $service;

        #[intercept(with(Record))]
        #[tonic::async_trait]
        impl Echo for $service {
            async fn say(&self, request: $request) -> $result {
                Ok(tonic::Response::new(request.into_inner()))
            }
        }
    )*};
}

type GrpcResult<T> = Result<tonic::Response<T>, Status>;
type Answer = GrpcResult<Word>;
type Question = tonic::Request<Word>;

returning! {
    Tonic: tonic::Request<Word> => tonic::Result<tonic::Response<Word>>;
    Std: Question => std::result::Result<tonic::Response<Word>, tonic::Status>;
    Core: ::tonic::Request<Word> => ::core::result::Result<::tonic::Response<Word>, Status>;
    Generic: tonic::Request<Word> => GrpcResult<Word>;
    Whole: Question => Answer;
}

mod shadowed {
    //! Uses `tonic::Result`, which has one parameter.
    use tonic::{Request, Response, Result};

    use super::{Echo, Record, Word, intercept};

    pub(super) struct Shadowed;

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl Echo for Shadowed {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>> {
            Ok(Response::new(request.into_inner()))
        }
    }
}

#[tokio::test]
async fn every_spelling_of_result_works() {
    let services: [&dyn Echo; 6] = [&Tonic, &Std, &Core, &Generic, &Whole, &shadowed::Shadowed];
    for service in services {
        assert_eq!(text(service.say(ask("a")).await), "a");
        assert_eq!(calls(), answered("Say"));
    }
}
