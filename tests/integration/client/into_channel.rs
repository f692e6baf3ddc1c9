//! A wrapped channel as tonic's own `Channel`, for crates that accept only that type.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use interceptors::{Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{
    ChatMessage, FlakyRequest, GetUserRequest, ListUsersRequest, LoginRequest, User,
};
use interceptors_tests::flaky::{FlakyServer, answer, echo, fail, hang};
use interceptors_tests::{Behaviour, Ends, Recorder, Steps, WatchEnds};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tower::service_fn;

use crate::common::{server, told};

#[intercept(with(self.steps), with(self.ends))]
struct Outbound {
    steps: Recorder,
    ends: WatchEnds,
}

fn wrapped(channel: Channel) -> (UserServiceClient<Channel>, Steps, Ends) {
    let steps = Steps::default();
    let (watch, ends) = Ends::new();
    let outbound = Outbound {
        steps: steps.recorder("chain"),
        ends: watch,
    };
    let channel: Channel = outbound.wrap(channel).into_channel();
    (UserServiceClient::new(channel), steps, ends)
}

#[track_caller]
fn bounded<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        let bounded = timeout(Duration::from_secs(60), future).await;
        bounded.unwrap_or_else(|_| panic!("it never ends: {place}"))
    }
}

#[tokio::test]
async fn all_kinds_of_calls_pass_through_the_chain() {
    let (_, channel) = server().await;
    let (mut client, steps, _) = wrapped(channel);
    let user = client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    assert_eq!(user.into_inner().id, 7);
    let user = |id| User {
        id,
        ..User::default()
    };
    let users = tokio_stream::iter((0..3).map(user));
    let summary = client.import_users(users).await.unwrap().into_inner();
    assert_eq!(summary.imported, 3);
    let list = client.list_users(ListUsersRequest::default()).await;
    let mut list = list.unwrap().into_inner();
    for id in 0..3 {
        assert_eq!(list.next().await.unwrap().unwrap().id, id);
    }
    assert!(list.next().await.is_none());
    let chat = tokio_stream::iter([ChatMessage::default()]);
    let chat = client.chat(chat).await.unwrap().into_inner();
    assert_eq!(chat.collect::<Vec<_>>().await.len(), 3);
    assert_eq!(steps.take(), [">chain <chain"; 4].join(" "));
}

#[tokio::test]
async fn statuses_and_trailers_arrive_unchanged() {
    let (_, channel) = server().await;
    let (mut client, ..) = wrapped(channel.clone());
    let mut bare = UserServiceClient::new(channel);
    let failing = || told(GetUserRequest::default(), Behaviour::Fail(Code::NotFound));
    let status = client.get_user(failing()).await.unwrap_err();
    let expected = bare.get_user(failing()).await.unwrap_err();
    assert_eq!(
        (status.code(), status.message(), status.details()),
        (expected.code(), expected.message(), expected.details())
    );
    assert!(status.metadata().contains_key("x-failure"));

    let failing = Behaviour::FailAfter(1, Code::DataLoss);
    let stream = client.list_users(told(ListUsersRequest::default(), failing));
    let mut stream = stream.await.unwrap().into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    let status = stream.next().await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.details()),
        (Code::DataLoss, [1, 2, 3].as_slice())
    );
    assert!(status.metadata().contains_key("x-failure"));

    let stream = client.list_users(ListUsersRequest::default()).await;
    let trailers = stream.unwrap().into_inner().trailers().await.unwrap();
    let stream = bare.list_users(ListUsersRequest::default()).await;
    let expected = stream.unwrap().into_inner().trailers().await.unwrap();
    assert_eq!(format!("{trailers:?}"), format!("{expected:?}"));
}

#[tokio::test]
async fn bidi_messages_flow_both_ways_concurrently() {
    let server = FlakyServer::new([echo().reading(0)]);
    let (mut client, ..) = wrapped(server.channel());
    let (sender, receiver) = mpsc::channel(1);
    let send = |text: &str| {
        let message = ChatMessage {
            text: text.to_owned(),
        };
        let sender = sender.clone();
        async move { sender.send(message).await.unwrap() }
    };
    send("1").await;
    let chat = bounded(client.chat(ReceiverStream::new(receiver))).await;
    let mut chat = chat.unwrap().into_inner();
    for text in ["2", "3"] {
        assert!(bounded(chat.next()).await.unwrap().is_ok());
        send(text).await;
    }
    assert!(bounded(chat.next()).await.unwrap().is_ok());
    drop(sender);
    assert!(bounded(chat.next()).await.is_none());
}

#[tokio::test]
async fn dropped_call_is_cancelled_in_the_chain() {
    let (script, channel) = server().await;
    let (mut client, _, mut ends) = wrapped(channel);
    let hanging = told(GetUserRequest::default(), Behaviour::Hang);
    let call = tokio::spawn({
        let mut client = client.clone();
        async move { client.get_user(hanging).await }
    });
    bounded(script.entered()).await;
    call.abort();
    assert_eq!(ends.next().await.outcome, Outcome::Cancelled);

    let hanging = told(ListUsersRequest::default(), Behaviour::HangAfter(1));
    let mut stream = client.list_users(hanging).await.unwrap().into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    let end = ends.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Cancelled, 1));
}

