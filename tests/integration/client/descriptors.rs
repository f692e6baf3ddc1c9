//! A channel that knows the methods of its services.

use crate::common::{server, told};

use expect_test::expect;
use interceptors::{Intercepted as _, Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, LoginRequest, User};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::store_client::StoreClient;
use interceptors_proto::{FILE_DESCRIPTOR_SET, SHAPES_DESCRIPTOR_SET};
use interceptors_tests::{Behaviour, Ended, Ends, Script, WatchEnds};
use tokio_stream::StreamExt;
use tonic::Code;

#[intercept(
    descriptors = FILE_DESCRIPTOR_SET,
    with(self.0, except = ["/demo.v1.UserService/Login"]),
    retry(max = 2, base_delay = "1ms", jitter = 0.0, only = [idempotent]),
)]
struct Outbound(WatchEnds);

/// The number of attempts of a failing call.
async fn tries<F>(script: &Script, call: impl FnOnce(Behaviour) -> F) -> u32
where
    F: Future<Output = Result<(), tonic::Status>>,
{
    let before = script.runs();
    let status = call(Behaviour::Fail(Code::Unavailable)).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    script.runs() - before
}

#[tokio::test]
async fn only_idempotent_methods_are_retried() {
    let (script, channel) = server().await;
    let (watch, _ends) = Ends::new();
    let client = UserServiceClient::new(Outbound(watch).wrap(channel));

    let mut c = client.clone();
    let get_user = async |behaviour| {
        let request = told(GetUserRequest { id: 7 }, behaviour);
        c.get_user(request).await.map(drop)
    };
    assert_eq!(tries(&script, get_user).await, 3);
    let mut c = client.clone();
    let list_users = async |behaviour| {
        let request = told(ListUsersRequest::default(), behaviour);
        c.list_users(request).await.map(drop)
    };
    assert_eq!(tries(&script, list_users).await, 3);
    let mut c = client.clone();
    let login = async |behaviour| {
        let request = told(LoginRequest::default(), behaviour);
        c.login(request).await.map(drop)
    };
    assert_eq!(tries(&script, login).await, 1);
    let mut c = client.clone();
    let import_users = async |behaviour| {
        let request = told(tokio_stream::iter([User::default()]), behaviour);
        c.import_users(request).await.map(drop)
    };
    assert_eq!(tries(&script, import_users).await, 1);
}

#[tokio::test]
async fn observers_get_the_exact_kind_and_one_end() {
    let (_, channel) = server().await;
    let (watch, mut ends) = Ends::new();
    let mut client = UserServiceClient::new(Outbound(watch).wrap(channel));
    let ended = |method: &str, kind, outcome, code, messages| Ended {
        observer: "",
        path: format!("/demo.v1.UserService/{method}"),
        kind,
        outcome,
        code,
        messages,
    };

    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    let expected = ended("GetUser", Kind::Unary, Outcome::Ok, Code::Ok, 1);
    assert_eq!(ends.next().await, expected);

    let request = told(GetUserRequest { id: 1 }, Behaviour::Fail(Code::NotFound));
    client.get_user(request).await.unwrap_err();
    let expected = ended("GetUser", Kind::Unary, Outcome::Error, Code::NotFound, 0);
    assert_eq!(ends.next().await, expected);

    let users = tokio_stream::iter([User::default(), User::default()]);
    client.import_users(users).await.unwrap();
    let expected = ended(
        "ImportUsers",
        Kind::ClientStreaming,
        Outcome::Ok,
        Code::Ok,
        1,
    );
    assert_eq!(ends.next().await, expected);

    let request = told(
        ListUsersRequest::default(),
        Behaviour::FailAfter(2, Code::Aborted),
    );
    let stream = client.list_users(request).await.unwrap().into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    let expected = ended(
        "ListUsers",
        Kind::ServerStreaming,
        Outcome::Error,
        Code::Aborted,
        2,
    );
    assert_eq!(ends.next().await, expected);

    let request = told(ListUsersRequest::default(), Behaviour::HangAfter(1));
    let mut stream = client.list_users(request).await.unwrap().into_inner();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let expected = ended(
        "ListUsers",
        Kind::ServerStreaming,
        Outcome::Cancelled,
        Code::Cancelled,
        1,
    );
    assert_eq!(ends.next().await, expected);

    let said = tokio_stream::iter([ChatMessage::default()]);
    let stream = client.chat(said).await.unwrap().into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    let expected = ended("Chat", Kind::BidiStreaming, Outcome::Ok, Code::Ok, 3);
    assert_eq!(ends.next().await, expected);

    // `Login` is not observed, so the next end is that of the next call.
    client.login(LoginRequest::default()).await.unwrap();
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    assert_eq!(ends.next().await.path, "/demo.v1.UserService/GetUser");
}

