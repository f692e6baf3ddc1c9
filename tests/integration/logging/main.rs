//! Each call logs one event, with the documented fields and level.
#![allow(clippy::unwrap_used)] // helpers of tests

mod catch_panic;
mod client;
mod peer;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::auth::Verifier;
use interceptors::server::RequestCancellationLayer;
use interceptors::{CallDetails, Kind, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{
    Behaviour, Caller, Ends, Event, Events, Field, KINDS, Script, UserStream, WatchEnds,
    ask_each_time, scripted, serve, start,
};
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::service::Routes;
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::util::option_layer;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer};

fn the_only(events: &Events) -> Event {
    let events = events.take();
    assert_eq!(events.len(), 1, "{events:#?}");
    events.into_iter().next().unwrap()
}

fn text(text: &str) -> Field {
    Field::Str(text.to_owned())
}

fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "GetUser",
        Kind::ClientStreaming => "ImportUsers",
        Kind::ServerStreaming => "ListUsers",
        Kind::BidiStreaming => "Chat",
    }
}

/// When `ends` gets the end of a call, its event has been logged already.
struct Logged {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Logged, #[intercept(with(self.ends), logging)]);

fn logged() -> (Routes, Script, Ends) {
    let (watch, ends) = Ends::new();
    let script = Script::default();
    let service = Logged {
        script: script.clone(),
        ends: watch,
    };
    let routes = Routes::new(UserServiceServer::new(service));
    (routes, script, ends)
}

#[tokio::test]
async fn finished_event_has_the_documented_fields_and_types() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let channel = serve(logged().0).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        let mut event = the_only(&events);
        assert_eq!(event.message, "finished call");
        assert_eq!(event.target, "interceptors::logging");
        assert_eq!(event.level, Level::INFO);
        match event.fields.remove("grpc.time_ms") {
            Some(Field::F64(millis)) => assert!(millis > 0.0),
            other => panic!("{other:?}"),
        }
        match event.fields.remove("peer.address") {
            Some(Field::Text(address)) => {
                let address: std::net::SocketAddr = address.parse().unwrap();
                assert!(address.ip().is_loopback());
            }
            other => panic!("{other:?}"),
        }
        let mut expected = BTreeMap::from([
            ("protocol", text("grpc")),
            ("grpc.component", text("server")),
            ("grpc.service", text("demo.v1.UserService")),
            ("grpc.method", text(method(kind))),
            ("grpc.method_type", text(kind.as_str())),
            ("grpc.code", text("OK")),
            ("outcome", text("ok")),
        ]);
        match kind {
            Kind::Unary => None,
            Kind::ClientStreaming => expected.insert("grpc.msgs_recv", Field::U64(2)),
            Kind::ServerStreaming => expected.insert("grpc.msgs_sent", Field::U64(3)),
            Kind::BidiStreaming => {
                // The handler does not read its requests.
                expected.insert("grpc.msgs_recv", Field::U64(0));
                expected.insert("grpc.msgs_sent", Field::U64(3))
            }
        };
        assert_eq!(event.fields, expected, "{kind}");
    }
}

#[tokio::test]
async fn each_call_is_logged_once_with_code_level_error_and_outcome() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let (routes, _, mut ends) = logged();
    let channel = serve(routes).await;
    let failed = Some("told to fail");
    for kind in KINDS {
        for (behaviour, code, level, error, outcome, messages) in [
            (Behaviour::Answer(1), "OK", Level::INFO, None, "ok", 1),
            (
                Behaviour::Fail(Code::NotFound),
                "NOT_FOUND",
                Level::INFO,
                failed,
                "error",
                0,
            ),
            (
                Behaviour::Fail(Code::Unavailable),
                "UNAVAILABLE",
                Level::WARN,
                failed,
                "error",
                0,
            ),
            (
                Behaviour::FailAfter(2, Code::PermissionDenied),
                "PERMISSION_DENIED",
                Level::WARN,
                failed,
                "error",
                2,
            ),
            (
                Behaviour::FailAfter(1, Code::DataLoss),
                "DATA_LOSS",
                Level::ERROR,
                failed,
                "error",
                1,
            ),
            (
                Behaviour::PanicAfter(2),
                "INTERNAL",
                Level::ERROR,
                None,
                "panicked",
                2,
            ),
        ] {
            let case = format!("{kind} {behaviour:?}");
            Caller::new(&channel).told(behaviour).call(kind).await;
            ends.next().await;
            let event = the_only(&events);
            assert_eq!(event.level, level, "{case}");
            assert_eq!(event.get("grpc.code"), Some(&text(code)), "{case}");
            assert_eq!(event.get("grpc.error"), error.map(text).as_ref(), "{case}");
            assert_eq!(event.get("outcome"), Some(&text(outcome)), "{case}");
            let messages = kind.response_is_stream().then_some(Field::U64(messages));
            assert_eq!(event.get("grpc.msgs_sent"), messages.as_ref(), "{case}");
        }
    }
    assert_eq!(events.take().len(), 0);
}

