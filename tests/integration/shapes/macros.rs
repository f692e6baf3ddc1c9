//! Implementations from `macro_rules!`: types and names arrive in invisible groups.

use interceptors::{Intercepted as _, intercept};
use interceptors_proto::shapes::{Word, echo_server, store_server};
use tonic::{Request, Response, Status, Streaming};

use crate::common::{BoxStream, Record, answered, ask, calls, text, texts, word};

macro_rules! implement {
    (
        $(#[$attribute:meta])*
        $module:ident :: $service:ident for $this:ty, answering $answer:expr, with $interceptor:expr;
        $(type $stream:ident = $stream_type:ty;)*
        $(fn $method:ident($request:ty) -> $response:ty;)*
    ) => {
        $(#[$attribute])*
        #[intercept(with($interceptor))]
        #[tonic::async_trait]
        impl $module::$service for $this {
            $(type $stream = $stream_type;)*
            $(
                async fn $method(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                    let answer = $answer;
                    answer(self, request).await.map(Response::new)
                }
            )*
        }
    };
}

struct Echoing {
    suffix: &'static str,
}

async fn echo(this: &Echoing, request: Request<Word>) -> Result<Word, Status> {
    Ok(word(request.into_inner().text + this.suffix))
}

implement! {
    /// Documented.
    echo_server::Echo for Echoing, answering echo, with Record;
    fn say(Word) -> Word;
}

/// All parts of the signature arrive as fragments.
macro_rules! implement_with_types {
    ($path:path, $this:ty; $(
        $method:ident($request:ty) -> $result:ty $(as $stream:ident = $stream_type:ty)?, $body:expr;
    )*) => {
        #[intercept(with(Record))]
        #[tonic::async_trait]
        impl $path for $this {
            $(
                async fn $method(&self, request: $request) -> $result {
                    let body = $body;
                    body(request)
                }
                $(type $stream = $stream_type;)?
            )*
        }
    };
}

struct Fragments;

implement_with_types! {
    store_server::Store, Fragments;
    get(Request<Word>) -> Result<Response<Word>, Status>, |request: Request<_>| {
        Ok(Response::new(request.into_inner()))
    };
    list(Request<Word>) -> Result<Response<Self::ListStream>, Status>
        as ListStream = BoxStream<Word>,
        |request: Request<_>| -> Result<Response<BoxStream<_>>, _> {
            Ok(Response::new(Box::pin(tokio_stream::once(Ok(request.into_inner())))))
        };
    put(Request<Streaming<Word>>) -> Result<Response<Word>, Status>, |_| {
        Err(Status::unimplemented("put"))
    };
    sync(Request<Streaming<Word>>) -> Result<Response<Self::SyncStream>, Status>
        as SyncStream = Streaming<Word>,
        |request: Request<_>| Ok(Response::new(request.into_inner()));
}

/// The attribute's arguments and the receiver come from outside of the macro.
macro_rules! implement_from_outside {
    ([$($arguments:tt)*] $self:ident $this:ty => $answer:expr) => {
        #[intercept($($arguments)*)]
        #[tonic::async_trait]
        impl echo_server::Echo for $this {
            async fn say(&$self, request: Request<Word>) -> Result<Response<Word>, Status> {
                let _ = request;
                Ok(Response::new(word($answer)))
            }
        }
    };
}

struct Outside {
    record: Record,
    name: &'static str,
}

implement_from_outside!([with(self.record)] self Outside => self.name);

#[tokio::test]
async fn implementations_from_macros_run_their_interceptors() {
    use echo_server::Echo as _;
    use store_server::Store as _;

    assert_eq!(text(Echoing { suffix: "!" }.say(ask("a")).await), "a!");
    assert_eq!(calls(), answered("Say"));
    assert_eq!(Echoing::PLAN.methods()[0].path(), "/shapes.v1.Echo/Say");

    assert_eq!(text(Fragments.get(ask("a")).await), "a");
    assert_eq!(calls(), answered("Get"));
    assert_eq!(texts(Fragments.list(ask("a")).await).await, ["a"]);
    assert_eq!(calls(), ["server_stream List", "List ok 1"]);
    let kinds: Vec<_> = Fragments::PLAN
        .methods()
        .iter()
        .map(|m| m.kind().as_str())
        .collect();
    assert_eq!(
        kinds,
        ["unary", "server_stream", "client_stream", "bidi_stream"]
    );

    let outside = Outside {
        record: Record,
        name: "outside",
    };
    assert_eq!(text(outside.say(ask("")).await), "outside");
    assert_eq!(calls(), answered("Say"));
}
