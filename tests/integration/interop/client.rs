//! Annotated clients call a Python server.

use std::pin::Pin;
use std::time::Duration;

use interceptors::client::InterceptedChannel;
use interceptors::{Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, LoginRequest, User};
use interceptors_tests::clients::{self, TOKENS, Watched};
use interceptors_tests::{Ended, Ends, KINDS, Messages, WatchEnds};
use serde_json::{Value, json};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::python::{PythonServer, Served};

const MESSAGE: &str = "told to fail: 100 % ☃";
const LARGE: usize = 3 << 20;

/// The policy of `clients::interop`, for a channel.
#[intercept(
    logging,
    with(Watched),
    deadline("20s"),
    retry(max_attempts = 3, base_delay = "10ms"),
    auth(token = &*TOKENS, public = ["/demo.v1.UserService/Login"], allow_plaintext = true),
    metadata("x-call" = "one", "x-bytes-bin" = b"\x00\xff"),
)]
struct Outbound;

/// The policy of `clients::hurried`, for a channel.
#[intercept(with(Watched), deadline("400ms"))]
struct Hurried;

type Wrapped<C> = UserServiceClient<InterceptedChannel<C, Channel>>;

/// A generated client, or tonic's client on a wrapped channel.
#[derive(Debug, Clone)]
enum Client {
    Generated(clients::interop::UserServiceClient<Channel>),
    Wrapped(Wrapped<Outbound>),
    GeneratedHurried(clients::hurried::UserServiceClient<Channel>),
    WrappedHurried(Wrapped<Hurried>),
}

/// Runs the same expression with each client.
macro_rules! each {
    ($client:expr, |$inner:ident| $body:expr) => {
        match $client.clone() {
            Client::Generated(mut $inner) => $body,
            Client::Wrapped(mut $inner) => $body,
            Client::GeneratedHurried(mut $inner) => $body,
            Client::WrappedHurried(mut $inner) => $body,
        }
    };
}

type Requests<M> = Pin<Box<dyn Stream<Item = M> + Send>>;

/// The settings of a call other than its messages.
#[derive(Clone)]
struct With {
    metadata: MetadataMap,
    extensions: tonic::Extensions,
    timeout: Option<Duration>,
    /// Keeps request streams open.
    holds: bool,
}

impl With {
    /// Tells Python how to behave, and gives the observer a place to report the end.
    fn new(behaviour: &str, watch: &WatchEnds) -> Self {
        let mut extensions = tonic::Extensions::new();
        extensions.insert(watch.clone());
        let with = Self {
            metadata: MetadataMap::new(),
            extensions,
            timeout: None,
            holds: false,
        };
        with.text("x-behaviour", behaviour)
    }

    fn text(mut self, key: &'static str, value: &str) -> Self {
        self.metadata.append(key, value.parse().unwrap());
        self
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let (metadata, extensions) = (self.metadata.clone(), self.extensions.clone());
        let mut request = Request::from_parts(metadata, extensions, message);
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        request
    }

    fn requests<M: Send + 'static>(&self, messages: Vec<M>) -> Request<Requests<M>> {
        let messages = tokio_stream::iter(messages);
        self.request(match self.holds {
            true => Box::pin(messages.chain(tokio_stream::pending())),
            false => Box::pin(messages),
        })
    }
}

/// The result of a call.
struct Reply {
    /// For a single response, the trailers too.
    metadata: MetadataMap,
    messages: Vec<u64>,
    status: Status,
}

impl Client {
    fn all(channel: &Channel) -> [Self; 2] {
        [
            Self::Generated(clients::interop::UserServiceClient::new(channel.clone())),
            Self::Wrapped(UserServiceClient::new(Outbound.wrap(channel.clone()))),
        ]
    }

    fn hurried(channel: &Channel) -> [Self; 2] {
        [
            Self::GeneratedHurried(clients::hurried::UserServiceClient::new(channel.clone())),
            Self::WrappedHurried(UserServiceClient::new(Hurried.wrap(channel.clone()))),
        ]
    }