#[tokio::test]
async fn abandoned_calls_are_logged_as_cancelled() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let (routes, script, mut ends) = logged();
    let server = start(routes).await;
    for kind in KINDS {
        let caller = Caller::new(&server.channel);
        if kind.response_is_stream() {
            let caller = caller.told(Behaviour::HangAfter(2));
            let mut messages = caller.open(kind).await.unwrap();
            messages.next().await.unwrap().unwrap();
            messages.next().await.unwrap().unwrap();
        } else {
            let caller = caller.told(Behaviour::Hang);
            let call = tokio::spawn(async move { caller.call(kind).await });
            script.entered().await;
            call.abort();
        }
        ends.next().await;
        let event = the_only(&events);
        assert_eq!(event.level, Level::INFO, "{kind}");
        assert_eq!(event.get("grpc.code"), Some(&text("CANCELLED")), "{kind}");
        assert_eq!(event.get("outcome"), Some(&text("cancelled")), "{kind}");
        let messages = kind.response_is_stream().then_some(Field::U64(2));
        assert_eq!(event.get("grpc.msgs_sent"), messages.as_ref(), "{kind}");
    }
    server.stop().await;
    assert_eq!(events.take().len(), 0);
}

#[tokio::test]
async fn cancellation_layer_logs_disconnect_while_sending_as_cancelled() {
    for (has_layer, code) in [(false, "OK"), (true, "CANCELLED")] {
        let (events, _guard) = Events::listen(LevelFilter::INFO);
        let (routes, script, mut ends) = logged();
        let layer = has_layer.then_some(RequestCancellationLayer);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder()
            .layer(option_layer(layer))
            .add_routes(routes)
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let caller = Caller::new(&endpoint.connect().await.unwrap());
        let (users, stream) = tokio::sync::mpsc::channel(1);
        users.send(User::default()).await.unwrap();
        let mut client = caller.client();
        let call = tokio::spawn(async move {
            let stream = ReceiverStream::new(stream);
            client.import_users(stream).await
        });
        script.entered().await;
        call.abort();
        ends.next().await;
        let event = the_only(&events);
        assert_eq!(event.get("grpc.code"), Some(&text(code)));
    }
}

#[tokio::test]
async fn started_event_is_logged_at_debug() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let channel = serve(logged().0).await;
    for kind in KINDS {
        Caller::new(&channel).call(kind).await;
        let both = events.take();
        let [started, finished] = &both[..] else {
            panic!("{both:#?}")
        };
        assert_eq!(started.message, "started call");
        assert_eq!(started.target, "interceptors::logging");
        assert_eq!(started.level, Level::DEBUG);
        let mut fields = started.fields.clone();
        assert_eq!(
            fields.remove("peer.address"),
            finished.get("peer.address").cloned()
        );
        let expected = BTreeMap::from([
            ("protocol", text("grpc")),
            ("grpc.component", text("server")),
            ("grpc.service", text("demo.v1.UserService")),
            ("grpc.method", text(method(kind))),
            ("grpc.method_type", text(kind.as_str())),
        ]);
        assert_eq!(fields, expected, "{kind}");
        assert_eq!(finished.message, "finished call");
    }
}