#[tokio::test(start_paused = true)]
async fn deadline_reaches_the_server_and_ends_the_call() {
    let server = FlakyServer::new([hang()]);
    let (mut client, _, mut ends) = wrapped(server.channel());
    let mut request = Request::new(FlakyRequest::default());
    request.set_timeout(Duration::from_secs(3));
    let status = bounded(client.flaky(request)).await.unwrap_err();
    // tonic's own channel enforces the deadline too, with another code.
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status:?}"
    );
    assert_eq!(server.headers("grpc-timeout").len(), 1);
    assert_eq!(ends.next().await.code, Code::DeadlineExceeded);
}

#[intercept(retry(max_attempts = 3, base_delay = "1ms", jitter = 0.0))]
struct Retried;

#[intercept(hedge(max_attempts = 2, delay = "100ms"))]
struct Hedged;

#[intercept(deadline("2s"))]
struct Limited;

#[tokio::test(start_paused = true)]
async fn retry_hedge_and_deadline_work() {
    let unavailable = || fail(Code::Unavailable);
    let server = FlakyServer::new([unavailable(), unavailable(), answer(1)]);
    let channel = Retried.wrap(server.channel()).into_channel();
    let mut client = UserServiceClient::new(channel);
    bounded(client.flaky(FlakyRequest::default()))
        .await
        .unwrap();
    assert_eq!(server.attempts().len(), 3);

    let server = FlakyServer::new([unavailable(), answer(1)]);
    let channel = Retried.wrap(server.channel()).into_channel();
    let users = tokio_stream::iter([User::default(), User::default()]);
    let mut client = UserServiceClient::new(channel);
    bounded(client.import_users(users)).await.unwrap();
    assert_eq!(server.attempts()[1].messages.len(), 2);

    for _ in 0..20 {
        let server = FlakyServer::new([hang(), answer(1)]);
        let channel = Hedged.wrap(server.channel()).into_channel();
        let mut client = UserServiceClient::new(channel);
        bounded(client.flaky(FlakyRequest::default()))
            .await
            .unwrap();
        assert_eq!(server.attempts().len(), 2);
    }

    let server = FlakyServer::new([hang()]);
    let channel = Limited.wrap(server.channel()).into_channel();
    let mut client = UserServiceClient::new(channel);
    let status = bounded(client.flaky(FlakyRequest::default())).await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
}

/// Counts the holders of a transport.
type Held = Arc<()>;

fn holding(held: &Held) -> impl Transport {
    let held = Arc::clone(held);
    service_fn(move |request: http::Request<tonic::body::Body>| {
        let _held = Arc::clone(&held);
        async move {
            if request.uri().path().ends_with("GetUser") {
                std::future::pending::<()>().await;
            }
            Ok(Status::not_found("nobody").into_http::<tonic::body::Body>())
        }
    })
}

trait Transport:
    tower::Service<
        http::Request<tonic::body::Body>,
        Response = http::Response<tonic::body::Body>,
        Error = Status,
        Future: Send,
    > + Clone
    + Send
    + 'static
{
}

impl<T> Transport for T where
    T: tower::Service<
            http::Request<tonic::body::Body>,
            Response = http::Response<tonic::body::Body>,
            Error = Status,
            Future: Send,
        > + Clone
        + Send
        + 'static
{
}