    /// Waits for the response headers only. Each message of the response is a number.
    async fn open(&self, kind: Kind, with: &With) -> Result<(MetadataMap, Messages), Status> {
        each!(self, |client| Ok(match kind {
            Kind::Unary => {
                let request = with.request(GetUserRequest { id: 7 });
                let (metadata, user, _) = client.get_user(request).await?.into_parts();
                (metadata, Box::pin(tokio_stream::once(Ok(user.id))))
            }
            Kind::ClientStreaming => {
                let request = with.requests(users(2));
                let response = client.import_users(request).await?;
                let (metadata, summary, _) = response.into_parts();
                let imported = tokio_stream::once(Ok(summary.imported));
                (metadata, Box::pin(imported))
            }
            Kind::ServerStreaming => {
                let request = with.request(ListUsersRequest::default());
                let (metadata, users, _) = client.list_users(request).await?.into_parts();
                (metadata, Box::pin(users.map(|user| Ok(user?.id))))
            }
            Kind::BidiStreaming => {
                let request = with.requests(chat(&["", "hello"]));
                let (metadata, chat, _) = client.chat(request).await?.into_parts();
                let numbers = chat.map(|message| Ok(message?.text.parse().unwrap()));
                (metadata, Box::pin(numbers))
            }
        }))
    }

    async fn call(&self, kind: Kind, with: &With) -> Reply {
        let mut reply = Reply {
            metadata: MetadataMap::new(),
            messages: Vec::new(),
            status: Status::new(Code::Ok, ""),
        };
        match self.open(kind, with).await {
            Err(status) => reply.status = status,
            Ok((metadata, mut messages)) => {
                reply.metadata = metadata;
                while let Some(message) = messages.next().await {
                    match message {
                        Ok(message) => reply.messages.push(message),
                        Err(status) => reply.status = status,
                    }
                }
            }
        }
        reply
    }
}

fn users(n: u64) -> Vec<User> {
    let user = |id| User {
        id,
        ..User::default()
    };
    (0..n).map(user).collect()
}

fn chat(texts: &[&str]) -> Vec<ChatMessage> {
    let message = |text: &&str| ChatMessage {
        text: (*text).to_owned(),
    };
    texts.iter().map(message).collect()
}

/// The record that Python writes when it has served a call of [`Client::open`].
fn served(kind: Kind, cancelled: bool) -> Served {
    let (method, received) = match kind {
        Kind::Unary => ("GetUser", vec![json!({"id": "7"})]),
        Kind::ClientStreaming => ("ImportUsers", vec![json!({}), json!({"id": "1"})]),
        Kind::ServerStreaming => ("ListUsers", vec![json!({})]),
        Kind::BidiStreaming => ("Chat", vec![json!({}), json!({"text": "hello"})]),
    };
    Served {
        method: method.to_owned(),
        received,
        cancelled,
    }
}

fn has_response_stream(kind: Kind) -> bool {
    matches!(kind, Kind::ServerStreaming | Kind::BidiStreaming)
}

/// Checks the end that the observer got. A channel does not know how many messages go in either
/// direction.
#[track_caller]
fn assert_end(end: &Ended, client: &Client, kind: Kind, expected: (Outcome, Code, u64)) {
    assert_eq!((end.outcome, end.code, end.messages), expected, "{end:?}");
    let is_wrapped = matches!(client, Client::Wrapped(_) | Client::WrappedHurried(_));
    let kind = if is_wrapped {
        Kind::BidiStreaming
    } else {
        kind
    };
    assert_eq!(end.kind, kind);
}

#[track_caller]
fn assert_binary(metadata: &MetadataMap, key: &str, expected: &[u8]) {
    let value = metadata.get_bin(key).unwrap().to_bytes().unwrap();
    assert_eq!(value.as_ref(), expected);
}

