//! Log events of clients.

use std::collections::BTreeMap;
use std::time::Duration;

use interceptors::auth::TokenCache;
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::flaky::{FlakyServer, fail, hang};
use interceptors_tests::{
    Behaviour, Ends, Event, Events, Field, Script, WatchEnds, clients, scripted, serve,
};
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::{text, the_only};

struct Bare {
    script: Script,
}

scripted!(self: Bare, #[intercept()]);

async fn server() -> (Script, Channel) {
    let script = Script::default();
    let service = Bare {
        script: script.clone(),
    };
    (
        script,
        serve(Routes::new(UserServiceServer::new(service))).await,
    )
}

fn with_behaviour<T>(message: T, behaviour: Behaviour) -> Request<T> {
    let mut request = Request::new(message);
    let behaviour = behaviour.to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    request
}

#[tokio::test]
async fn generated_client_logs_one_event_with_the_number_of_attempts() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let (script, channel) = server().await;
    let mut client = clients::logged::UserServiceClient::new(channel);
    let request = with_behaviour(GetUserRequest { id: 7 }, Behaviour::Fail(Code::Unavailable));
    client.get_user(request).await.unwrap_err();
    assert_eq!(script.runs(), 4);
    let mut logged = events.take();
    assert_eq!(logged.len(), 2, "{logged:#?}");
    assert_eq!(logged[0].message, "started call");
    let mut event = logged.remove(1);
    assert_eq!(
        (event.message.as_str(), event.level),
        ("finished call", Level::WARN)
    );
    assert!(matches!(event.fields.remove("grpc.time_ms"), Some(Field::F64(time)) if time > 0.0));
    let expected = BTreeMap::from([
        ("protocol", text("grpc")),
        ("grpc.component", text("client")),
        ("grpc.service", text("demo.v1.UserService")),
        ("grpc.method", text("GetUser")),
        ("grpc.method_type", text("unary")),
        ("grpc.code", text("UNAVAILABLE")),
        ("grpc.error", text("told to fail")),
        ("grpc.attempts", Field::U64(4)),
        ("outcome", text("error")),
    ]);
    assert_eq!(event.fields, expected);
}

#[tokio::test(start_paused = true)]
async fn deadline_during_retries_is_logged_with_the_last_failure() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let server = FlakyServer::new([fail(Code::Unavailable).pushback("1"), hang()]);
    let mut client = clients::logged::UserServiceClient::new(server.channel());
    let mut request = Request::new(GetUserRequest { id: 7 });
    request.set_timeout(Duration::from_millis(100));
    client.get_user(request).await.unwrap_err();
    let event = the_only(&events);
    let message = "the deadline of the call has passed after 2 attempts; the last failure was UNAVAILABLE: attempt 1 failed";
    assert_eq!(event.get("grpc.code"), Some(&text("DEADLINE_EXCEEDED")));
    assert_eq!(event.get("grpc.error"), Some(&text(message)));
    assert_eq!(event.get("grpc.attempts"), Some(&Field::U64(2)));
}

#[tokio::test]
async fn client_levels_follow_the_client_table() {
    let (events, _guard) = Events::listen(LevelFilter::TRACE);
    let (_, channel) = server().await;
    let mut client = clients::logged::UserServiceClient::new(channel);
    for (code, level) in [
        (Code::NotFound, Level::DEBUG),
        (Code::InvalidArgument, Level::DEBUG),
        (Code::PermissionDenied, Level::INFO),
        (Code::Unknown, Level::INFO),
        (Code::Internal, Level::WARN),
        (Code::DataLoss, Level::WARN),
    ] {
        let request = with_behaviour(GetUserRequest { id: 7 }, Behaviour::Fail(code));
        client.get_user(request).await.unwrap_err();
        let mut logged = events.take();
        logged.retain(|event| event.message == "finished call");
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].level, level, "{code:?}");
    }
    client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    assert_eq!(events.take().pop().unwrap().level, Level::DEBUG);
}

#[tokio::test]
async fn client_counts_sent_and_received_messages_of_streams() {
    let (events, _guard) = Events::listen(LevelFilter::DEBUG);
    let (_, channel) = server().await;
    let mut client = clients::logged::UserServiceClient::new(channel);
    let counts = || {
        let event = events.take().pop().unwrap();
        assert_eq!(event.message, "finished call");
        let count = |name: &str| event.get(name).cloned();
        (count("grpc.msgs_sent"), count("grpc.msgs_recv"))
    };
    let users = [
        User::default(),
        User::default(),
        User::default(),
        User::default(),
    ];
    client
        .import_users(tokio_stream::iter(users))
        .await
        .unwrap();
    assert_eq!(counts(), (Some(Field::U64(4)), None));

    let stream = client
        .list_users(ListUsersRequest::default())
        .await
        .unwrap();
    assert!(
        events
            .take()
            .iter()
            .all(|event| event.message == "started call"),
        "no event before the stream ends"
    );
    stream.into_inner().collect::<Vec<_>>().await;
    assert_eq!(counts(), (None, Some(Field::U64(3))));

    let said = tokio_stream::iter([ChatMessage::default(), ChatMessage::default()]);
    let stream = client.chat(said).await.unwrap();
    stream.into_inner().collect::<Vec<_>>().await;
    let (_, received) = counts();
    assert_eq!(received, Some(Field::U64(3)));
}

