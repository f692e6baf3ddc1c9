//! Each method runs its own list, for services of any shape and with any number of lists.

use std::sync::{Arc, LazyLock};

use interceptors::{Kind, intercept};
use interceptors_proto::shapes::echo_server::Echo;
use interceptors_proto::shapes::store_server::Store;
use interceptors_proto::shapes::{Word, service_server};
use interceptors_proto::shared::Number;
use interceptors_proto::shared::counter_server::Counter;
use interceptors_tests::UserStream;
use tonic::{Request, Response, Status, Streaming};

use crate::common::{Any, Caller, Note, Noted, World, served, step, steps, users};

impl Note for Word {
    fn note(&self) -> String {
        self.text.clone()
    }
}

impl Note for Number {
    fn note(&self) -> String {
        self.value.to_string()
    }
}

fn ask(text: &str) -> Request<Word> {
    Request::new(Word {
        text: text.to_owned(),
    })
}

fn say(text: &str) -> Result<Response<Word>, Status> {
    step(text);
    Ok(Response::new(Word {
        text: text.to_owned(),
    }))
}

fn say_all(text: &str) -> Result<Response<UserStream<Word>>, Status> {
    let word = say(text)?.into_inner();
    Ok(Response::new(Box::pin(tokio_stream::once(Ok(word)))))
}

/// One service with several lists, by `only`, `except`, `skip` and attributes of methods.
#[derive(Clone)]
struct Various {
    own: Any,
}

#[intercept(
    with(Any("all")),
    with(Any("but_get"), except = [get]),
    with(Noted("only_get"), only = [get]),
    retry(max = 1, base_delay = "1ms", only = [get, list]),
    with(self.own, except = [put]),
)]
#[tonic::async_trait]
impl Store for Various {
    type ListStream = UserStream<Word>;
    type SyncStream = UserStream<Word>;

    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        say("get")
    }

    #[intercept(skip(retry), with(Noted("added")), with(Any("last")))]
    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        say_all("list")
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        say("put")
    }

    #[intercept(skip(with))]
    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        say_all("sync")
    }
}

struct EchoPlan;

/// Another service of the same type.
#[intercept(with(self.own), with(Noted("echo")), plan = EchoPlan)]
#[tonic::async_trait]
impl Echo for Various {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        say("say")
    }
}

#[tokio::test]
async fn each_method_runs_its_own_list() {
    let service = Various { own: Any("own") };
    Store::get(&service, ask("g")).await.unwrap();
    assert_eq!(steps(), ">all >only_get(g) >own get <own <only_get <all");
    Store::list(&service, ask("l")).await.unwrap();
    assert_eq!(
        steps(),
        ">all >but_get >own >added(l) >last list <last <added <own <but_get <all"
    );
    Echo::say(&service, ask("s")).await.unwrap();
    assert_eq!(steps(), ">own >echo(s) say <echo <own");

    let channel = interceptors_tests::serve(tonic::service::Routes::new(
        interceptors_proto::shapes::store_server::StoreServer::new(service),
    ))
    .await;
    let mut client = interceptors_proto::shapes::store_client::StoreClient::new(channel);
    client
        .put(tokio_stream::iter([Word::default()]))
        .await
        .unwrap();
    assert_eq!(steps(), ">all >but_get put <but_get <all");
    client
        .sync(tokio_stream::iter([Word::default()]))
        .await
        .unwrap();
    assert_eq!(steps(), "sync");
}

/// Methods that are compiled out may list interceptors that do not exist.
struct Conditional;

#[intercept(with(Any("all")))]
#[tonic::async_trait]
impl Store for Conditional {
    type ListStream = UserStream<Word>;
    type SyncStream = UserStream<Word>;

    #[cfg(test)]
    #[intercept(with(Noted("test")))]
    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        say("get")
    }

    #[cfg(not(test))]
    #[intercept(with(not::there()), retry(max = 2))]
    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        say("not compiled")
    }

    #[cfg(test)]
    #[intercept(with(Any("list")))]
    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        say_all("list")
    }

    #[cfg(not(test))]
    #[intercept(with(not::there()))]
    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        say_all("not compiled")
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        say("put")
    }

    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        say_all("sync")
    }
}