#[tokio::test]
async fn per_layer_filters_and_event_only_filters_work() {
    ask_each_time();
    let (usual, warnings, seldom) = (Events::default(), Events::default(), Events::default());
    let subscriber = tracing_subscriber::registry()
        .with(filter_fn(|metadata| metadata.is_event()))
        .with(seldom.clone().with_filter(LevelFilter::OFF))
        .with(usual.clone().with_filter(LevelFilter::INFO))
        .with(warnings.clone().with_filter(LevelFilter::WARN));
    let _guard = tracing::subscriber::set_default(subscriber);
    let caller = Caller::new(&serve(logged().0).await);
    for kind in KINDS {
        caller.call(kind).await;
        assert_eq!((usual.take().len(), warnings.take().len()), (1, 0));
        let failing = caller.told(Behaviour::Fail(Code::Unavailable));
        failing.call(kind).await;
        assert_eq!((usual.take().len(), warnings.take().len()), (1, 1));
    }
    assert_eq!(seldom.take().len(), 0);
}

/// Counts how often the text `counted` is formatted.
struct Formatted<'a>(&'a str);

static FORMATTED: AtomicU32 = AtomicU32::new(0);

impl fmt::Display for Formatted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == "counted" {
            FORMATTED.fetch_add(1, Ordering::SeqCst);
        }
        f.write_str(self.0)
    }
}

#[derive(Default)]
struct Detailed {
    script: Script,
}

#[intercept(logging)]
#[tonic::async_trait]
impl UserService for Detailed {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    #[intercept(logging(fields(
        user = request.name,
        user.initial = request.name.chars().next().map(u32::from),
        known = !request.name.is_empty(),
        counted = %Formatted(&request.name),
    )))]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    #[intercept(logging(slow = "1ns", fields(id = request.id, request = ?request)))]
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.script.get_user(request).await
    }

    #[intercept(logging(slow = "1ns", fields(limit = request.limit, code = request.fail_code)))]
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.script.list_users(request).await
    }

    #[intercept(logging(slow = "1ns"))]
    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.script.import_users(request).await
    }

    #[intercept(logging(slow = "1ns", level = "debug"))]
    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.script.chat(request).await
    }

    #[intercept(logging(level = "debug"))]
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

async fn detailed() -> Caller {
    let service = UserServiceServer::new(Detailed::default());
    Caller::new(&serve(Routes::new(service)).await)
}

fn ann() -> LoginRequest {
    LoginRequest {
        name: "ann".to_owned(),
        ..Default::default()
    }
}

#[tokio::test]
async fn request_fields_keep_their_types_and_are_logged_on_failure() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let caller = detailed().await;
    caller.client().login(ann()).await.unwrap();
    let failing = caller.told(Behaviour::Fail(Code::Aborted));
    let request = failing.request(ann());
    failing.client().login(request).await.unwrap_err();
    let both = events.take();
    assert_eq!(both.len(), 2);
    for (event, code) in both.iter().zip(["OK", "ABORTED"]) {
        assert_eq!(event.get("grpc.code"), Some(&text(code)));
        assert_eq!(event.get("user"), Some(&text("ann")));
        assert_eq!(event.get("user.initial"), Some(&Field::U64(97)));
        assert_eq!(event.get("known"), Some(&Field::Bool(true)));
        assert_eq!(event.get("counted"), Some(&text("ann")));
    }

    caller
        .client()
        .login(LoginRequest::default())
        .await
        .unwrap();
    let event = the_only(&events);
    assert_eq!(event.get("user"), Some(&text("")));
    assert_eq!(event.get("user.initial"), None);
    assert_eq!(event.get("known"), Some(&Field::Bool(false)));

    for behaviour in [
        Behaviour::Answer(1),
        Behaviour::FailAfter(1, Code::Aborted),
        Behaviour::PanicAfter(1),
    ] {
        let request = ListUsersRequest {
            limit: 5,
            fail_code: -3,
            ..Default::default()
        };
        let request = caller.told(behaviour).request(request);
        let users = caller.client().list_users(request).await.unwrap();
        let _: Vec<_> = users.into_inner().collect().await;
        let event = the_only(&events);
        assert_eq!(event.get("limit"), Some(&Field::U64(5)), "{behaviour:?}");
        assert_eq!(event.get("code"), Some(&Field::I64(-3)), "{behaviour:?}");
        assert_eq!(event.get("grpc.msgs_sent"), Some(&Field::U64(1)));
    }

    caller.call(Kind::Unary).await;
    let event = the_only(&events);
    assert_eq!(event.get("id"), Some(&Field::U64(7)));
    let request = text("GetUserRequest { id: 7 }");
    assert_eq!(event.get("request"), Some(&request));
}