#[tokio::test]
async fn every_kind_of_call_reaches_python_with_the_policys_metadata() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            let mut with = With::new("answer 2", &watch)
                .text("x-mine", "first")
                .text("x-mine", "second");
            let binary = MetadataValue::from_bytes(b"\x00\xfe");
            with.metadata.insert_bin("x-mine-bin", binary);
            let reply = client.call(kind, &with).await;
            assert_eq!(reply.status.code(), Code::Ok, "{:?}", reply.status);
            let expected = match kind {
                Kind::Unary => vec![7],
                Kind::ClientStreaming => vec![2],
                _ => vec![0, 1],
            };
            assert_eq!(reply.messages, expected);
            assert_eq!(reply.metadata.get("x-initial").unwrap(), "first");
            assert_binary(&reply.metadata, "x-initial-bin", b"\x00\xfe");

            let (began, ended) = python.served().await;
            assert_eq!(ended, served(kind, false));
            assert_eq!(began.method, ended.method);
            assert_eq!(began.metadata.get("x-mine"), "first second");
            assert_eq!(began.metadata.get("x-mine-bin"), "00fe");
            assert_eq!(began.metadata.get("x-call"), "one");
            assert_eq!(began.metadata.get("x-bytes-bin"), "00ff");
            assert_eq!(began.metadata.get("authorization"), "Bearer s3cret");
            assert_eq!(began.metadata.get("grpc-previous-rpc-attempts"), "");
            // Python reports the time left, not the original `grpc-timeout`.
            let remaining = began.remaining.unwrap();
            let expected = Duration::from_secs(10)..Duration::from_millis(20_500);
            assert!(expected.contains(&remaining), "{remaining:?}");
            let messages = reply.messages.len() as u64;
            let end = ends.next().await;
            assert_end(&end, &client, kind, (Outcome::Ok, Code::Ok, messages));
        }
    }
}

#[tokio::test]
async fn public_method_gets_no_token() {
    let (mut python, channel) = PythonServer::start().await;
    for client in Client::all(&channel) {
        let reply = each!(client, |client| client.login(LoginRequest::default()).await);
        reply.unwrap();
        let (began, _) = python.served().await;
        assert_eq!(began.metadata.get("authorization"), "");
        assert_eq!(began.metadata.get("x-call"), "one");
    }
}

#[tokio::test]
async fn trailing_metadata_from_python_arrives() {
    let (_python, channel) = PythonServer::start().await;
    let (watch, _ends) = Ends::new();
    let with = With::new("answer 1", &watch);
    for client in Client::all(&channel) {
        for kind in [Kind::Unary, Kind::ClientStreaming] {
            let reply = client.call(kind, &with).await;
            assert_eq!(reply.metadata.get("x-trailing").unwrap(), "last");
            assert_binary(&reply.metadata, "x-trailing-bin", b"\x00\xff");
        }
        let request = with.request(ListUsersRequest::default());
        let trailers = each!(client, |client| {
            let users = client.list_users(request).await.unwrap();
            users.into_inner().trailers().await.unwrap().unwrap()
        });
        assert_eq!(trailers.get("x-trailing").unwrap(), "last");
        assert_binary(&trailers, "x-trailing-bin", b"\x00\xff");
        let request = with.requests(chat(&["hello"]));
        let trailers = each!(client, |client| {
            let chat = client.chat(request).await.unwrap();
            chat.into_inner().trailers().await.unwrap().unwrap()
        });
        assert_eq!(trailers.get("x-trailing").unwrap(), "last");
    }
}

#[tokio::test]
async fn empty_and_large_messages_pass() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, _ends) = Ends::new();
    let large = "x".repeat(LARGE);
    for client in Client::all(&channel) {
        for password in ["", &large] {
            let request = LoginRequest {
                password: password.to_owned(),
                ..LoginRequest::default()
            };
            let reply = each!(client, |client| client.login(request).await);
            assert!(reply.unwrap().into_inner().token == password);
            python.served().await;
        }

        let mut large_users = users(3);
        large_users[1].name.clone_from(&large);
        let request = With::new("answer 1", &watch).requests(large_users);
        let reply = each!(client, |client| client.import_users(request).await);
        assert_eq!(reply.unwrap().into_inner().imported, 3);
        let (_, ended) = python.served().await;
        assert!(ended.received[1]["name"] == large);
        let request = With::new("answer 1", &watch).requests(Vec::new());
        let reply = each!(client, |client| client.import_users(request).await);
        assert_eq!(reply.unwrap().into_inner().imported, 0);
        python.served().await;

        let with = With::new("answer 3", &watch).text("x-size", &LARGE.to_string());
        let request = with.request(ListUsersRequest::default());
        let users = each!(client, |client| {
            let users = client.list_users(request).await.unwrap().into_inner();
            users.collect::<Result<Vec<_>, _>>().await.unwrap()
        });
        assert!(users.len() == 3 && users.iter().all(|user| user.name == large));
        python.served().await;

        let with = With::new("answer 0", &watch);
        let reply = client.call(Kind::ServerStreaming, &with).await;
        assert_eq!((reply.status.code(), reply.messages), (Code::Ok, vec![]));
        python.served().await;
    }
}

