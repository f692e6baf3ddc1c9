//! Response streams of every kind of type.

use interceptors::intercept;
use interceptors_proto::shapes::{Word, store_server::Store};
use tokio_stream::wrappers::{ReceiverStream, UnboundedReceiverStream};
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, ask, calls, texts, word};

/// A hand-written stream that is neither `Unpin` nor `Sync`.
struct Own(
    Option<Word>,
    std::cell::Cell<()>,
    std::marker::PhantomPinned,
);

impl tokio_stream::Stream for Own {
    type Item = Result<Word, Status>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.clone().map(|_| Err(Status::data_loss("after all"))))
    }
}

macro_rules! listing {
    ($($service:ident: $stream:ty = |$words:ident| $make:expr;)*) => {$(
        struct $service;

        #[intercept(with(Record))]
        #[tonic::async_trait]
        impl Store for $service {
            async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
                unimplemented!()
            }
            async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
                let $words = vec![word("a"), word("b")];
                Ok(Response::new($make))
            }
            async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
                unimplemented!()
            }
            async fn sync(
                &self,
                _: Request<Streaming<Word>>,
            ) -> Result<Response<Self::SyncStream>, Status> {
                unimplemented!()
            }
            type ListStream = $stream;
            type SyncStream = BoxStream<Word>;
        }
    )*};
}

type Item = Result<Word, Status>;

listing! {
    Boxed: std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<Word, Status>> + Send + 'static>> =
        |words| Box::pin(tokio_stream::iter(words.into_iter().map(Ok)));
    BoxedSync: std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Item> + Send + Sync>> =
        |words| Box::pin(tokio_stream::iter(words.into_iter().map(Ok)));
    Alias: tonic::codegen::BoxStream<Word> =
        |words| Box::pin(tokio_stream::iter(words.into_iter().map(Ok)));
    Received: ReceiverStream<Item> = |words| {
        let (sender, receiver) = tokio::sync::mpsc::channel(2);
        for word in words {
            sender.try_send(Ok(word)).unwrap();
        }
        ReceiverStream::new(receiver)
    };
    Unbounded: UnboundedReceiverStream<Item> = |words| {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        for word in words {
            sender.send(Ok(word)).unwrap();
        }
        UnboundedReceiverStream::new(receiver)
    };
    Iterated: tokio_stream::Iter<std::vec::IntoIter<Item>> =
        |words| tokio_stream::iter(words.into_iter().map(Ok).collect::<Vec<Item>>());
    Handwritten: Own = |words| Own(words.first().cloned(), ().into(), std::marker::PhantomPinned);
}

#[tokio::test]
async fn streams_pass_unchanged_and_are_observed_to_the_end() {
    macro_rules! check {
        ($($service:ident)*) => {$(
            assert_eq!(texts($service.list(ask("")).await).await, ["a", "b"]);
            assert_eq!(calls(), ["server_stream List", "List ok 2"]);
        )*};
    }
    check!(Boxed BoxedSync Alias Received Unbounded Iterated);
}

#[tokio::test]
async fn observers_see_that_a_stream_failed() {
    use tokio_stream::StreamExt as _;

    let mut stream = Box::pin(Handwritten.list(ask("")).await.unwrap().into_inner());
    let status = stream.next().await.unwrap().unwrap_err();
    assert_eq!(status.message(), "after all");
    assert_eq!(calls(), ["server_stream List", "List error 0"]);
}