#[tokio::test]
async fn nothing_is_formatted_when_logging_is_disabled() {
    let filter = EnvFilter::new("trace,interceptors::logging=off");
    let (events, guard) = Events::listen(filter);
    let caller = detailed().await;
    let request = LoginRequest {
        name: "counted".to_owned(),
        ..Default::default()
    };
    caller.client().login(request.clone()).await.unwrap();
    assert_eq!(events.take().len(), 0);
    assert_eq!(FORMATTED.load(Ordering::SeqCst), 0);

    drop(guard);
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    caller.client().login(request).await.unwrap();
    assert_eq!(events.take().len(), 1);
    assert_eq!(FORMATTED.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn slow_unary_calls_warn_and_long_streams_do_not() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let caller = detailed().await;
    for (kind, behaviour, level) in [
        (Kind::Unary, Behaviour::Answer(1), Level::WARN),
        (Kind::Unary, Behaviour::Fail(Code::NotFound), Level::WARN),
        (Kind::Unary, Behaviour::Fail(Code::Internal), Level::ERROR),
        (Kind::ClientStreaming, Behaviour::Answer(1), Level::INFO),
        (Kind::ServerStreaming, Behaviour::Answer(1), Level::INFO),
        (Kind::BidiStreaming, Behaviour::Answer(1), Level::DEBUG),
    ] {
        caller.told(behaviour).call(kind).await;
        let events = events.take();
        let finished = events.last().unwrap();
        assert_eq!(finished.level, level, "{kind} {behaviour:?}");
        let slow = (kind == Kind::Unary).then_some(Field::Bool(true));
        assert_eq!(finished.get("slow"), slow.as_ref(), "{kind} {behaviour:?}");
    }
}

#[tokio::test]
async fn level_setting_changes_the_level_of_usual_calls_only() {
    let (events, guard) = Events::listen(LevelFilter::INFO);
    let mut client = detailed().await.client();
    let fails = |code: Code| FlakyRequest {
        failures: u32::MAX,
        code: code.into(),
        ..Default::default()
    };
    client.flaky(FlakyRequest::default()).await.unwrap();
    client.flaky(fails(Code::NotFound)).await.unwrap_err();
    assert_eq!(events.take().len(), 0);
    client.flaky(fails(Code::Unavailable)).await.unwrap_err();
    assert_eq!(the_only(&events).level, Level::WARN);
    drop(guard);

    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    client.flaky(fails(Code::NotFound)).await.unwrap_err();
    let events = events.take();
    let finished = events.last().unwrap();
    assert_eq!(finished.message, "finished call");
    assert_eq!(finished.level, Level::DEBUG);
}

#[tokio::test]
async fn events_use_the_name_on_the_wire_when_the_plan_derived_it() {
    use interceptors::Intercepted as _;
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let method = Detailed::PLAN.methods()[0];
    assert_eq!(method.path(), "/UserService/Login");
    assert!(method.is_derived());
    let caller = detailed().await;
    caller.client().login(ann()).await.unwrap();
    let event = the_only(&events);
    assert_eq!(
        event.get("grpc.service"),
        Some(&text("demo.v1.UserService"))
    );
    assert_eq!(event.get("grpc.method"), Some(&text("Login")));
}

/// Accepts one token.
struct Guarded {
    script: Script,
}

impl Verifier for Guarded {
    type Identity = ();

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<(), Status> {
        match token {
            "s3cret-token" => Ok(()),
            _ => Err(Status::unauthenticated("unknown token")),
        }
    }
}

scripted!(self: Guarded, #[intercept(logging, auth)]);

#[tokio::test]
async fn events_contain_no_tokens() {
    let (events, _guard) = Events::listen(LevelFilter::TRACE);
    let script = Script::default();
    let service = Guarded { script };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    for kind in KINDS {
        for (value, code) in [
            ("Bearer s3cret-token", "OK"),
            ("Bearer s3cret-unknown", "UNAUTHENTICATED"),
            ("Basic s3cret-basic", "UNAUTHENTICATED"),
            ("Bearer s3cret-one s3cret-two", "UNAUTHENTICATED"),
        ] {
            let caller = Caller::new(&channel).with("authorization", value);
            caller.call(kind).await;
            let events = events.take();
            assert_eq!(events.len(), 2);
            assert_eq!(
                events[1].get("grpc.code"),
                Some(&text(code)),
                "{kind} {value}"
            );
            let shown = format!("{events:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }
}
