//! The order is as listed, and the type of an interceptor decides what it sees.

use std::any::type_name;
use std::fmt::Debug;

use interceptors::__private::Opaque;
use interceptors::{Call, Interceptor, Kind, Next};
use interceptors_tests::{Events, KINDS};
use tonic::{Code, Response, Status, Streaming};
use tracing_subscriber::filter::LevelFilter;

use crate::common::{
    Any, Caller, FlakyRequest, GetUserRequest, ListUsersRequest, LoginRequest, Noted, User, World,
    served, step, steps, users,
};

#[derive(Clone, Default)]
struct Mixed {
    world: World,
}

impl Mixed {
    fn c(&self) -> Any {
        step("made");
        Any("c")
    }
}

/// The field that `logging` takes from a request.
fn field<M>(_: &M) -> u32 {
    step("field");
    7
}

users!(self: Mixed, #[intercept(
    with(Any("a")),
    logging(fields(seen = field(&request))),
    retry(max = 2, base_delay = "1ms"),
    with(self.c()),
    validate,
    with(Noted("b")),
    with(Any("d")),
)]);

/// The steps of one attempt from `retry` on, without the handler's.
fn attempt(kind: Kind, handler: &str) -> String {
    let (note, validate, validate_later) = match kind {
        Kind::Unary | Kind::ServerStreaming => ("7", "validate ", ""),
        Kind::ClientStreaming => ("users", "", " validate validate"),
        Kind::BidiStreaming => ("chat", "", " validate validate"),
    };
    format!(">c {validate}>b({note}) >d {handler}{validate_later} <d <b <c")
}

fn handler(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "get_user",
        Kind::ClientStreaming => "import_users",
        Kind::ServerStreaming => "list_users",
        Kind::BidiStreaming => "chat",
    }
}

#[tokio::test]
async fn calls_run_in_list_order_and_responses_in_reverse() {
    let (_events, _guard) = Events::listen(LevelFilter::INFO);
    let service = Mixed::default();
    let caller = Caller::new(&served(service.clone()).await);
    for kind in KINDS {
        caller.call(kind).await.unwrap();
        let attempt = attempt(kind, handler(kind));
        assert_eq!(steps(), format!(">a field made {attempt} <a"), "{kind}");
    }
}

#[tokio::test]
async fn retry_repeats_the_entries_listed_after_it() {
    let (_events, _guard) = Events::listen(LevelFilter::INFO);
    let service = Mixed::default();
    let caller = Caller::new(&served(service.clone()).await);
    for kind in [Kind::Unary, Kind::ServerStreaming] {
        service.world.fail(&[Code::Unavailable; 2]);
        caller.call(kind).await.unwrap();
        let attempt = attempt(kind, handler(kind));
        assert_eq!(
            steps(),
            format!(">a field made {attempt} {attempt} {attempt} <a"),
            "{kind}"
        );
    }
    // The first attempt uses up a request stream.
    for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
        service.world.fail(&[Code::Unavailable]);
        let status = caller.call(kind).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{kind}");
        let attempt = attempt(kind, handler(kind));
        assert_eq!(steps(), format!(">a field made {attempt} <a"), "{kind}");
    }
}

#[derive(Clone, Copy)]
struct OfAny;

#[derive(Clone, Copy)]
struct OfStatic;

#[derive(Clone, Copy)]
struct OfClone;

#[derive(Clone, Copy)]
struct OfDebug;

#[derive(Clone, Copy)]
struct OfStreaming;

#[derive(Clone, Copy)]
struct OfNamed;

macro_rules! of {
    ($($name:ident: [$($generics:tt)*] $req:ty;)*) => {$(
        impl<$($generics)* Res: Send> Interceptor<$req, Res> for $name {
            async fn intercept(
                &self,
                call: &mut Call<$req>,
                next: &mut impl Next<$req, Res>,
            ) -> Result<Response<Res>, Status> {
                step(format!("{}:{}", stringify!($name), type_name::<$req>()));
                next.run(call).await
            }
        }
    )*};
}

of! {
    OfAny: [Req: Send,] Req;
    OfStatic: [Req: Send + std::any::Any,] Req;
    OfClone: [Req: Send + Clone,] Req;
    OfDebug: [Req: Send + Debug,] Req;
    OfStreaming: [M: Send + 'static,] Streaming<M>;
    OfNamed: [] LoginRequest;
    OfNamed: [] GetUserRequest;
}

/// Bounded on the response type.
#[derive(Clone, Copy)]
struct OfAnswer;

impl<Req: Send, Res: Send + Debug> Interceptor<Req, Res> for OfAnswer {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let answer = next.run(call).await;
        step(format!("OfAnswer:{}", type_name::<Res>()));
        answer
    }
}

#[derive(Clone, Default)]
struct ByType {
    world: World,
}

users!(self: ByType, #[intercept(
    with(OfAny),
    with(OfStatic),
    with(OfNamed, only = [login]),
    with(OfClone, only = [get_user]),
    with(OfDebug, only = [list_users]),
    with(OfStreaming, only = [import_users]),
    with(OfAnswer, only = [flaky]),
    with(OfAny),
)]);

