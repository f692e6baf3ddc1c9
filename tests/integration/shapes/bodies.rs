//! Code in method bodies keeps its meaning.

use interceptors::intercept;
use interceptors_proto::shapes::{Word, echo_server::Echo, store_server::Store};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, ask, calls, failed, text, texts, word};

/// An error that converts into a status.
struct Refused(&'static str);

impl From<Refused> for Status {
    fn from(Refused(why): Refused) -> Self {
        Self::aborted(why)
    }
}

fn refuse(text: &str) -> Result<String, Refused> {
    if text.is_empty() {
        return Err(Refused("empty"));
    }
    Ok(text.to_owned())
}

macro_rules! echo {
    ($($service:ident(&$this:ident, $request:ident) $body:block)*) => {$(
        struct $service;

        #[intercept(with(Record))]
        #[tonic::async_trait]
        impl Echo for $service {
            #[allow(unused_variables, clippy::todo, clippy::unused_self)]
            async fn say(&$this, $request: Request<Word>) -> Result<Response<Word>, Status> $body
        }
    )*};
}

echo! {
    Questions(&self, request) {
        let text = refuse(&request.get_ref().text)?;
        Ok(Response::new(word(text)))
    }
    Tail(&self, request) {
        refuse(&request.get_ref().text).map(word).map(Response::new).map_err(Into::into)
    }
    Returns(&self, request) {
        if request.get_ref().text.is_empty() {
            return Err(Refused("empty").into());
        }
        return Ok(Response::new(request.into_inner()));
    }
    Fails(&self, request) {
        Err(Refused("always"))?
    }
    Todo(&self, request) {
        todo!()
    }
    Unimplemented(&self, request) {
        unimplemented!("later")
    }
    Panics(&self, request) {
        panic!("on purpose: {}", request.get_ref().text)
    }
    Closures(&self, request) {
        let text = request.into_inner().text;
        let checked = |text: &str| -> Result<String, Refused> {
            let text = refuse(text)?;
            return Ok(text + "!");
        };
        let later = async {
            if text.is_empty() {
                return Err(Status::not_found("in a block of its own"));
            }
            Ok(checked(&text)?)
        };
        let this = self;
        let named = async move |text: String| this.name().to_owned() + &text;
        Ok(Response::new(word(named(later.await?).await)))
    }
    Items(&self, request) {
        use std::fmt::Write as _;

        const GREETING: &str = "hello ";
        static MARK: char = '!';
        enum Mood {
            Loud,
        }
        struct Greeter {
            mood: Mood,
        }
        impl Greeter {
            fn greet(self, text: &str) -> Result<String, std::fmt::Error> {
                fn inner(text: &str) -> &str {
                    text
                }
                let mut all = String::from(GREETING);
                all.write_str(inner(text))?;
                match self.mood {
                    Mood::Loud => all.push(MARK),
                }
                Ok(all)
            }
        }
        let greeter = Greeter { mood: Mood::Loud };
        let text = greeter.greet(&request.get_ref().text).map_err(|e| Status::internal(e.to_string()))?;
        Ok(Response::new(word(text)))
    }
    Macros(&self, request) {
        macro_rules! check {
            ($this:expr, $request:ident) => {
                use tonic::Code as Brought;
                if $request.get_ref().text.is_empty() {
                    let code = Brought::OutOfRange;
                    return Err(Status::new(code, $this.name()));
                }
            };
        }
        check!(self, request);
        assert_eq!(format!("{}", self.name()), Self::NAME);
        Ok(Response::new(request.into_inner()))
    }
}

impl Closures {
    fn name(&self) -> &'static str {
        "closure "
    }
}

impl Macros {
    const NAME: &'static str = "macros";

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[tokio::test]
async fn question_marks_returns_and_tail_expressions_work() {
    let services: [&dyn Echo; 3] = [&Questions, &Tail, &Returns];
    for service in services {
        assert_eq!(text(service.say(ask("a")).await), "a");
        assert_eq!(calls(), answered("Say"));
        let status = service.say(ask("")).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Aborted, "empty"));
        assert_eq!(calls(), failed("Say"));
    }
    assert_eq!(Fails.say(ask("")).await.unwrap_err().message(), "always");
    assert_eq!(calls(), failed("Say"));
}