#[tokio::test]
async fn bidi_messages_alternate_with_python() {
    let (_python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    let large = "x".repeat(LARGE);
    for client in Client::all(&channel) {
        let (say, said) = fed_stream();
        let request = With::new("", &watch).text("x-echo", "yes").request(said);
        say.send(ChatMessage::default()).await.unwrap();
        each!(client, |client| {
            let mut heard = client.chat(request).await.unwrap().into_inner();
            assert_eq!(heard.next().await.unwrap().unwrap().text, "");
            for text in ["one", &large, "", "end"] {
                let text = text.to_owned();
                say.send(ChatMessage { text: text.clone() }).await.unwrap();
                assert!(heard.next().await.unwrap().unwrap().text == text);
            }
            drop(say);
            assert!(heard.next().await.is_none());
        });
        let kind = Kind::BidiStreaming;
        let end = ends.next().await;
        assert_end(&end, &client, kind, (Outcome::Ok, Code::Ok, 5));
    }
}

/// The attempts that the policies make if every attempt ends with this code: the previous attempts that each one reports.
fn attempts(code: Code) -> &'static [&'static str] {
    match code {
        Code::Unavailable | Code::DeadlineExceeded => &["", "1", "2"],
        // `auth` tries another token. That is not a retry.
        Code::Unauthenticated => &["", ""],
        _ => &[""],
    }
}

#[track_caller]
fn assert_failure_of_python(status: &Status, code: Code) {
    assert_eq!((status.code(), status.message()), (code, MESSAGE));
    let delay = status.get_details_retry_info().unwrap().retry_delay;
    assert_eq!(delay, Some(Duration::new(1, 5)));
    assert_eq!(status.metadata().get("x-trailing").unwrap(), "last");
    assert_binary(status.metadata(), "x-trailing-bin", b"\x00\xff");
}

#[tokio::test]
async fn every_code_from_python_arrives_with_details_and_metadata() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            for code in (1..=16).map(Code::from_i32) {
                let with = With::new(&format!("fail {}", code as i32), &watch);
                let reply = client.call(kind, &with).await;
                assert_failure_of_python(&reply.status, code);
                for previous in attempts(code) {
                    let (began, ended) = python.served().await;
                    let attempts = began.metadata.get("grpc-previous-rpc-attempts");
                    assert_eq!(attempts, *previous, "{code:?}");
                    assert_eq!(ended, served(kind, false), "{code:?}");
                }
                let end = ends.next().await;
                // `CANCELLED` from the server does not mean that the caller went away.
                assert_end(&end, &client, kind, (Outcome::Error, code, 0));
            }
        }
    }
}

#[tokio::test]
async fn calls_are_not_retried_after_the_first_response_message() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            for code in (1..=16).map(Code::from_i32) {
                let with = With::new(&format!("fail-after 2 {}", code as i32), &watch);
                let reply = client.call(kind, &with).await;
                assert_failure_of_python(&reply.status, code);
                let messages = if has_response_stream(kind) { 2 } else { 0 };
                assert_eq!(reply.messages.len(), messages);
                assert_eq!(python.served().await.1, served(kind, false));
                let end = ends.next().await;
                let expected = (Outcome::Error, code, messages as u64);
                assert_end(&end, &client, kind, expected);
            }
        }
    }
}

#[tokio::test]
async fn failed_calls_are_retried_with_all_request_messages() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            let with = With::new("fail-first 2 14", &watch);
            let reply = client.call(kind, &with).await;
            assert_eq!(reply.status.code(), Code::Ok, "{:?}", reply.status);
            for previous in ["", "1", "2"] {
                let (began, ended) = python.served().await;
                let attempts = began.metadata.get("grpc-previous-rpc-attempts");
                assert_eq!(attempts, previous);
                // These entries are listed after `retry` in the policy.
                assert_eq!(began.metadata.get("x-call"), "one");
                assert_eq!(began.metadata.get("authorization"), "Bearer s3cret");
                assert_eq!(ended, served(kind, false));
            }
            let messages = reply.messages.len() as u64;
            let end = ends.next().await;
            assert_end(&end, &client, kind, (Outcome::Ok, Code::Ok, messages));
        }
    }
}