#[tokio::test]
async fn dropping_the_last_clone_ends_tasks_and_inner_channel() {
    let held = Held::default();
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let channel = Retried.wrap(holding(&held)).into_channel();
    let mut client = UserServiceClient::new(channel);
    let status = client.login(LoginRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let mut waiting = client.clone();
    let hanging = tokio::spawn(async move { waiting.get_user(GetUserRequest::default()).await });
    drop(client);
    tokio::task::yield_now().await;
    assert!(tasks() > before && Arc::strong_count(&held) > 1);
    hanging.abort();
    bounded(async {
        while tasks() > before || Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn concurrent_and_dropped_calls_are_unlimited() {
    let held = Held::default();
    let channel = Retried.wrap(holding(&held)).into_channel();
    let client = UserServiceClient::new(channel);
    let call = || {
        let mut client = client.clone();
        tokio::spawn(async move { client.get_user(GetUserRequest::default()).await })
    };
    let hanging: Vec<_> = (0..500).map(|_| call()).collect();
    let before = Arc::strong_count(&held);
    bounded(async {
        while Arc::strong_count(&held) < before + 500 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let status = bounded(client.clone().login(LoginRequest::default())).await;
    assert_eq!(status.unwrap_err().code(), Code::NotFound);
    for call in hanging {
        call.abort();
    }
    for _ in 0..2_000 {
        let call = call();
        tokio::task::yield_now().await;
        call.abort();
    }
    let status = bounded(client.clone().login(LoginRequest::default())).await;
    assert_eq!(status.unwrap_err().code(), Code::NotFound);
}

/// An endless response, and the number of bytes taken from it.
#[derive(Clone, Default)]
struct Endless(Arc<AtomicU64>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        // A message of four bytes.
        let message = Bytes::from_static(&[0, 0, 0, 0, 4, 18, 2, b'a', b'b']);
        self.0.fetch_add(message.len() as u64, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(message))))
    }
}

#[tokio::test]
async fn unread_stream_gets_backpressure_and_blocks_no_other() {
    let endless = Endless::default();
    let body = endless.clone();
    let transport = service_fn(move |request: http::Request<tonic::body::Body>| {
        let body = match request.uri().path().ends_with("ListUsers") {
            true => tonic::body::Body::new(body.clone()),
            false => tonic::body::Body::empty(),
        };
        let mut response = http::Response::new(body);
        let grpc = http::HeaderValue::from_static("application/grpc");
        response.headers_mut().insert("content-type", grpc);
        std::future::ready(Ok::<_, Status>(response))
    });
    let mut client = UserServiceClient::new(Retried.wrap(transport).into_channel());
    let mut unread = Vec::new();
    for _ in 0..8 {
        let stream = bounded(client.list_users(ListUsersRequest::default())).await;
        unread.push(stream.unwrap().into_inner());
    }
    bounded(async {
        // Until nothing has been taken for a long time.
        let (mut taken, mut same) = (0, 0);
        while same < 2_000 {
            tokio::task::yield_now().await;
            let now = endless.0.load(Ordering::SeqCst);
            same = if now == taken { same + 1 } else { 0 };
            taken = now;
        }
        let of_each = taken / 8;
        assert!(of_each < 2 * 1024 * 1024, "{of_each} bytes");
    })
    .await;
    let stream = bounded(client.list_users(ListUsersRequest::default())).await;
    let mut read = stream.unwrap().into_inner();
    bounded(async {
        for _ in 0..100_000 {
            assert!(read.next().await.unwrap().is_ok());
        }
    })
    .await;
}

#[tokio::test]
async fn large_messages_pass() {
    let server = FlakyServer::new([echo().reading(0)]);
    let (client, ..) = wrapped(server.channel());
    let mut client = client.max_decoding_message_size(32 << 20);
    let text = "x".repeat(8 << 20);
    let messages = tokio_stream::iter([ChatMessage { text: text.clone() }, ChatMessage { text }]);
    let chat = bounded(client.chat(messages)).await.unwrap().into_inner();
    let answers = bounded(chat.collect::<Vec<_>>()).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let sizes: Vec<usize> = server.attempts()[0]
        .messages
        .iter()
        .map(|m| m.len())
        .collect();
    assert!(sizes.iter().all(|size| *size >= 8 << 20), "{sizes:?}");
}

#[intercept(with(self.0))]
struct Told(WatchEnds);

#[tokio::test]
async fn transport_receives_the_callers_request() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let transport = service_fn(move |request: http::Request<tonic::body::Body>| {
        keep.lock().unwrap().push(request.into_parts().0);
        let status = Status::not_found("nobody");
        std::future::ready(Ok::<_, Status>(status.into_http::<tonic::body::Body>()))
    });
    let (watch, mut ends) = Ends::new();
    let mut client = UserServiceClient::new(Told(watch).wrap(transport).into_channel());
    let mut request = Request::new(GetUserRequest::default());
    let user_agent = "mine/1.0".parse().unwrap();
    request.metadata_mut().insert("user-agent", user_agent);
    request.metadata_mut().insert("x-one", "1".parse().unwrap());
    client.get_user(request).await.unwrap_err();
    client
        .get_user(GetUserRequest::default())
        .await
        .unwrap_err();
    let end = ends.next().await;
    assert_eq!(end.path, "/demo.v1.UserService/GetUser");
    assert_eq!((end.code, end.kind), (Code::NotFound, Kind::BidiStreaming));
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].uri, "/demo.v1.UserService/GetUser");
    assert_eq!(seen[0].headers["x-one"], "1");
    assert_eq!(seen[0].headers["user-agent"], "mine/1.0");
    assert!(
        !seen[1].headers.contains_key("user-agent"),
        "the user agent of tonic's own channel"
    );
}

#[intercept(hedge(max_attempts = 2, delay = "2ms"))]
struct HedgedSoon;

/// Whether a request is one message must not depend on which thread is faster. An overloaded machine may still be too late
/// now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hedge_works_on_several_threads() {
    let mut hedged = 0;
    for _ in 0..50 {
        let server = FlakyServer::new([hang(), answer(1)]);
        let channel = HedgedSoon.wrap(server.channel()).into_channel();
        let mut client = UserServiceClient::new(channel);
        let answer = client.flaky(FlakyRequest::default());
        if let Ok(answer) = timeout(Duration::from_secs(1), answer).await {
            answer.unwrap();
            hedged += 1;
        }
    }
    assert!(hedged >= 40, "{hedged} of 50");
}
