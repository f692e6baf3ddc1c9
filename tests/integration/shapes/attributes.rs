//! Attributes on the block, on methods, on associated types and in bodies.

use std::sync::{Arc, Mutex};

use function_name::named;
use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::{
    Word,
    echo_server::Echo,
    store_server::{self, Store},
};
use tonic::{Request, Response, Status, Streaming};
use tracing::field::{Field, Visit};
use tracing::instrument;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::common::{BoxStream, Record, answered, ask, calls, text, texts, word};

/// The target, the name and the fields of each new span.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Spans {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: Context<'_, S>,
    ) {
        struct Fields(String);
        impl Visit for Fields {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }
        let metadata = attributes.metadata();
        let mut fields = Fields(format!("{} {}", metadata.target(), metadata.name()));
        attributes.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

impl Spans {
    fn watch() -> (Self, tracing::subscriber::DefaultGuard) {
        let spans = Self::default();
        let subscriber = tracing_subscriber::registry().with(spans.clone());
        (spans, tracing::subscriber::set_default(subscriber))
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

struct Instrumented;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for Instrumented {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    #[instrument(skip_all, fields(request = ?_request.get_ref()))]
    async fn get(&self, _request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word("got")))
    }

    #[tracing::instrument(skip(self, request))]
    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        // Calls a sibling method. The span has the method's own name.
        let got = self.get(request).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(got)))))
    }

    #[cfg_attr(test, tracing::instrument(skip_all))]
    async fn put(&self, _request: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        let list = self.list(ask("put")).await;
        Ok(Response::new(word(texts(list).await.join(","))))
    }

    #[instrument(name = "own", skip_all)]
    async fn sync(
        &self,
        _request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        let _ = || self.sync(unreachable());
        let _ = || self.put(unreachable());
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }
}

fn unreachable<T>() -> T {
    unreachable!("never called")
}

fn no_words() -> Request<Streaming<Word>> {
    // The decoder gives no message; these tests need none.
    let decoder = tonic_codec::decoder();
    Request::new(Streaming::new_empty(decoder, String::new()))
}

mod tonic_codec {
    use interceptors_proto::shapes::Word;
    use tonic::Status;
    use tonic::codec::{DecodeBuf, Decoder};

    pub(super) struct Never;

    impl Decoder for Never {
        type Item = Word;
        type Error = Status;
        fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<Word>, Status> {
            Ok(None)
        }
    }

    pub(super) fn decoder() -> Never {
        Never
    }
}

#[tokio::test]
async fn instrument_keeps_the_methods_name_and_fields() {
    let (spans, _guard) = Spans::watch();
    let target = module_path!();
    let get = format!("{target} get request=Word {{ text: \"a\" }}");

    assert_eq!(text(Instrumented.get(ask("a")).await), "got");
    assert_eq!(spans.take().join("|"), get);

    assert_eq!(texts(Instrumented.list(ask("a")).await).await, ["got"]);
    assert_eq!(spans.take(), [format!("{target} list"), get]);

    assert_eq!(text(Instrumented.put(no_words()).await), "got");
    assert_eq!(spans.take()[0], format!("{target} put"));

    assert!(texts(Instrumented.sync(no_words()).await).await.is_empty());
    assert_eq!(spans.take(), [format!("{target} own")]);
}

struct Named;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Echo for Named {
    #[named]
    async fn say(&self, _request: Request<Word>) -> Result<Response<Word>, Status> {
        const NAME: &str = function_name!();
        Ok(Response::new(word(NAME)))
    }
}

#[tokio::test]
async fn function_name_attributes_see_the_methods_name() {
    assert_eq!(text(Named.say(ask("")).await), "say");
    assert_eq!(calls(), answered("Say"));
}

/// The same methods and types twice, under opposite conditions.
struct Twice;

#[intercept(with(Record), with(Record, only = [get]))]
#[tonic::async_trait]
impl Store for Twice {
    #[cfg(test)]
    type ListStream = tokio_stream::Once<Result<Word, Status>>;
    #[cfg(not(test))]
    type ListStream = NoSuchType;

    type SyncStream = BoxStream<Word>;

    #[cfg(not(test))]
    async fn get(&self, other_name: Request<NoSuchType>) -> NoSuchResult {
        no_such_function(other_name)
    }

    #[cfg(test)]
    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word("test")))
    }

    #[cfg(test)]
    #[intercept(skip(with))]
    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        Ok(Response::new(Self::ListStream::clone_of(word("test"))))
    }

    #[cfg(not(test))]
    #[intercept(with(no_such_interceptor()))]
    async fn list(&self, _: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        no_such_function()
    }

    #[cfg_attr(test, cfg(not(test)))]
    async fn put(&self, _: Request<NoSuchType>) -> NoSuchResult {
        no_such_function()
    }

    #[cfg_attr(test, cfg(test), allow(clippy::unused_async))]
    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word("put")))
    }

    async fn sync(
        &self,
        #[allow(unused_variables)] request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Err(Status::unimplemented("sync"))
    }
}

trait CloneOf {
    fn clone_of(word: Word) -> Self;
}

