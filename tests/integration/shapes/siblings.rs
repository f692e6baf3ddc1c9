//! Calls from one method to another run the interceptors of the called method.

use std::sync::Arc;

use interceptors::intercept;
use interceptors_proto::shapes::{Word, store_server};
use interceptors_proto::shared::{Number, counter_server};
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, answered_times, ask, calls, text, texts, word};

/// The service's trait is not imported. Its methods are in scope only because this is its `impl`.
#[derive(Clone)]
struct Shop;

#[intercept(with(Record))]
#[tonic::async_trait]
impl store_server::Store for Shop {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        let text = &request.get_ref().text;
        Ok(Response::new(match text.split_once('/') {
            // Calls itself.
            Some((first, rest)) => word(format!(
                "{first}+{}",
                self.get(Request::new(word(rest))).await?.into_inner().text
            )),
            None => word(text.clone()),
        }))
    }

    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let this = self.clone();
        let spelled = Self::get(self, ask("path")).await?.into_inner();
        let named = Shop::get(self, ask("name")).await?.into_inner();
        let quoted = <Shop>::get(self, ask("type")).await?.into_inner();
        let through = store_server::Store::get(&this, ask("trait"))
            .await?
            .into_inner();
        let cast = <Self as store_server::Store>::get(self, ask("cast"))
            .await?
            .into_inner();
        let spawned = tokio::spawn(async move { this.get(request).await }).await;
        let spawned = spawned
            .map_err(|e| Status::internal(e.to_string()))??
            .into_inner();
        let words = [spelled, named, quoted, through, cast, spawned].map(Ok);
        Ok(Response::new(Box::pin(tokio_stream::iter(words))))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        // The sibling returns the stream type of the trait.
        let listed = self.list(ask("put")).await;
        Ok(Response::new(word(texts(listed).await.concat())))
    }

    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        macro_rules! call {
            ($this:ident, $method:ident, $request:expr) => {
                $this.$method($request)
            };
        }
        let got = call!(self, get, ask("macro")).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(got)))))
    }
}

#[tokio::test]
async fn sibling_method_runs_its_own_interceptors() {
    use store_server::Store as _;

    assert_eq!(text(Shop.get(ask("a/b")).await), "a+b");
    assert_eq!(calls(), ["unary Get", "unary Get", "Get ok 1", "Get ok 1"]);

    let listed = texts(Shop.list(ask("spawned")).await).await;
    assert_eq!(listed, ["path", "name", "type", "trait", "cast", "spawned"]);
    let mut expected = vec!["server_stream List".to_owned()];
    expected.extend(answered_times("Get", 6));
    expected.push("List ok 6".to_owned());
    assert_eq!(calls(), expected);
}

/// Inherent methods with the names of RPCs take precedence, as always in Rust.
struct Inherent;

impl Inherent {
    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(request.into_inner().text + " inherent")))
    }

    // A different signature.
    fn list(&self) -> [Word; 1] {
        [word("list")]
    }

    // A function without a receiver.
    fn put(n: u8) -> Word {
        word(n.to_string())
    }
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl store_server::Store for Inherent {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        self.get(request).await
    }

    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let words = self.list().map(Ok);
        Ok(Response::new(Box::pin(tokio_stream::iter(words))))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        Ok(Response::new(Self::put(1)))
    }

    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Err(Status::unimplemented("sync"))
    }
}

#[tokio::test]
async fn inherent_method_of_the_same_name_wins() {
    use store_server::Store;

    assert_eq!(text(Store::get(&Inherent, ask("a")).await), "a inherent");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(Store::list(&Inherent, ask("")).await).await, ["list"]);
    assert_eq!(calls(), ["server_stream List", "List ok 1"]);
}

mod homonymous_trait {
    //! A hand-written trait with the name and the methods of the generated one.
    use interceptors::intercept;
    use interceptors_proto::shapes::{Word, echo_server};
    use tonic::{Request, Response, Status};

    use super::{Record, word};

    pub(super) trait Echo {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
    }

    pub(super) struct Service;

    impl Echo for Service {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(word(request.into_inner().text + " by hand")))
        }
    }

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl echo_server::Echo for Service {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            self::Echo::say(self, request).await
        }
    }
}

#[tokio::test]
async fn trait_of_the_same_name_is_called_by_its_path() {
    let service = homonymous_trait::Service;
    let answer = interceptors_proto::shapes::echo_server::Echo::say(&service, ask("a")).await;
    assert_eq!(text(answer), "a by hand");
    assert_eq!(calls(), answered("Say"));
}

/// Forwards calls to a field that has methods with the same names.
struct Front {
    back: Shop,
    shared: Arc<Shop>,
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl store_server::Store for Front {
    type ListStream = <Shop as store_server::Store>::ListStream;
    type SyncStream = <Shop as store_server::Store>::SyncStream;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        store_server::Store::get(&self.back, request).await
    }

    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        use store_server::Store as _;
        self.shared.list(request).await
    }

    async fn put(&self, request: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        use store_server::Store as _;
        self.back.put(request).await
    }

    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        self.back.sync(request).await
    }
}

#[tokio::test]
async fn delegation_runs_the_interceptors_of_both_services() {
    use store_server::Store as _;

    let front = Front {
        back: Shop,
        shared: Arc::new(Shop),
    };
    assert_eq!(text(front.get(ask("a")).await), "a");
    assert_eq!(calls(), ["unary Get", "unary Get", "Get ok 1", "Get ok 1"]);
    assert_eq!(texts(front.list(ask("a")).await).await.len(), 6);
    let seen = calls();
    assert_eq!(seen[..2], ["server_stream List", "server_stream List"]);
    assert_eq!(seen[14..], ["List ok 6", "List ok 6"]);
}

struct Shared(u64);

#[intercept(with(Record))]
#[tonic::async_trait]
impl counter_server::Counter for Shared {
    type CountToStream = BoxStream<Number>;

    async fn add(self: Arc<Self>, request: Request<Number>) -> Result<Response<Number>, Status> {
        let value = request.into_inner().value;
        if value > 10 {
            return self.add(Request::new(Number { value: 10 })).await;
        }
        Ok(Response::new(Number {
            value: value + self.0,
        }))
    }

    async fn count_to(
        self: Arc<Self>,
        request: Request<Number>,
    ) -> Result<Response<Self::CountToStream>, Status> {
        let sum = Arc::clone(&self).add(request).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(sum)))))
    }

    async fn sum(
        self: Arc<Self>,
        _: Request<Streaming<Number>>,
    ) -> Result<Response<Number>, Status> {
        Err(Status::unimplemented("sum"))
    }
}

#[tokio::test]
async fn sibling_with_arc_self_runs_its_own_interceptors() {
    use counter_server::Counter as _;

    let answer = Arc::new(Shared(1))
        .add(Request::new(Number { value: 99 }))
        .await;
    assert_eq!(answer.unwrap().into_inner().value, 11);
    assert_eq!(calls(), ["unary Add", "unary Add", "Add ok 1", "Add ok 1"]);
}
