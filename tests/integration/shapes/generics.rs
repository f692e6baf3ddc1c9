//! Type parameters, lifetimes, constants, and self types that allow no `impl` block.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use interceptors::{Call, Interceptor, Next, intercept};
use interceptors_proto::shapes::{
    Word,
    echo_server::{Echo, EchoServer},
    store_server::Store,
};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, answered_times, ask, calls, text, texts, word};

/// Traits like the generated ones, for types on which the orphan rule forbids a trait of
/// another crate.
mod local {
    use interceptors_proto::shapes::Word;
    use tokio_stream::Stream;

    #[tonic::async_trait]
    pub(super) trait Local: Send + Sync + 'static {
        async fn say(
            &self,
            request: tonic::Request<Word>,
        ) -> Result<tonic::Response<Word>, tonic::Status>;

        type ListStream: Stream<Item = Result<Word, tonic::Status>> + Send + 'static;

        async fn list(
            &self,
            request: tonic::Request<Word>,
        ) -> Result<tonic::Response<Self::ListStream>, tonic::Status>;
    }
}
use local::Local;

struct Where<K, V>(K, V);

#[intercept(with(Record))]
#[tonic::async_trait]
impl<K, V> Echo for Where<K, V>
where
    K: Display + Send + Sync + 'static,
    V: Into<String> + Clone + Send + Sync + 'static,
{
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        let Self(key, value) = self;
        let value: String = value.clone().into();
        Ok(Response::new(word(format!(
            "{key}{value}{}",
            request.into_inner().text
        ))))
    }
}

#[tokio::test]
async fn type_parameters_may_have_a_where_clause() {
    assert_eq!(text(Where(1, "b").say(ask("c")).await), "1bc");
    assert_eq!(text(Where('x', "y".to_owned()).say(ask("z")).await), "xyz");
    assert_eq!(calls(), answered_times("Say", 2));
}

struct Inline<T: ?Sized>(Box<T>);

#[intercept(with(Record))]
#[tonic::async_trait]
impl<T: Display + ?Sized + Send + Sync + 'static> Echo for Inline<T> {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(self.0.to_string())))
    }
}

#[tokio::test]
async fn type_parameters_may_have_inline_bounds() {
    assert_eq!(text(Inline::<str>("a".into()).say(ask("")).await), "a");
    assert_eq!(calls(), answered("Say"));
}

trait Part: Clone + Send + Sync + 'static {
    type Shown: Display;
    fn show(&self) -> Self::Shown;
}

impl Part for u8 {
    type Shown = u8;
    fn show(&self) -> u8 {
        *self
    }
}

struct Four<A, B, C, D> {
    parts: (A, B, C, D),
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl<A, B, C: Debug, D> Store for Four<A, B, C, D>
where
    A: Part,
    A::Shown: Display + Send,
    B: Part<Shown = u8>,
    C: Part,
    for<'c> &'c C: Into<u64>,
    D: Part + Into<u64>,
    Option<D>: Debug,
    Vec<D>: Extend<D>,
{
    type ListStream = Words<A>;
    type SyncStream = BoxStream<Word>;

    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        let (a, b, c, d) = &self.parts;
        let sum = c.into() + d.clone().into() + u64::from(b.show());
        Ok(Response::new(word(format!("{}{sum}", a.show()))))
    }

    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let words: Self::ListStream = Words(vec![self.parts.0.clone(); 2]);
        Ok(Response::new(words))
    }

    async fn put(&self, request: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        drop(request);
        Err(Status::unimplemented("put"))
    }

    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Ok(Response::new(Box::pin(request.into_inner())))
    }
}

impl From<&Small> for u64 {
    fn from(small: &Small) -> Self {
        u64::from(small.0)
    }
}

#[derive(Debug, Clone)]
struct Small(u8);

impl Part for Small {
    type Shown = u8;
    fn show(&self) -> u8 {
        self.0
    }
}

/// A stream with a type parameter.
struct Words<A>(Vec<A>);

impl<A> Unpin for Words<A> {}

impl<A: Part> Stream for Words<A> {
    type Item = Result<Word, Status>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let part = self.0.pop();
        std::task::Poll::Ready(part.map(|part| Ok(word(part.show().to_string()))))
    }
}

#[tokio::test]
async fn four_type_parameters_and_long_where_clauses_work() {
    let four = Four {
        parts: (1_u8, 2_u8, Small(3), 4_u8),
    };
    assert_eq!(text(four.get(ask("")).await), "19");
    assert_eq!(texts(four.list(ask("")).await).await, ["1", "1"]);
    let mut expected = answered("Get");
    expected.extend(["server_stream List", "List ok 2"].map(String::from));
    assert_eq!(calls(), expected);
}

