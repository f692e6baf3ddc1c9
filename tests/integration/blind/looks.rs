//! Entries that read messages run at their position, although they are in the part that is compiled once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::{Call, Interceptor, Kind, Next, intercept};
use interceptors_tests::{Behaviour, Event, Events, Field, UserStream};
use tonic::{Code, Request, Response, Status, Streaming};
use tracing_subscriber::filter::LevelFilter;

use crate::common::{
    Any, Caller, ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary,
    ListUsersRequest, LoginReply, LoginRequest, Noted, User, UserService, World, served, step,
    steps, users,
};

#[derive(Clone, Default)]
struct InFront {
    world: World,
}

users!(self: InFront, #[intercept(with(Any("a")), validate, with(Noted("typed")), with(Any("b")))]);

#[derive(Clone, Default)]
struct Behind {
    world: World,
}

users!(self: Behind, #[intercept(with(Any("a")), with(Noted("typed")), validate, with(Any("b")))]);

async fn invalid(caller: &Caller) -> [Status; 3] {
    let mut client = caller.client.clone();
    let unary = client.get_user(GetUserRequest { id: 0 }).await.unwrap_err();
    let list = client.list_users(ListUsersRequest::default()).await;
    let users = ["ann", "bob", "invalid", "eve"].map(|name| User {
        id: 1,
        name: name.to_owned(),
    });
    let import = client.import_users(tokio_stream::iter(users)).await;
    [unary, list.unwrap_err(), import.unwrap_err()]
}

#[tokio::test]
async fn validate_rejects_at_its_position() {
    let caller = Caller::new(&served(InFront::default()).await);
    let [unary, list, import] = invalid(&caller).await;
    assert_eq!(
        steps(),
        ">a validate <a >a validate <a \
         >a >typed(users) >b import_users validate validate validate <b <typed <a"
    );
    let texts = [unary, list].map(|status| status.message().to_owned());
    assert_eq!(texts, ["the request is not valid: it: must not be so"; 2]);
    assert!(
        import.message().contains("messages[2].it: must"),
        "{import}"
    );

    let caller = Caller::new(&served(Behind::default()).await);
    let refused = invalid(&caller).await;
    assert_eq!(
        steps(),
        ">a >typed(0) validate <typed <a >a >typed(0) validate <typed <a \
         >a >typed(users) >b import_users validate validate validate <b <typed <a"
    );
    assert_eq!(
        refused.map(|status| status.code()),
        [Code::InvalidArgument; 3]
    );
}

/// Changes the message on its way in.
#[derive(Clone, Copy)]
struct Renames;

impl<Res: Send> Interceptor<LoginRequest, Res> for Renames {
    async fn intercept(
        &self,
        call: &mut Call<LoginRequest>,
        next: &mut impl Next<LoginRequest, Res>,
    ) -> Result<Response<Res>, Status> {
        if let Some(request) = call.message_mut() {
            request.name = "renamed".to_owned();
        }
        next.run(call).await
    }
}

/// Answers without running the rest.
#[derive(Clone, Copy)]
struct Answers;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Answers {
    async fn intercept(
        &self,
        _: &mut Call<Req>,
        _: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Err(Status::aborted("by itself"))
    }
}

/// Fields by method, at several positions of the list.
#[derive(Clone, Default)]
struct Logged {
    world: World,
}

#[intercept(with(Any("a")), logging(slow = "1h"), with(Answers, only = [chat]))]
#[tonic::async_trait]
impl UserService for Logged {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    #[intercept(logging(slow = "1h", fields(name = request.name)), with(Renames))]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        step(request.get_ref().name.clone());
        self.world.login(request).await
    }

    #[intercept(logging(slow = "1h", fields(id = request.id)), with(Answers))]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.world.get_user(request).await
    }

    #[intercept(logging(slow = "1h", fields(limit = request.limit)))]
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.world.list_users(request).await
    }

    #[intercept(logging(slow = "1h", fields(stream = ?request)))]
    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.world.import_users(request).await
    }

    #[intercept(logging(slow = "1h", fields(stream = ?request)))]
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.world.chat(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.world.flaky(request).await
    }
}

fn single_event(events: &Events) -> Event {
    let mut events = events.take();
    assert_eq!(events.len(), 1, "{events:#?}");
    events.remove(0)
}

#[tokio::test]
async fn logged_fields_have_the_values_at_their_position() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let caller = Caller::new(&served(Logged::default()).await);
    let mut client = caller.client.clone();
    let request = LoginRequest {
        name: "ann".to_owned(),
        password: String::new(),
    };
    client.login(request).await.unwrap();
    assert_eq!(steps(), ">a renamed login <a");
    assert_eq!(single_event(&events).get("name"), Some(&Field::from("ann")));

    let status = caller.call(Kind::Unary).await.unwrap_err();
    assert_eq!(status.message(), "by itself");
    let event = single_event(&events);
    assert_eq!(event.get("id"), Some(&Field::U64(7)));
    assert_eq!(event.get("grpc.code"), Some(&Field::from("ABORTED")));

    caller.call(Kind::ServerStreaming).await.unwrap();
    assert_eq!(single_event(&events).get("limit"), Some(&Field::U64(7)));

    caller.call(Kind::ClientStreaming).await.unwrap();
    let Some(Field::Str(stream)) = single_event(&events).get("stream").cloned() else {
        panic!("no field");
    };
    assert!(stream.contains("Streaming"), "{stream}");

    caller.call(Kind::BidiStreaming).await.unwrap_err();
    assert!(single_event(&events).get("stream").is_some());
}