impl CloneOf for tokio_stream::Once<Result<Word, Status>> {
    fn clone_of(word: Word) -> Self {
        tokio_stream::once(Ok(word))
    }
}

#[tokio::test]
async fn methods_may_exist_twice_under_opposite_conditions() {
    assert_eq!(text(Twice.get(ask("")).await), "test");
    assert_eq!(calls().len(), 4, "two interceptors record two lines each");
    assert_eq!(texts(Twice.list(ask("")).await).await, ["test"]);
    assert_eq!(calls(), [""; 0], "the interceptor is skipped");
    assert_eq!(text(Twice.put(no_words()).await), "put");
    assert_eq!(calls(), ["client_stream Put", "Put ok 1"]);
    assert_eq!(Twice::PLAN.methods().len(), 4);
}

struct Conditional;

#[intercept(with(Record))]
#[cfg(test)]
#[tonic::async_trait]
impl Echo for Conditional {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(word("below")))
    }
}

#[intercept(with(Record))]
#[tonic::async_trait]
#[cfg(not(test))]
impl Echo for Conditional {
    async fn say(&self, _: Request<NoSuchType>) -> NoSuchResult {
        no_such_function()
    }
}

#[cfg(not(test))]
#[intercept(with(NoSuchInterceptor))]
#[tonic::async_trait]
impl Echo for Conditional {}

#[tokio::test]
async fn the_block_may_have_a_condition() {
    assert_eq!(text(Conditional.say(ask("")).await), "below");
    assert_eq!(calls(), answered("Say"));
}

/// Lint levels of all kinds, in all places.
struct Linted;

/// Documentation on the block.
#[intercept(with(Record))]
#[allow(clippy::needless_pass_by_value)]
#[rustfmt::skip]
#[tonic::async_trait]
#[expect(non_upper_case_globals)]
impl store_server::Store for Linted {
    #![allow(non_snake_case)]

    /// Documentation on a type.
    #[allow(clippy::type_complexity)]
    type ListStream = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<Word, Status>> + Send>>;
    type SyncStream = BoxStream<Word>;

    /// Documentation on a method.
    ///
    /// More of it.
    #[expect(unused_variables)]
    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        const lower: &str = "lower";
        Ok(Response::new(word(lower)))
    }

    async fn list(&self, Request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        #![allow(unused_variables, dead_code)]
        //! Documentation in a body.
        let unused = Request;
        fn unused_too() {}
        Ok(Response::new(Box::pin(tokio_stream::empty())))
    }

    #[cfg_attr(test, allow(deprecated))]
    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        #[allow(unused_mut)]
        let mut old = deprecated();
        Ok(Response::new(word(old)))
    }

    #[expect(deprecated, reason = "the signature and the body need it")]
    async fn sync(&self, _: Old<Request<Streaming<Word>>>) -> Result<Response<Self::SyncStream>, Status> {
        let _ = deprecated();
        Err(Status::unimplemented("sync"))
    }
}

#[deprecated]
fn deprecated() -> &'static str {
    "old"
}

#[deprecated]
type Old<T> = T;

#[tokio::test]
async fn lint_levels_and_documentation_stay_in_place() {
    assert_eq!(text(Linted.get(ask("")).await), "lower");
    assert_eq!(calls(), answered("Get"));
    assert!(texts(Linted.list(ask("")).await).await.is_empty());
    assert_eq!(calls(), ["server_stream List", "List ok 0"]);
    assert_eq!(text(Linted.put(no_words()).await), "old");
}

/// Attributes on methods that apply under a condition.
struct OfConditions;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for OfConditions {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    #[cfg_attr(all(), intercept(skip(with)))]
    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[cfg_attr(any(), allow(dead_code), intercept(skip(with)), allow(clippy::all))]
    #[cfg_attr(any(), interceptors::intercept(name = "Wrong"))]
    #[cfg_attr(all(), intercept(name = "All"))]
    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let got = self.get(request).await?.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(got)))))
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

struct ClientOfConditions;

#[intercept(service = "shapes.v1.Echo", with(Record))]
impl ClientOfConditions {
    #[cfg_attr(all(), intercept(skip(with)))]
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    #[cfg_attr(any(), intercept(skip(with)))]
    async fn repeat(&mut self, request: Request<Word>) -> Result<Response<Word>, Status> {
        self.say(request).await
    }
}

#[tokio::test]
async fn method_attributes_may_have_conditions() {
    assert_eq!(text(OfConditions.get(ask("a")).await), "a");
    assert_eq!(calls(), [""; 0]);
    assert_eq!(texts(OfConditions.list(ask("a")).await).await, ["a"]);
    assert_eq!(calls(), ["server_stream All", "All ok 1"]);
    let methods = OfConditions::PLAN.methods().iter();
    let methods: Vec<_> = methods
        .map(|method| (method.method(), method.interceptors().count()))
        .collect();
    assert_eq!(methods, [("Get", 0), ("All", 1), ("Put", 1), ("Sync", 1)]);
    assert_eq!(text(ClientOfConditions.say(ask("a")).await), "a");
    assert_eq!(calls(), [""; 0]);
    assert_eq!(text(ClientOfConditions.repeat(ask("a")).await), "a");
    assert_eq!(calls(), answered("Repeat"));
}
