//! Methods that return a boxed future, and traits with native `async fn`.

use std::future::Future;
use std::pin::Pin;

use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::store_server::{self, Store};
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, ask, calls, failed, text, texts};

struct ByHand(&'static str);

#[intercept(with(Record))]
impl store_server::Store for ByHand {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    fn get<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Word>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Word>, Status>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let mut word = request.into_inner();
            if word.text.is_empty() {
                return Err(Status::not_found("empty"));
            }
            word.text += self.0;
            Ok(Response::new(word))
        })
    }

    fn list<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Word>,
    ) -> ::core::pin::Pin<
        std::boxed::Box<
            dyn ::core::future::Future<
                    Output = ::core::result::Result<Response<Self::ListStream>, Status>,
                > + ::core::marker::Send
                + 'async_trait,
        >,
    >
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move {
            let got = self.get(request).await?.into_inner();
            let stream: Self::ListStream = Box::pin(tokio_stream::once(Ok(got)));
            Ok(Response::new(stream))
        })
    }

    fn put<'this, 'a>(
        &'this self,
        _: Request<Streaming<Word>>,
    ) -> Pin<Box<dyn Future<Output = tonic::Result<Response<Word>>> + Send + 'a>>
    where
        'this: 'a,
        Self: 'a,
    {
        // The body may be something other than one async block.
        let answer = Err(Status::unimplemented(self.0));
        Box::pin(std::future::ready(answer))
    }

    // With an alias as in the crate `futures`.
    fn sync<'life0, 'async_trait>(
        &'life0 self,
        _: Request<Streaming<Word>>,
    ) -> BoxFuture<'async_trait, Result<Response<Self::SyncStream>, Status>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async { Err(Status::unimplemented("sync")) })
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[tokio::test]
async fn hand_desugared_methods_run_their_interceptors() {
    let service = ByHand("!");
    assert_eq!(text(service.get(ask("a")).await), "a!");
    assert_eq!(calls(), answered("Get"));
    assert!(service.get(ask("")).await.is_err());
    assert_eq!(calls(), failed("Get"));
    assert_eq!(texts(service.list(ask("b")).await).await, ["b!"]);
    assert_eq!(
        calls(),
        ["server_stream List", "unary Get", "Get ok 1", "List ok 1"]
    );
    let kinds: Vec<_> = ByHand::PLAN
        .methods()
        .iter()
        .map(|m| m.kind().as_str())
        .collect();
    assert_eq!(
        kinds,
        ["unary", "server_stream", "client_stream", "bidi_stream"]
    );
}

mod native {
    //! A trait with native `async fn`, without any macro.
    use std::future::Future;

    use interceptors::intercept;
    use interceptors_proto::shapes::Word;
    use tokio_stream::Stream;
    use tonic::{Request, Response, Status};

    use crate::common::{BoxStream, Record};

    #[allow(async_fn_in_trait)]
    pub(super) trait Native {
        type ListStream: Stream<Item = Result<Word, Status>> + Send + 'static;

        async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status>;

        /// The form with `Send`, for servers that spawn their calls.
        fn list(
            &self,
            request: Request<Word>,
        ) -> impl Future<Output = Result<Response<Self::ListStream>, Status>> + Send;
    }

    pub(super) struct Service<T>(pub(super) T);

    #[intercept(with(Record))]
    impl<T: Into<String> + Clone + Send + Sync> Native for Service<T> {
        type ListStream = BoxStream<Word>;

        async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            let mut word = request.into_inner();
            word.text += &self.0.clone().into();
            Ok(Response::new(word))
        }

        async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
            let got = self.get(request).await?.into_inner();
            Ok(Response::new(Box::pin(tokio_stream::once(Ok(got)))))
        }
    }

    pub(super) struct ByHand;

    #[intercept(with(Record))]
    impl Native for ByHand {
        type ListStream = BoxStream<Word>;

        async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }

        fn list(
            &self,
            request: Request<Word>,
        ) -> impl Future<Output = Result<Response<Self::ListStream>, Status>> + Send {
            let word = request.into_inner();
            async move {
                let stream: Self::ListStream = Box::pin(tokio_stream::once(Ok(word)));
                Ok(Response::new(stream))
            }
        }
    }
}

#[tokio::test]
async fn native_async_fn_traits_are_intercepted() {
    use native::{ByHand, Native, Service};

    let service = Service("!");
    assert_eq!(text(service.get(ask("a")).await), "a!");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(service.list(ask("b")).await).await, ["b!"]);
    assert_eq!(
        calls(),
        ["server_stream List", "unary Get", "Get ok 1", "List ok 1"]
    );
    assert_eq!(text(ByHand.get(ask("a")).await), "a");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(ByHand.list(ask("b")).await).await, ["b"]);
    assert_eq!(calls(), ["server_stream List", "List ok 1"]);
}