#[tokio::test]
async fn bodies_that_only_panic_compile_and_are_observed() {
    let services: [&'static dyn Echo; 3] = [&Todo, &Unimplemented, &Panics];
    for service in services {
        let call = async {
            let call = tokio::spawn(service.say(ask("x")));
            call.await.unwrap_err().is_panic()
        };
        assert!(call.await);
        assert_eq!(calls(), ["unary Say", "Say panicked 0"]);
    }
}

#[tokio::test]
async fn returns_inside_closures_and_async_blocks_stay_local() {
    assert_eq!(text(Closures.say(ask("a")).await), "closure a!");
    assert_eq!(calls(), answered("Say"));
    assert_eq!(
        Closures.say(ask("")).await.unwrap_err().code(),
        Code::NotFound
    );
    assert_eq!(calls(), failed("Say"));
}

#[tokio::test]
async fn bodies_may_contain_items() {
    assert_eq!(text(Items.say(ask("a")).await), "hello a!");
    assert_eq!(calls(), answered("Say"));
}

#[tokio::test]
async fn return_inside_a_macro_returns_from_the_method() {
    assert_eq!(text(Macros.say(ask("a")).await), "a");
    assert_eq!(
        Macros.say(ask("")).await.unwrap_err().code(),
        Code::OutOfRange
    );
}

/// Methods that name the service's own stream type in their bodies.
struct Streams;

type Sender<M> = tokio::sync::mpsc::Sender<Result<M, Status>>;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for Streams {
    type ListStream = ReceiverStream<Result<Word, Status>>;

    async fn get(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        let (sender, receiver): (Sender<Word>, _) = tokio::sync::mpsc::channel(1);
        let own: Self::ListStream = Self::ListStream::new(receiver);
        sender
            .send(Ok(request.into_inner()))
            .await
            .map_err(|_| Status::internal("closed"))?;
        drop(sender);
        let mut own = own.into_inner();
        own.recv()
            .await
            .ok_or_else(|| Status::internal("nothing"))?
            .map(Response::new)
    }

    type SyncStream = BoxStream<Word>;

    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        let (sender, receiver) = tokio::sync::mpsc::channel(2);
        let word = request.into_inner();
        tokio::spawn(async move {
            for _ in 0..3 {
                if sender.send(Ok(word.clone())).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Self::ListStream::new(receiver)))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        fn size<S>(_: Option<&S>) -> usize {
            std::mem::size_of::<S>()
        }
        let ours = size(None::<&<Self as Store>::ListStream>);
        let own = size(None::<&Self::ListStream>);
        Ok(Response::new(word(format!("{}", own < ours))))
    }

    async fn sync(
        &self,
        request: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        let boxed = Box::pin(request.into_inner()) as Self::SyncStream;
        Ok(Response::new(boxed))
    }
}

#[tokio::test]
async fn associated_type_in_a_body_is_the_written_type() {
    assert_eq!(text(Streams.get(ask("a")).await), "a");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(Streams.list(ask("b")).await).await, ["b", "b", "b"]);
    assert_eq!(calls(), ["server_stream List", "List ok 3"]);
}

#[tokio::test]
async fn associated_type_of_the_trait_is_the_observed_stream() {
    use interceptors_proto::shapes::store_client::StoreClient;
    use interceptors_proto::shapes::store_server::StoreServer;

    let routes = tonic::service::Routes::new(StoreServer::new(Streams));
    let mut client = StoreClient::new(interceptors_tests::serve(routes).await);
    assert_eq!(text(client.put(tokio_stream::empty()).await), "true");
    assert_eq!(calls(), ["client_stream Put", "Put ok 1"]);
    let words = client.sync(tokio_stream::once(word("c"))).await;
    assert_eq!(texts(words).await, ["c"]);
    assert_eq!(calls(), ["bidi_stream Sync", "Sync ok 1"]);
}

/// Coercions that need the declared type.
struct Coerced;

#[intercept(with(Record))]
#[tonic::async_trait]
impl Store for Coerced {
    type ListStream = BoxStream<Word>;
    type SyncStream = BoxStream<Word>;

    async fn get(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn list(&self, request: Request<Word>) -> Result<Response<Self::ListStream>, Status> {
        if request.get_ref().text.is_empty() {
            return Ok(Response::new(Box::pin(tokio_stream::empty())));
        }
        let once = tokio_stream::once(Ok(request.into_inner()));
        let stream: Self::ListStream = Box::pin(once);
        Ok(Response::new(stream as _))
    }

    async fn put(&self, _: Request<Streaming<Word>>) -> Result<Response<Word>, Status> {
        Err(Status::unimplemented("put"))?
    }

    async fn sync(
        &self,
        _: Request<Streaming<Word>>,
    ) -> Result<Response<Self::SyncStream>, Status> {
        Result::Err(Refused("sync"))?;
        unreachable!()
    }
}

#[tokio::test]
async fn coercions_use_the_declared_type() {
    assert_eq!(text(Coerced.get(ask("a")).await), "");
    assert_eq!(texts(Coerced.list(ask("a")).await).await, ["a"]);
    assert!(texts(Coerced.list(ask("")).await).await.is_empty());
    assert_eq!(calls().len(), 6);
}