struct Converting<I>(I);
struct Wrapper<I>(I);

impl From<Wrapper<&'static str>> for Word {
    fn from(Wrapper(text): Wrapper<&'static str>) -> Self {
        word(text)
    }
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl<I> Echo for Converting<I>
where
    Wrapper<I>: Into<Word>,
    I: Clone + Send + Sync + 'static,
{
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(Wrapper(self.0.clone()).into()))
    }
}

#[tokio::test]
async fn where_clause_may_bound_a_type_that_contains_a_parameter() {
    assert_eq!(text(Converting("a").say(ask("")).await), "a");
    assert_eq!(calls(), answered("Say"));
}

struct Fixed<const N: usize, const LOUD: bool>([char; N]);

#[intercept(with(Record))]
#[tonic::async_trait]
impl<const N: usize, const LOUD: bool> Echo for Fixed<N, LOUD> {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        let mut text: String = self.0.iter().collect();
        if LOUD {
            text += "!";
        }
        Ok(Response::new(word(format!("{N}{text}"))))
    }
}

#[tokio::test]
async fn const_parameters_work() {
    assert_eq!(
        text(Fixed::<2, true>(['a', 'b']).say(ask("")).await),
        "2ab!"
    );
    assert_eq!(text(Fixed::<1, false>(['a']).say(ask("")).await), "1a");
    assert_eq!(calls(), answered_times("Say", 2));
}

struct Borrowed<'a>(&'a str);

#[intercept(with(Record))]
#[tonic::async_trait]
impl<'a> Echo for Borrowed<'a>
where
    'a: 'static,
{
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(
            self.0.to_owned() + &request.into_inner().text,
        )))
    }
}

struct Anonymous<'a>(&'a str);

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for Anonymous<'static> {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(self.0)))
    }

    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let words = self.0.chars().map(|letter| Ok(word(letter)));
        Ok(Response::new(Box::pin(tokio_stream::iter(words))))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        Err(Status::unimplemented("put"))
    }

    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Err(Status::unimplemented("sync"))
    }
}

struct Plain;

#[intercept(with(Record))]
#[tonic::async_trait]
#[allow(clippy::extra_unused_lifetimes)]
impl<'a> Echo for Plain {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn services_may_have_lifetimes() {
    assert_eq!(text(Borrowed("a").say(ask("b")).await), "ab");
    assert_eq!(text(Plain.say(ask("c")).await), "c");
    assert_eq!(calls(), answered_times("Say", 2));
    assert_eq!(text(Anonymous("d").get(ask("")).await), "d");
    assert_eq!(texts(Anonymous("de").list(ask("")).await).await, ["d", "e"]);
    let seen = calls();
    assert_eq!(seen[0], "unary Get");
    assert_eq!(seen[3], "List ok 2");
}

struct Server<T, U = ()>(T, U);

#[intercept(with(Record))]
#[tonic::async_trait]
impl Echo for Server<u16, String> {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(format!("{} {}", self.0, self.1))))
    }
}

#[intercept(with(Record))]
#[tonic::async_trait]
impl Echo for Server<Vec<u8>> {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(format!("{:?}", self.0))))
    }
}

#[tokio::test]
async fn one_generic_type_may_have_two_implementations() {
    assert_eq!(text(Server(1, "a".to_owned()).say(ask("")).await), "1 a");
    assert_eq!(text(Server(vec![1], ()).say(ask("")).await), "[1]");
    assert_eq!(calls(), answered_times("Say", 2));
}

struct Inner(&'static str);

#[intercept(with(Record))]
#[tonic::async_trait]
impl Local for Arc<Inner> {
    type ListStream = BoxStream<Word>;

    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(self.0)))
    }

    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let this = Arc::clone(self);
        let words = this.0.chars().map(|letter| Ok(word(letter)));
        Ok(Response::new(Box::pin(tokio_stream::iter(words))))
    }
}

#[tokio::test]
async fn self_type_may_be_an_arc() {
    let service = Arc::new(Inner("ab"));
    assert_eq!(text(service.say(ask("")).await), "ab");
    assert_eq!(calls(), answered("Say"));
    assert_eq!(texts(service.list(ask("")).await).await, ["a", "b"]);
    assert_eq!(calls(), ["server_stream List", "List ok 2"]);
}

trait ReplicationLog: Send + Sync + 'static {
    type Entries;
    fn entries(&self) -> Vec<Word>;
}