#[intercept(retry(max = 2, base_delay = "1ms"), logging)]
struct EachAttempt;

/// `auth` gets a new token after each `UNAUTHENTICATED`.
#[intercept(auth(token = self.0, allow_plaintext = true), logging)]
struct Renewing(TokenCache);

#[tokio::test]
async fn logging_inside_retry_or_auth_logs_each_attempt() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let codes = || {
        let events = events.take().into_iter();
        let codes = events.map(|event| event.get("grpc.code").cloned().unwrap());
        codes.collect::<Vec<_>>()
    };
    let (_, channel) = server().await;
    let mut client = UserServiceClient::new(EachAttempt.wrap(channel.clone()));
    let request = with_behaviour(GetUserRequest { id: 7 }, Behaviour::Fail(Code::Unavailable));
    client.get_user(request).await.unwrap_err();
    assert_eq!(
        codes(),
        [
            text("UNAVAILABLE"),
            text("UNAVAILABLE"),
            text("UNAVAILABLE")
        ]
    );

    let mut client = UserServiceClient::new(Renewing(clients::renewing()).wrap(channel));
    let refused = Behaviour::Fail(Code::Unauthenticated);
    client
        .get_user(with_behaviour(GetUserRequest { id: 7 }, refused))
        .await
        .unwrap_err();
    assert_eq!(codes(), [text("UNAUTHENTICATED"), text("UNAUTHENTICATED")]);
}

#[intercept(descriptors = interceptors_proto::FILE_DESCRIPTOR_SET, with(self.0), logging(level = "info", slow = "1h"))]
struct Described(WatchEnds);

#[tokio::test]
async fn channel_with_descriptors_logs_kind_and_message_counts() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let (_, channel) = server().await;
    let (watch, mut ends) = Ends::new();
    let mut client = UserServiceClient::new(Described(watch).wrap(channel));
    let said = |event: &Event| {
        let fields = [
            "grpc.method_type",
            "grpc.code",
            "grpc.msgs_sent",
            "grpc.msgs_recv",
        ];
        fields.map(|name| event.get(name).cloned())
    };

    client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    ends.next().await;
    let logged = said(&the_only(&events));
    assert_eq!(logged, [Some(text("unary")), Some(text("OK")), None, None]);

    let request = with_behaviour(GetUserRequest { id: 7 }, Behaviour::Fail(Code::NotFound));
    client.get_user(request).await.unwrap_err();
    ends.next().await;
    let logged = said(&the_only(&events));
    assert_eq!(
        logged,
        [Some(text("unary")), Some(text("NOT_FOUND")), None, None]
    );

    let users = [User::default(), User::default()];
    client
        .import_users(tokio_stream::iter(users))
        .await
        .unwrap();
    ends.next().await;
    let logged = said(&the_only(&events));
    let expected = [text("client_stream"), text("OK"), Field::U64(2)];
    assert_eq!(logged[..3], expected.map(Some));

    let request = with_behaviour(
        ListUsersRequest::default(),
        Behaviour::FailAfter(2, Code::Aborted),
    );
    let stream = client.list_users(request).await.unwrap().into_inner();
    assert!(events.take().is_empty(), "no event before the stream ends");
    stream.collect::<Vec<_>>().await;
    ends.next().await;
    let logged = said(&the_only(&events));
    let expected = [
        Some(text("server_stream")),
        Some(text("ABORTED")),
        None,
        Some(Field::U64(2)),
    ];
    assert_eq!(logged, expected);
}

#[intercept(with(self.0), logging(level = "info", slow = "1h"))]
struct Logged(WatchEnds);

#[tokio::test]
async fn channel_without_descriptors_logs_no_kind() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let (_, channel) = server().await;
    let (watch, mut ends) = Ends::new();
    let mut client = UserServiceClient::new(Logged(watch).wrap(channel));
    client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    let event = the_only(&events);
    assert_eq!(event.level, Level::INFO);
    assert_eq!(event.get("grpc.method_type"), None);
    assert_eq!(
        event.get("grpc.service"),
        Some(&text("demo.v1.UserService"))
    );
    assert_eq!(event.get("grpc.method"), Some(&text("GetUser")));
    assert_eq!(event.get("grpc.msgs_sent"), Some(&Field::U64(1)));
    assert_eq!(event.get("grpc.msgs_recv"), Some(&Field::U64(1)));
    ends.next().await;

    let request = with_behaviour(GetUserRequest { id: 7 }, Behaviour::Hang);
    let call = tokio::time::timeout(Duration::from_millis(50), client.get_user(request));
    assert!(call.await.is_err());
    ends.next().await;
    let event = the_only(&events);
    assert_eq!(event.get("outcome"), Some(&text("cancelled")));
    assert_eq!(event.get("grpc.code"), Some(&text("CANCELLED")));
}