#[tokio::test]
async fn cfg_gated_method_has_its_own_list() {
    Conditional.get(ask("g")).await.unwrap();
    assert_eq!(steps(), ">all >test(g) get <test <all");
    Conditional.list(ask("l")).await.unwrap();
    assert_eq!(steps(), ">all >list list <list <all");
}

trait Backend: Send + Sync + 'static {
    fn world(&self) -> &World;

    fn any(&self) -> &Any;
}

struct Memory {
    world: World,
    any: Any,
}

impl Backend for Memory {
    fn world(&self) -> &World {
        &self.world
    }

    fn any(&self) -> &Any {
        &self.any
    }
}

users!(@generic [<T: Backend>] self.world(), self: T, #[intercept(
    with(Any("first")),
    with(*self.any()),
    with(Noted("typed"), only = [get_user, chat]),
    with(*self.any()),
)]);

/// With generic parameters that do not concern messages.
struct Generic<'a, T, const N: usize> {
    backend: &'a T,
    numbers: [u8; N],
}

#[intercept(
    with(Any("first")),
    with(*self.backend.any()),
    logging,
    retry(max = 1, base_delay = "1ms"),
    with(Noted("typed")),
)]
#[tonic::async_trait]
impl<T: Backend, const N: usize> service_server::Service for Generic<'static, T, N> {
    async fn serve(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        say(&format!("{:?}", self.numbers))
    }
}

#[tokio::test]
async fn services_may_be_generic_or_blanket_impls() {
    let memory = || Memory {
        world: World::default(),
        any: Any("memory"),
    };
    let caller = Caller::new(&served(memory()).await);
    caller.call(Kind::Unary).await.unwrap();
    caller.call(Kind::ClientStreaming).await.unwrap();
    assert_eq!(
        steps(),
        ">first >memory >typed(7) >memory get_user <memory <typed <memory <first \
         >first >memory >memory import_users <memory <memory <first"
    );
    static BACKEND: LazyLock<Memory> = LazyLock::new(|| Memory {
        world: World::default(),
        any: Any("memory"),
    });
    let generic = Generic {
        backend: &*BACKEND,
        numbers: [1, 2],
    };
    service_server::Service::serve(&generic, ask("s"))
        .await
        .unwrap();
    assert_eq!(
        steps(),
        ">first >memory >typed(s) [1, 2] <typed <memory <first"
    );
}

/// Methods that take `Arc<Self>`.
struct ByArc {
    own: Any,
}

#[intercept(
    with(self.own),
    retry(max = 1, base_delay = "1ms"),
    with(Noted("typed"), only = [add]),
    with(Any("last")),
)]
#[tonic::async_trait]
impl Counter for ByArc {
    type CountToStream = UserStream<Number>;

    async fn add(self: Arc<Self>, _: Request<Number>) -> Result<Response<Number>, Status> {
        step("add");
        if Arc::strong_count(&self) > 10 {
            return Err(Status::internal("leaked"));
        }
        Ok(Response::new(Number { value: 1 }))
    }

    async fn count_to(
        self: Arc<Self>,
        request: Request<Number>,
    ) -> Result<Response<Self::CountToStream>, Status> {
        let sum = self.add(request).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(sum)))))
    }

    async fn sum(
        self: Arc<Self>,
        _: Request<Streaming<Number>>,
    ) -> Result<Response<Number>, Status> {
        step("sum");
        Ok(Response::new(Number { value: 1 }))
    }
}

#[tokio::test]
async fn methods_may_take_arc_self() {
    let service = Arc::new(ByArc { own: Any("own") });
    let request = || Request::new(Number { value: 3 });
    let add = ">own >typed(3) >last add <last <typed <own";
    Arc::clone(&service).add(request()).await.unwrap();
    assert_eq!(steps(), add);
    Arc::clone(&service).count_to(request()).await.unwrap();
    assert_eq!(steps(), format!(">own >last {add} <last <own"));
    assert_eq!(Arc::strong_count(&service), 1);
}
