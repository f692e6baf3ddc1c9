//! A call ends once, and observers get its final status.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use interceptors::{Call, Interceptor, Kind, Next, Outcome, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{
    Behaviour, Caller, Ended, Ends, KINDS, Running, Script, UserStream, WatchEnds, scripted, start,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

/// Sits between the two observers. If the metadata `x-meddle` says so, it discards the answer of the
/// inner part.
struct Meddler;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Meddler {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let order = call.metadata().get("x-meddle").cloned();
        let response = next.run(call).await;
        match order.as_ref().map(|order| order.to_str().unwrap()) {
            None => response,
            Some("fail") => Err(Status::data_loss("thrown away")),
            Some("panic") => panic!("told to"),
            Some("hang") => std::future::pending().await,
            Some(order) => unreachable!("{order}"),
        }
    }
}

#[derive(Clone)]
struct Watched {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Watched, #[intercept(
    with(self.ends.named("outer")),
    with(Meddler),
    with(self.ends.named("inner")),
)]);

/// A server with two observers, and the ends that they report.
async fn watched() -> (Running, Script, Ends) {
    let (ends, told) = Ends::new();
    let script = Script::default();
    let service = Watched {
        script: script.clone(),
        ends,
    };
    let server = start(Routes::new(UserServiceServer::new(service))).await;
    (server, script, told)
}

type How = (Outcome, Code, u64);

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "/demo.v1.UserService/GetUser",
        Kind::ClientStreaming => "/demo.v1.UserService/ImportUsers",
        Kind::ServerStreaming => "/demo.v1.UserService/ListUsers",
        Kind::BidiStreaming => "/demo.v1.UserService/Chat",
    }
}

fn told(observer: &'static str, kind: Kind, (outcome, code, messages): How) -> Ended {
    Ended {
        observer,
        path: path(kind).to_owned(),
        kind,
        outcome,
        code,
        messages,
    }
}

/// The inner observer is notified before the outer one.
async fn assert_ended(ends: &mut Ends, kind: Kind, inner: How, outer: How) {
    assert_eq!(ends.next().await, told("inner", kind, inner));
    assert_eq!(ends.next().await, told("outer", kind, outer));
}

/// No observer is notified any more.
async fn assert_nothing_is_left(server: Running, ends: Ends) {
    server.stop().await;
    assert_eq!(ends.rest().await, []);
}