#[tokio::test]
async fn pushback_from_python_sets_or_stops_retries() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, _ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            let with = With::new("fail-first 2 14", &watch);
            let never = with.clone().text("x-pushback", "-1");
            let reply = client.call(kind, &never).await;
            assert_eq!(reply.status.code(), Code::Unavailable);
            python.served().await;

            let later = with.text("x-pushback", "150");
            let before = tokio::time::Instant::now();
            let reply = client.call(kind, &later).await;
            assert_eq!(reply.status.code(), Code::Ok);
            assert!(before.elapsed() >= Duration::from_millis(300));
            for _ in 0..3 {
                python.served().await;
            }
        }
    }
}

#[tokio::test]
async fn callers_deadline_ends_the_call_and_cancels_it_in_python() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            let mut with = With::new("hang", &watch);
            with.timeout = Some(Duration::from_millis(300));
            let reply = client.call(kind, &with).await;
            assert_eq!(reply.status.code(), Code::DeadlineExceeded);
            let (began, ended) = python.served().await;
            let remaining = began.remaining.unwrap();
            assert!(remaining <= Duration::from_millis(310), "{remaining:?}");
            // Only once: a call that timed out is not retried.
            assert_eq!(ended, served(kind, true));
            let end = ends.next().await;
            let expected = (Outcome::Error, Code::DeadlineExceeded, 0);
            assert_end(&end, &client, kind, expected);
        }
    }
}

#[tokio::test]
async fn policys_deadline_ends_calls_and_streams() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::hurried(&channel) {
        for kind in KINDS {
            let with = With::new("hang-after 1", &watch);
            let reply = client.call(kind, &with).await;
            assert_eq!(reply.status.code(), Code::DeadlineExceeded);
            let messages = if has_response_stream(kind) { 1 } else { 0 };
            assert_eq!(reply.messages.len(), messages);
            let (began, ended) = python.served().await;
            let remaining = began.remaining.unwrap();
            assert!(remaining <= Duration::from_millis(410), "{remaining:?}");
            assert_eq!(ended, served(kind, true));
            let end = ends.next().await;
            let expected = (Outcome::Error, Code::DeadlineExceeded, messages as u64);
            assert_end(&end, &client, kind, expected);
        }
    }
}

#[tokio::test]
async fn dropped_call_is_cancelled_in_python() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS {
            let with = With::new("hang", &watch);
            let began = tokio::select! {
                reply = client.call(kind, &with) => panic!("{:?}", reply.status),
                began = python.began() => began,
            };
            // This is long before the deadline.
            assert!(began.remaining.unwrap() > Duration::from_secs(10));
            let ended = tokio::time::timeout(Duration::from_secs(8), python.ended()).await;
            assert!(ended.unwrap().cancelled);
            let end = ends.next().await;
            let expected = (Outcome::Cancelled, Code::Cancelled, 0);
            assert_end(&end, &client, kind, expected);
        }
    }
}

#[tokio::test]
async fn dropped_stream_is_cancelled_in_python() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in KINDS.into_iter().filter(|kind| has_response_stream(*kind)) {
            let with = With::new("hang-after 1", &watch);
            let (_, mut messages) = client.open(kind, &with).await.unwrap();
            assert_eq!(messages.next().await.unwrap().unwrap(), 0);
            drop(messages);
            python.began().await;
            let ended = tokio::time::timeout(Duration::from_secs(8), python.ended()).await;
            assert_eq!(ended.unwrap(), served(kind, true));
            let end = ends.next().await;
            let expected = (Outcome::Cancelled, Code::Cancelled, 1);
            assert_end(&end, &client, kind, expected);
        }
    }
}