/// An origin may put a prefix before the path, and a method may be in no set.
#[tokio::test]
async fn prefixed_paths_are_matched_and_unknown_methods_are_bidi() {
    let (_, channel) = server().await;
    let (watch, mut ends) = Ends::new();
    let channel = Outbound(watch).wrap(channel);

    let origin = "http://example.com/prefix".parse().unwrap();
    let mut client = UserServiceClient::with_origin(channel.clone(), origin);
    // No router serves the prefix here.
    client.get_user(GetUserRequest { id: 1 }).await.unwrap_err();
    let end = ends.next().await;
    assert_eq!(
        (end.kind, end.path.as_str()),
        (Kind::Unary, "/prefix/demo.v1.UserService/GetUser")
    );

    let mut other = StoreClient::new(channel);
    other.get(Word::default()).await.unwrap_err();
    let end = ends.next().await;
    assert_eq!(
        (end.kind, end.path.as_str(), end.code),
        (
            Kind::BidiStreaming,
            "/shapes.v1.Store/Get",
            Code::Unimplemented
        )
    );
}

#[intercept(
    descriptors = [FILE_DESCRIPTOR_SET, SHAPES_DESCRIPTOR_SET, FILE_DESCRIPTOR_SET],
    logging(except = ["/shapes.v1.Store/*", "/demo.v1.UserService/Login"]),
    retry(except = [idempotent, "/shapes.v1.Store/*"]),
    hedge(only = [idempotent]),
    auth(token = self.0, public = ["/demo.v1.UserService/Login"]),
)]
struct Several(interceptors::auth::TokenCache);

#[test]
fn plan_lists_every_method_of_the_sets_once() {
    let plan = Several::PLAN.to_string();
    let lines: Vec<&str> = plan.lines().collect();
    let of_shapes = |line: &&str| line.starts_with("/shapes.v1.Echo/");
    let shapes = lines.iter().position(of_shapes).unwrap();
    let names = |lines: &[&str]| {
        let words = lines.iter().map(|line| {
            let words: Vec<&str> = line.split_whitespace().take(3).collect();
            match line.starts_with('/') || line.starts_with('*') {
                true => words.join(" "),
                false => format!("  {}", words[0]),
            }
        });
        words.collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        * any logging
          retry
          auth
        /shapes.v1.Store/* any auth
        /demo.v1.UserService/Login unary retry
        /demo.v1.UserService/GetUser unary logging
          hedge
          auth
        /demo.v1.UserService/ListUsers server_stream logging
          auth
        /demo.v1.UserService/ImportUsers client_stream logging
          retry
          auth
        /demo.v1.UserService/Chat bidi_stream logging
          retry
          auth
        /demo.v1.UserService/Flaky unary logging
          hedge
          auth"#]]
    .assert_eq(&names(&lines[1..shapes]));
    let rows = |path: &str| {
        Several::PLAN
            .methods()
            .iter()
            .filter(|method| method.path() == path)
            .count()
    };
    assert_eq!(rows("/demo.v1.UserService/GetUser"), 1);
    assert_eq!(
        Several::PLAN.unknown_paths(&[]).collect::<Vec<_>>(),
        ["/shapes.v1.Store/*"]
    );
}

#[intercept(
    descriptors = include_bytes!(concat!(env!("OUT_DIR"), "/large.bin")),
    logging(except = ["/company.team7.v1.ServiceOfTeam7/*"]),
    retry(only = [idempotent, "/company.team299.v1.ServiceOfTeam299/MethodNumber9"]),
)]
struct Large;

#[test]
fn large_descriptor_set_is_parsed() {
    let methods = Large::PLAN.methods();
    assert_eq!(methods.len(), 3_000 + 2);
    let covering = |name: &str| {
        let covering = methods
            .iter()
            .filter(|method| method.interceptors().any(|entry| entry.name() == name));
        covering.count()
    };
    // Two more rows: for methods in no set, and for other methods of team 7.
    assert_eq!(covering("logging"), 3_000 - 10 + 1);
    assert_eq!(covering("retry"), 300 + 1);
    let kinds = |kind| {
        methods
            .iter()
            .filter(|method| method.kind() == kind)
            .count()
    };
    assert_eq!(kinds(Kind::Unary), 2_400);
    assert_eq!(kinds(Kind::ServerStreaming), 300);
}