#[tokio::test]
async fn each_end_is_reported_once_with_outcome_code_and_count() {
    let (server, _, mut ends) = watched().await;
    let caller = Caller::new(&server.channel);
    for kind in KINDS {
        let streams = kind.response_is_stream();
        let some = |n: u64| if streams { n } else { 0 };
        let answered = |n: u32| if streams { n.into() } else { 1 };
        for (behaviour, end) in [
            (Behaviour::Answer(3), (Outcome::Ok, Code::Ok, answered(3))),
            (Behaviour::Answer(0), (Outcome::Ok, Code::Ok, answered(0))),
            (
                Behaviour::Fail(Code::NotFound),
                (Outcome::Error, Code::NotFound, 0),
            ),
            (
                Behaviour::FailAfter(0, Code::Aborted),
                (Outcome::Error, Code::Aborted, 0),
            ),
            (
                Behaviour::FailAfter(2, Code::Internal),
                (Outcome::Error, Code::Internal, some(2)),
            ),
            (
                Behaviour::Fail(Code::Cancelled),
                (Outcome::Error, Code::Cancelled, 0),
            ),
            (Behaviour::Panic, (Outcome::Panicked, Code::Internal, 0)),
            (
                Behaviour::PanicAfter(2),
                (Outcome::Panicked, Code::Internal, some(2)),
            ),
        ] {
            let reply = caller.told(behaviour).call(kind).await;
            if end.0 != Outcome::Panicked {
                assert_eq!(reply.code(), end.1, "{kind} {behaviour:?}");
                let seen = reply.messages.len() as u64;
                assert_eq!(seen, end.2, "{kind} {behaviour:?}");
            }
            assert_ended(&mut ends, kind, end, end).await;
        }
    }
    drop(caller);
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn client_disconnect_during_handler_cancels_call() {
    let (server, script, mut ends) = watched().await;
    for kind in KINDS {
        let caller = Caller::new(&server.channel).told(Behaviour::Hang);
        let call = tokio::spawn(async move { caller.call(kind).await });
        script.entered().await;
        call.abort();
        let end = (Outcome::Cancelled, Code::Cancelled, 0);
        assert_ended(&mut ends, kind, end, end).await;
    }
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn client_disconnect_during_stream_cancels_call() {
    let (server, _, mut ends) = watched().await;
    for kind in [Kind::ServerStreaming, Kind::BidiStreaming] {
        let caller = Caller::new(&server.channel).told(Behaviour::HangAfter(2));
        let mut messages = caller.open(kind).await.unwrap();
        for expected in 0..2 {
            assert_eq!(messages.next().await.unwrap().unwrap(), expected);
        }
        drop(messages);
        let end = (Outcome::Cancelled, Code::Cancelled, 2);
        assert_ended(&mut ends, kind, end, end).await;
    }
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn client_disconnect_while_sending_ends_call_once() {
    let (server, script, mut ends) = watched().await;
    let (users, sent) = mpsc::channel(1);
    let mut client = Caller::new(&server.channel).client();
    let call = tokio::spawn(async move { client.import_users(ReceiverStream::new(sent)).await });
    users.send(User::default()).await.unwrap();
    script.entered().await;
    call.abort();
    // With tonic, the handler may see a clean end of the stream, and answer although the client is gone.
    let inner = ends.next().await;
    let outer = ends.next().await;
    assert_eq!((inner.observer, outer.observer), ("inner", "outer"));
    assert_eq!(inner.kind, Kind::ClientStreaming);
    assert_eq!(inner.outcome, outer.outcome);
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn stream_discarded_by_an_outer_interceptor_is_cancelled() {
    let (server, _, mut ends) = watched().await;
    let caller = Caller::new(&server.channel).with("x-meddle", "fail");
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::DataLoss);
        let inner = if kind.response_is_stream() {
            (Outcome::Cancelled, Code::Cancelled, 0)
        } else {
            (Outcome::Ok, Code::Ok, 1)
        };
        let outer = (Outcome::Error, Code::DataLoss, 0);
        assert_ended(&mut ends, kind, inner, outer).await;
    }
    drop(caller);
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn panic_of_an_outer_interceptor_cancels_the_inner_stream() {
    let (server, _, mut ends) = watched().await;
    let caller = Caller::new(&server.channel).with("x-meddle", "panic");
    for kind in KINDS {
        assert_ne!(caller.call(kind).await.code(), Code::Ok);
        let inner = if kind.response_is_stream() {
            (Outcome::Cancelled, Code::Cancelled, 0)
        } else {
            (Outcome::Ok, Code::Ok, 1)
        };
        let outer = (Outcome::Panicked, Code::Internal, 0);
        assert_ended(&mut ends, kind, inner, outer).await;
    }
    drop(caller);
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn client_disconnect_after_handler_cancels_the_rest() {
    let (server, script, mut ends) = watched().await;
    for kind in KINDS {
        let caller = Caller::new(&server.channel).with("x-meddle", "hang");
        let call = tokio::spawn(async move { caller.call(kind).await });
        script.entered().await;
        let cancelled = (Outcome::Cancelled, Code::Cancelled, 0);
        if kind.response_is_stream() {
            call.abort();
            assert_ended(&mut ends, kind, cancelled, cancelled).await;
        } else {
            let ok = (Outcome::Ok, Code::Ok, 1);
            assert_eq!(ends.next().await, told("inner", kind, ok));
            call.abort();
            assert_eq!(ends.next().await, told("outer", kind, cancelled));
        }
    }
    assert_nothing_is_left(server, ends).await;
}

#[tokio::test]
async fn errors_reach_the_client_with_details_and_metadata() {
    let (server, _, _ends) = watched().await;
    let caller = Caller::new(&server.channel);
    for kind in KINDS {
        for behaviour in [
            Behaviour::Fail(Code::DataLoss),
            Behaviour::FailAfter(2, Code::DataLoss),
        ] {
            let reply = caller.told(behaviour).call(kind).await;
            let status = reply.status;
            assert_eq!(status.code(), Code::DataLoss, "{kind} {behaviour:?}");
            assert_eq!(status.message(), "told to fail", "{kind} {behaviour:?}");
            assert_eq!(status.details(), [1, 2, 3], "{kind} {behaviour:?}");
            let failure = status.metadata().get("x-failure").unwrap();
            assert_eq!(failure, "told to", "{kind} {behaviour:?}");
            if kind.response_is_stream() && behaviour != Behaviour::Fail(Code::DataLoss) {
                assert_eq!(reply.messages, [0, 1], "{kind} {behaviour:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundred_concurrent_calls_end_once_each() {
    let (server, _, ends) = watched().await;
    let mut expected = Vec::new();
    let mut calls = Vec::new();
    for (n, kind) in (0..100).zip(KINDS.into_iter().cycle()) {
        let count: u32 = n / 4;
        let streams = kind.response_is_stream();
        let caller = Caller::new(&server.channel);
        let (behaviour, end) = if n % 3 == 0 {
            let sent = if streams { count } else { 0 };
            let end = (Outcome::Error, Code::OutOfRange, sent.into());
            (Behaviour::FailAfter(count, Code::OutOfRange), end)
        } else {
            let sent = if streams { count } else { 1 };
            (
                Behaviour::Answer(count),
                (Outcome::Ok, Code::Ok, sent.into()),
            )
        };
        let caller = caller.told(behaviour);
        calls.push(tokio::spawn(async move { caller.call(kind).await }));
        expected.extend([told("inner", kind, end), told("outer", kind, end)]);
    }
    for call in calls {
        call.await.unwrap();
    }
    server.stop().await;
    let mut ended = ends.rest().await;
    let key = |end: &Ended| (end.kind as u8, end.messages, end.code as i32, end.observer);
    ended.sort_by_key(key);
    expected.sort_by_key(key);
    assert_eq!(ended, expected);
}

/// Counts how often it is polled, and is never ready twice in a row.
struct Counted {
    polls: Arc<AtomicU32>,
    left: u32,
    pending: bool,
}

impl Stream for Counted {
    type Item = Result<User, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.polls.fetch_add(1, Ordering::SeqCst);
        self.pending = !self.pending;
        if self.pending {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(User {
            id: self.left.into(),
            name: String::new(),
        })))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

#[derive(Clone)]
struct Producer {
    script: Script,
    ends: WatchEnds,
    polls: Arc<AtomicU32>,
}

#[intercept(with(self.ends))]
#[tonic::async_trait]
impl UserService for Producer {
    type ListUsersStream = Counted;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.script.get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        Ok(Response::new(Counted {
            polls: Arc::clone(&self.polls),
            left: request.into_inner().limit,
            pending: false,
        }))
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.script.import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.script.chat(request).await
    }

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

#[tokio::test]
async fn observed_stream_is_polled_only_by_its_reader() {
    let (ends, mut told) = Ends::new();
    let polls = Arc::new(AtomicU32::new(0));
    let service = Producer {
        script: Script::default(),
        ends,
        polls: Arc::clone(&polls),
    };
    let request = Request::new(ListUsersRequest {
        limit: 2,
        ..Default::default()
    });
    let mut users = service.list_users(request).await.unwrap().into_inner();
    assert_eq!(
        polls.load(Ordering::SeqCst),
        0,
        "not polled before its reader polls"
    );
    let cx = &mut Context::from_waker(std::task::Waker::noop());
    for (n, expected) in [None, Some(1), None, Some(0), None].into_iter().enumerate() {
        let left = 2 - n / 2;
        assert_eq!(users.size_hint(), (left, Some(left)));
        let polled = Pin::new(&mut users).poll_next(cx);
        let id = match polled {
            Poll::Ready(user) => Some(user.unwrap().unwrap().id),
            Poll::Pending => None,
        };
        assert_eq!(id, expected);
        assert_eq!(polls.load(Ordering::SeqCst) as usize, n + 1);
    }
    assert!(matches!(
        Pin::new(&mut users).poll_next(cx),
        Poll::Ready(None)
    ));
    let end = told.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Ok, 2));
    drop((users, service));
    assert_eq!(told.rest().await, []);
}

#[tokio::test]
async fn stream_dropped_unread_is_cancelled() {
    let (ends, mut told) = Ends::new();
    let service = Producer {
        script: Script::default(),
        ends,
        polls: Arc::default(),
    };
    let users = service
        .list_users(Request::new(ListUsersRequest::default()))
        .await
        .unwrap();
    drop(users);
    let end = told.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Cancelled, 0));
    drop(service);
    assert_eq!(told.rest().await, []);
}