#[tokio::test]
async fn call_dropped_while_sending_is_cancelled_in_python() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
            let mut with = With::new("hang", &watch);
            with.holds = true;
            tokio::select! {
                reply = client.call(kind, &with) => panic!("{:?}", reply.status),
                _ = python.began() => {}
            }
            let ended = tokio::time::timeout(Duration::from_secs(8), python.ended()).await;
            assert!(ended.unwrap().cancelled);
            let end = ends.next().await;
            let expected = (Outcome::Cancelled, Code::Cancelled, 0);
            assert_end(&end, &client, kind, expected);
        }
    }
}

/// A request stream fed one message at a time.
fn fed_stream<M: Send + 'static>() -> (tokio::sync::mpsc::Sender<M>, Requests<M>) {
    let (say, said) = tokio::sync::mpsc::channel(4);
    (say, Box::pin(ReceiverStream::new(said)))
}

#[tokio::test]
async fn retry_resends_early_messages_and_then_sends_the_rest() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, _ends) = Ends::new();
    let with = With::new("refuse-first 2 14", &watch);
    for client in Client::all(&channel) {
        let (say, said) = fed_stream();
        let rest = async {
            say.send(users(1).remove(0)).await.unwrap();
            for _ in 0..2 {
                assert_eq!(python.served().await.1.received, [] as [Value; 0]);
            }
            let attempts = python.began().await.metadata;
            assert_eq!(attempts.get("grpc-previous-rpc-attempts"), "2");
            say.send(users(2).remove(1)).await.unwrap();
            drop(say);
            python.ended().await
        };
        let request = with.request(said);
        let (reply, ended) = each!(client, |client| {
            tokio::join!(client.import_users(request), rest)
        });
        assert_eq!(reply.unwrap().into_inner().imported, 2);
        assert_eq!(ended, served(Kind::ClientStreaming, false));

        let (say, said) = fed_stream();
        let rest = async {
            say.send(chat(&[""]).remove(0)).await.unwrap();
            for _ in 0..2 {
                assert_eq!(python.served().await.1.received, [] as [Value; 0]);
            }
            python.began().await;
            say.send(chat(&["hello"]).remove(0)).await.unwrap();
            drop(say);
            python.ended().await
        };
        let request = with.request(said);
        let (reply, ended) = each!(client, |client| tokio::join!(client.chat(request), rest));
        let heard: Vec<_> = reply.unwrap().into_inner().collect().await;
        assert_eq!(heard.len(), 3);
        assert_eq!(ended, served(Kind::BidiStreaming, false));
    }
}

#[tokio::test]
async fn large_request_streams_are_retried_up_to_the_buffer_size() {
    let (mut python, channel) = PythonServer::start().await;
    let (watch, _ends) = Ends::new();
    for client in Client::all(&channel) {
        for (behaviour, size, attempts) in [
            ("refuse-first 2 14", 80_000, 3),
            ("fail-first 2 14", 80_000, 3),
            // More than the `buffer_size` of 256 KiB.
            ("fail-first 2 14", 100_000, 1),
        ] {
            let mut users = users(3);
            for user in &mut users {
                user.name = "x".repeat(size);
            }
            let request = With::new(behaviour, &watch).requests(users.clone());
            let reply = each!(client, |client| client.import_users(request).await);
            assert_eq!(reply.is_ok(), attempts == 3, "{behaviour} {size}");
            let mut received = Vec::new();
            for _ in 0..attempts {
                received = python.served().await.1.received;
            }
            assert_eq!(received.len(), 3);
            assert!(
                received
                    .iter()
                    .zip(&users)
                    .all(|(received, sent)| received["name"] == sent.name)
            );
        }
    }
}

#[tokio::test]
async fn early_status_from_python_ends_the_call() {
    let (_python, channel) = PythonServer::start().await;
    let (watch, mut ends) = Ends::new();
    for client in Client::all(&channel) {
        for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
            for holds in [true, false] {
                let mut with = With::new("refuse-first 9 7", &watch);
                with.holds = holds;
                let reply = client.call(kind, &with).await;
                assert_failure_of_python(&reply.status, Code::PermissionDenied);
                let end = ends.next().await;
                let expected = (Outcome::Error, Code::PermissionDenied, 0);
                assert_end(&end, &client, kind, expected);
            }
        }
    }
}