/// Which attempts an entry sees depends on its position.
#[derive(Clone, Default)]
struct Payloads {
    world: World,
}

#[intercept(
    retry(max = 2, base_delay = "1ms"),
    payload(show = [request.id, response.id], only = [get_user], level = "info"),
    payload(show = [request.limit, response.id], only = [list_users], level = "info"),
    payload(show = [request.name], only = [login], level = "info"),
    with(Noted("typed"), only = [get_user]),
    with(Any("b")),
)]
#[tonic::async_trait]
impl UserService for Payloads {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.world.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.world.get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.world.list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.world.import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.world.chat(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.world.flaky(request).await
    }
}

#[tokio::test]
async fn payload_after_retry_sees_each_attempt() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let service = Payloads::default();
    let caller = Caller::new(&served(service.clone()).await);
    let seen = || {
        let events = events.take();
        let of = |event: &Event| event.message.clone();
        events.iter().map(of).collect::<Vec<_>>().join(" ")
    };
    for failures in 0..3 {
        let requests = "request received ".repeat(failures + 1);
        service.world.fail(&[Code::Unavailable; 2][..failures]);
        caller.call(Kind::Unary).await.unwrap();
        assert_eq!(seen(), format!("{requests}response sent"));
        service.world.fail(&[Code::Unavailable; 2][..failures]);
        caller.call(Kind::ServerStreaming).await.unwrap();
        let responses = ["response sent"; 3].join(" ");
        assert_eq!(seen(), format!("{requests}{responses}"));
    }
    steps();
}

/// A limit for each method, although the methods share compiled code.
#[derive(Clone, Default)]
struct Limited {
    world: World,
}

users!(self: Limited, #[intercept(with(Any("a")), concurrency(max = 1, queue = 0))]);

#[derive(Clone, Default)]
struct LimitedTogether {
    world: World,
}

users!(self: LimitedTogether, #[intercept(with(Any("a")), concurrency(max = 1, queue = 0, per = service))]);

/// The kinds of calls that are answered while a unary call runs.
async fn answered_during_a_unary_call(service: impl UserService, world: World) -> Vec<Kind> {
    let caller = Caller::new(&served(service).await);
    let hanging = caller.told(Behaviour::Hang);
    let running = tokio::spawn(async move { hanging.call(Kind::Unary).await });
    world.entered().await;
    let mut answered = Vec::new();
    for kind in interceptors_tests::KINDS {
        match caller.call(kind).await {
            Ok(_) => answered.push(kind),
            Err(status) => assert_eq!(status.code(), Code::ResourceExhausted, "{status}"),
        }
    }
    running.abort();
    answered
}

#[tokio::test]
async fn methods_have_separate_limits_despite_shared_code() {
    let world = World::default();
    let limited = Limited {
        world: world.clone(),
    };
    let answered = answered_during_a_unary_call(limited, world).await;
    let others = [
        Kind::ClientStreaming,
        Kind::ServerStreaming,
        Kind::BidiStreaming,
    ];
    assert_eq!(answered, others);

    let world = World::default();
    let limited = LimitedTogether {
        world: world.clone(),
    };
    assert_eq!(answered_during_a_unary_call(limited, world).await, []);
}

/// Counts how often an expression of the list is evaluated.
#[derive(Clone, Default)]
struct Evaluated {
    world: World,
    count: Arc<AtomicU32>,
}

impl Evaluated {
    fn lent(&self) -> &Any {
        self.count.fetch_add(1, Ordering::SeqCst);
        &Any("lent")
    }

    fn typed(&self) -> &Noted {
        self.count.fetch_add(1, Ordering::SeqCst);
        &Noted("typed")
    }
}

users!(self: Evaluated, #[intercept(
    retry(max = 1, base_delay = "1ms"),
    with(*self.lent()),
    with(*self.typed()),
    with(*self.lent()),
)]);

#[tokio::test]
async fn expressions_are_evaluated_once_per_call() {
    let service = Evaluated::default();
    let caller = Caller::new(&served(service.clone()).await);
    for kind in interceptors_tests::KINDS {
        caller.call(kind).await.unwrap();
        assert_eq!(service.count.swap(0, Ordering::SeqCst), 3, "{kind}");
    }
    steps();
    service.world.fail(&[Code::Unavailable]);
    caller.call(Kind::Unary).await.unwrap();
    let attempt = ">lent >typed(7) >lent get_user <lent <typed <lent";
    assert_eq!(steps(), format!("{attempt} {attempt}"));
}