#[tokio::test]
async fn interceptors_type_decides_whether_it_sees_the_message() {
    let service = ByType::default();
    let caller = Caller::new(&served(service).await);
    let opaque = type_name::<Opaque>();
    let blind = format!("OfAny:{opaque} OfStatic:{opaque}");
    let mut client = caller.client.clone();

    client.login(LoginRequest::default()).await.unwrap();
    let message = type_name::<LoginRequest>();
    let expected = format!("{blind} OfNamed:{message} OfAny:{message} login");
    assert_eq!(steps(), expected);

    caller.call(Kind::Unary).await.unwrap();
    let message = type_name::<GetUserRequest>();
    let expected = format!("{blind} OfClone:{message} OfAny:{message} get_user");
    assert_eq!(steps(), expected);

    caller.call(Kind::ServerStreaming).await.unwrap();
    let message = type_name::<ListUsersRequest>();
    let expected = format!("{blind} OfDebug:{message} OfAny:{message} list_users");
    assert_eq!(steps(), expected);

    caller.call(Kind::ClientStreaming).await.unwrap();
    let message = type_name::<Streaming<User>>();
    let expected = format!("{blind} OfStreaming:{message} OfAny:{message} import_users");
    assert_eq!(steps(), expected);

    // No interceptor of this method reads its messages.
    caller.call(Kind::BidiStreaming).await.unwrap();
    assert_eq!(steps(), format!("{blind} OfAny:{opaque} chat"));

    client.flaky(FlakyRequest::default()).await.unwrap();
    let (message, answer) = (
        type_name::<FlakyRequest>(),
        type_name::<crate::common::FlakyReply>(),
    );
    let expected = format!("{blind} OfAny:{message} flaky OfAnswer:{answer}");
    assert_eq!(steps(), expected);
}

/// A bare type parameter: the compiler does not know whether it takes any message.
#[derive(Clone)]
struct Generic<A> {
    a: A,
    world: World,
}

#[interceptors::intercept(with(Any("first")), with(self.a), with(OfAny))]
#[tonic::async_trait]
impl<A> interceptors_proto::shapes::echo_server::Echo for Generic<A>
where
    A: Interceptor<Word, Word> + 'static,
{
    async fn say(&self, request: tonic::Request<Word>) -> Result<Response<Word>, Status> {
        let _ = &self.world;
        step("say");
        Ok(Response::new(request.into_inner()))
    }
}

use interceptors_proto::shapes::Word;

of! {
    OfNamed: [] Word;
}

#[tokio::test]
async fn generic_interceptor_always_gets_the_typed_message() {
    use interceptors_proto::shapes::echo_server::Echo;

    async fn say<A>(a: A) -> String
    where
        A: Interceptor<Word, Word> + 'static,
    {
        let world = World::default();
        let service = Generic { a, world };
        let request = tonic::Request::new(Word { text: "hi".into() });
        let answer = service.say(request).await.unwrap();
        assert_eq!(answer.into_inner().text, "hi");
        steps()
    }
    let word = type_name::<Word>();
    for (steps, of) in [
        (say(OfAny).await, "OfAny"),
        (say(OfNamed).await, "OfNamed"),
        (say(OfClone).await, "OfClone"),
        (say(std::sync::Arc::new(OfDebug)).await, "OfDebug"),
    ] {
        assert_eq!(steps, format!(">first {of}:{word} OfAny:{word} say <first"));
    }
}

/// Wraps an interceptor that it borrows from the service.
struct Lent<'a, A>(&'a A);

impl<A: Interceptor<Req, Res>, Req: Send, Res: Send> Interceptor<Req, Res> for Lent<'_, A> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        step("lent");
        self.0.intercept(call, next).await
    }
}

#[derive(Clone)]
struct Lends {
    world: World,
    any: Any,
    named: OfNamed,
}

users!(self: Lends, #[intercept(
    with(Lent(&self.any)),
    with(&&self.any),
    with(Box::new(OfAny)),
    with(Lent(&self.named), only = [login]),
    with(OfAny),
)]);

#[tokio::test]
async fn wrapper_sees_the_message_if_its_inner_type_does() {
    let service = Lends {
        world: World::default(),
        any: Any("any"),
        named: OfNamed,
    };
    let caller = Caller::new(&served(service).await);
    let opaque = type_name::<Opaque>();
    caller.call(Kind::BidiStreaming).await.unwrap();
    assert_eq!(
        steps(),
        format!("lent >any >any OfAny:{opaque} OfAny:{opaque} chat <any <any")
    );
    let login = caller.request(LoginRequest::default());
    caller.client.clone().login(login).await.unwrap();
    let message = type_name::<LoginRequest>();
    assert_eq!(
        steps(),
        format!(
            "lent >any >any OfAny:{opaque} lent OfNamed:{message} OfAny:{message} login <any <any"
        )
    );
}