type BoxedLog = Box<dyn ReplicationLog<Entries = BoxStream<Word>>>;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for BoxedLog {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(self.entries().len().to_string())))
    }

    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let entries = self.entries().into_iter().map(Ok);
        Ok(Response::new(Box::pin(tokio_stream::iter(entries))))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        Err(Status::unimplemented("put"))
    }

    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Err(Status::unimplemented("sync"))
    }
}

struct Log;

impl ReplicationLog for Log {
    type Entries = BoxStream<Word>;
    fn entries(&self) -> Vec<Word> {
        vec![word("a"), word("b")]
    }
}

#[tokio::test]
async fn self_type_may_be_an_alias_of_a_boxed_trait_object() {
    let log: BoxedLog = Box::new(Log);
    assert_eq!(text(log.get(ask("")).await), "2");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(log.list(ask("")).await).await, ["a", "b"]);
    assert_eq!(calls(), ["server_stream List", "List ok 2"]);
}

struct Pair<T>(T);

#[intercept(with(Record))]
#[tonic::async_trait]
impl<T: Display + Send + Sync + 'static> Local for Box<Pair<T>> {
    type ListStream = BoxStream<Word>;

    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word(self.0.to_string())))
    }

    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        Err(Status::unimplemented("list"))
    }
}

/// The bound of a blanket implementation.
trait Sayer {
    fn greeting(&self) -> String;
}

impl Sayer for u64 {
    fn greeting(&self) -> String {
        format!("hello {self}")
    }
}

mod blanket {
    use super::*;

    #[tonic::async_trait]
    pub(super) trait Blanket: Send + Sync + 'static {
        type ListStream: Stream<Item = Result<Word, Status>> + Send + 'static;
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
        async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status>;
    }

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl<T: 'static> Blanket for T
    where
        T: Sayer + Send + Sync,
    {
        type ListStream = BoxStream<Word>;

        async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(word(self.greeting())))
        }

        async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
            let word = self.say(request).await?.into_inner();
            Ok(Response::new(Box::pin(tokio_stream::once(Ok(word)))))
        }
    }

    #[tonic::async_trait]
    pub(super) trait Behind {
        async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
    }

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl<T: Sayer + Send + Sync> Behind for Box<T> {
        async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(word(self.greeting())))
        }
    }

    #[intercept(with(Record))]
    #[tonic::async_trait]
    impl<T: Sayer + Send + Sync> Behind for &'static T {
        async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(word(self.greeting())))
        }
    }
}

#[tokio::test]
async fn blanket_implementations_work() {
    use blanket::{Behind, Blanket};

    assert_eq!(text(Blanket::say(&7_u64, ask("")).await), "hello 7");
    assert_eq!(calls(), answered("Say"));
    assert_eq!(
        texts(Blanket::list(&7_u64, ask("")).await).await,
        ["hello 7"]
    );
    assert_eq!(
        calls(),
        ["server_stream List", "unary Say", "Say ok 1", "List ok 1"]
    );
    assert_eq!(
        text(Behind::say(&Box::new(1_u64), ask("")).await),
        "hello 1"
    );
    assert_eq!(text(Behind::say(&&1_u64, ask("")).await), "hello 1");
    assert_eq!(text(Local::say(&Box::new(Pair(2)), ask("")).await), "2");
    assert_eq!(calls(), answered_times("Say", 3));
}

/// An interceptor for one message type.
struct Longest<const N: usize>;

impl<const N: usize, Res: Send> Interceptor<Word, Res> for Longest<N> {
    async fn intercept(
        &self,
        call: &mut Call<Word>,
        next: &mut impl Next<Word, Res>,
    ) -> Result<Response<Res>, Status> {
        if call.message().is_none_or(|word| word.text.len() > N) {
            return Err(Status::invalid_argument("too long"));
        }
        next.run(call).await
    }
}

struct Bounded<T, const N: usize>(T, Longest<N>);

#[intercept(with(Record), with(self.1), retry, logging, rate_limit(per_second = 1000))]
#[tonic::async_trait]
impl<T: Into<String> + Clone + Send + Sync + 'static, const N: usize> Echo for Bounded<T, N> {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        let text: String = self.0.clone().into();
        Ok(Response::new(word(text + &request.into_inner().text)))
    }
}

#[tokio::test]
async fn interceptors_may_depend_on_type_parameters() {
    let service = Bounded("a", Longest::<2>);
    assert_eq!(text(service.say(ask("bc")).await), "abc");
    assert_eq!(
        service.say(ask("bcd")).await.unwrap_err().message(),
        "too long"
    );
    let _ = EchoServer::new(service);
}
