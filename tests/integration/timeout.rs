//! Calls on a service end at the earlier of the policy's timeout and the caller's deadline.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use interceptors::{Call, Interceptor, Kind, Next, Outcome, deadline, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{
    Behaviour, Caller, Ended, Ends, KINDS, Script, UserStream, WatchEnds, scripted, serve,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

const MS: fn(u64) -> Duration = Duration::from_millis;

const EXCEEDED: (Outcome, Code) = (Outcome::Error, Code::DeadlineExceeded);

#[derive(Clone)]
struct Timed {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Timed, #[intercept(
    with(self.ends.named("outer")),
    timeout("100ms"),
    with(self.ends.named("inner")),
)]);

#[derive(Clone)]
struct Idle {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Idle, #[intercept(with(self.ends.named("outer")), timeout(idle = "50ms"))]);

struct IdleAlone {
    script: Script,
}

scripted!(self: IdleAlone, #[intercept(timeout(idle = "50ms"))]);

macro_rules! served {
    ($service:ident) => {{
        let (ends, told) = Ends::new();
        let script = Script::default();
        let service = $service {
            script: script.clone(),
            ends,
        };
        let channel = serve(Routes::new(UserServiceServer::new(service))).await;
        (Caller::new(&channel), script, told)
    }};
}

fn end_summary(end: &Ended) -> (&'static str, Outcome, Code, u64) {
    (end.observer, end.outcome, end.code, end.messages)
}

#[tokio::test(start_paused = true)]
async fn hanging_calls_end_with_deadline_exceeded() {
    let (caller, _, mut ends) = served!(Timed);
    for kind in KINDS {
        for (behaviour, messages) in [(Behaviour::Hang, 0), (Behaviour::HangAfter(2), 2)] {
            let messages = match kind.response_is_stream() {
                true => messages,
                false => 0,
            };
            let begun = Instant::now();
            let reply = caller.told(behaviour).call(kind).await;
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind} {behaviour:?}");
            assert_eq!(
                reply.status.message(),
                "the deadline of the call has passed"
            );
            assert_eq!(
                reply.messages.len() as u64,
                messages,
                "{kind} {behaviour:?}"
            );
            let taken = begun.elapsed();
            assert!((MS(100)..MS(110)).contains(&taken), "{kind} {taken:?}");
            for observer in ["inner", "outer"] {
                let end = ends.next().await;
                let (outcome, code) = EXCEEDED;
                assert_eq!(
                    end_summary(&end),
                    (observer, outcome, code, messages),
                    "{kind}"
                );
            }
        }
    }
}

/// In real time: a paused clock does not advance while the runtime is busy.
#[tokio::test]
async fn busy_handlers_end_with_deadline_exceeded() {
    let (caller, _, mut ends) = served!(Timed);
    for kind in KINDS {
        for behaviour in [Behaviour::Busy, Behaviour::BusyAfter(2)] {
            let busy = caller.told(behaviour);
            let reply = timeout(MS(20_000), busy.call(kind)).await;
            let reply = reply.expect("it never ends");
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind} {behaviour:?}");
            for _ in 0..2 {
                let end = ends.next().await;
                assert_eq!((end.outcome, end.code), EXCEEDED, "{kind} {behaviour:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_in_time_are_unchanged() {
    let (caller, _, mut ends) = served!(Timed);
    for kind in KINDS {
        let reply = caller.call(kind).await;
        assert_eq!(reply.code(), Code::Ok, "{kind}");
        let messages = if kind.response_is_stream() { 3 } else { 1 };
        assert_eq!(reply.messages.len(), messages, "{kind}");
        for _ in 0..2 {
            assert_eq!(ends.next().await.outcome, Outcome::Ok, "{kind}");
        }
        let failing = caller.told(Behaviour::Fail(Code::NotFound));
        assert_eq!(failing.call(kind).await.code(), Code::NotFound, "{kind}");
        for _ in 0..2 {
            assert_eq!(ends.next().await.code, Code::NotFound, "{kind}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn earlier_of_setting_and_callers_deadline_applies() {
    let (caller, _, mut ends) = served!(Timed);
    for kind in KINDS {
        for (sent, expected) in [("50m", MS(48)), ("50000u", MS(48)), ("1H", MS(100))] {
            let caller = caller.told(Behaviour::Hang).with("grpc-timeout", sent);
            let begun = Instant::now();
            // The timers of tonic's server and client would answer `CANCELLED`.
            let reply = caller.call(kind).await;
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind} {sent}");
            let taken = begun.elapsed();
            assert!(
                (expected..expected + MS(2)).contains(&taken),
                "{kind} {sent} {taken:?}"
            );
            for _ in 0..2 {
                let end = ends.next().await;
                assert_eq!((end.outcome, end.code), EXCEEDED, "{kind} {sent}");
            }
        }
    }
}

#[tokio::test]
async fn malformed_grpc_timeout_is_rejected() {
    let (caller, script, mut ends) = served!(Timed);
    for kind in KINDS {
        for sent in ["S", "1", "123456789S", "-1S", "+1S", "1s", "1.5S", "soon"] {
            let reply = caller.with("grpc-timeout", sent).call(kind).await;
            assert_eq!(reply.code(), Code::Internal, "{kind} {sent}");
            assert_eq!(reply.status.message(), "malformed grpc-timeout");
            let end = ends.next().await;
            assert_eq!((end.observer, end.code), ("outer", Code::Internal));
        }
    }
    assert_eq!(script.runs(), 0);
}

#[tokio::test]
async fn expired_calls_do_not_reach_the_handler() {
    let (ends, _told) = Ends::new();
    let script = Script::default();
    let service = Timed {
        script: script.clone(),
        ends,
    };
    for sent in ["0S", "0n", "1n"] {
        // Over a socket, tonic's client would end the call before it is sent.
        let mut request = Request::new(GetUserRequest { id: 1 });
        let value = sent.parse().unwrap();
        request.metadata_mut().insert("grpc-timeout", value);
        let status = service.get_user(request).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{sent}");
    }
    assert_eq!(script.runs(), 0);
}

#[tokio::test(start_paused = true)]
async fn idle_response_stream_times_out() {
    let (caller, _, mut ends) = served!(Idle);
    for kind in [Kind::ServerStreaming, Kind::BidiStreaming] {
        let begun = Instant::now();
        let reply = caller.told(Behaviour::HangAfter(2)).call(kind).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind}");
        assert_eq!(
            reply.status.message(),
            "no message arrived within the idle timeout"
        );
        assert_eq!(reply.messages, [0, 1], "{kind}");
        assert!(begun.elapsed() >= MS(50));
        let (outcome, code) = EXCEEDED;
        let end = ends.next().await;
        assert_eq!(end_summary(&end), ("outer", outcome, code, 2), "{kind}");
    }
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_request_stream_times_out() {
    let (caller, _, mut ends) = served!(Idle);
    for sent in [0, 3] {
        let (users, stream) = mpsc::channel(1);
        let mut client = caller.client();
        let begun = Instant::now();
        let call =
            tokio::spawn(async move { client.import_users(ReceiverStream::new(stream)).await });
        // In total slower than the limit, but without a longer gap.
        for _ in 0..sent {
            sleep(MS(40)).await;
            users.send(User::default()).await.unwrap();
        }
        let status = call.await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded, "{sent}");
        let expected = MS(40) * sent + MS(50);
        let taken = begun.elapsed();
        assert!((expected..expected + MS(10)).contains(&taken), "{taken:?}");
        let end = ends.next().await;
        assert_eq!((end.outcome, end.code), EXCEEDED);
    }
}

/// Waits before the handler runs.
struct Slow;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Slow {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        sleep(MS(200)).await;
        next.run(call).await
    }
}

struct IdleAndSlow {
    script: Script,
}

scripted!(self: IdleAndSlow, #[intercept(timeout(idle = "50ms"), with(Slow))]);

#[tokio::test(start_paused = true)]
async fn time_spent_in_the_handler_is_not_idle_time() {
    let script = Script::default();
    let channel = serve(Routes::new(UserServiceServer::new(IdleAndSlow { script }))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        let begun = Instant::now();
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
        assert!(begun.elapsed() >= MS(200), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn idle_timeout_works_without_observers() {
    let script = Script::default();
    let channel = serve(Routes::new(UserServiceServer::new(IdleAlone { script }))).await;
    let caller = Caller::new(&channel);
    let (_users, stream) = mpsc::channel(1);
    let status = caller
        .client()
        .import_users(ReceiverStream::new(stream))
        .await;
    assert_eq!(status.unwrap_err().code(), Code::DeadlineExceeded);
    for kind in [Kind::ServerStreaming, Kind::BidiStreaming] {
        let reply = caller.told(Behaviour::HangAfter(1)).call(kind).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{kind}");
        assert_eq!(reply.messages, [0], "{kind}");
    }
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
    }
}

/// Records the time left at its position.
#[derive(Clone, Default)]
struct Left(Arc<Mutex<Vec<Option<Duration>>>>);

impl Left {
    fn add(&self, left: Option<Duration>) {
        self.0.lock().unwrap().push(left);
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Left {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.add(call.time_remaining());
        assert_eq!(call.deadline().is_some(), call.time_remaining().is_some());
        next.run(call).await
    }
}

/// Is always ready with a message.
struct Endless;

impl Stream for Endless {
    type Item = Result<ChatMessage, Status>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Ok(ChatMessage::default())))
    }
}

/// Sleeps for the time in the request: in the handler, or in the stream before each message.
struct Sleepy {
    left: Left,
}

#[intercept(timeout("100ms", except = [login]), with(self.left))]
#[tonic::async_trait]
impl UserService for Sleepy {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        sleep(MS(1_000)).await;
        Ok(Response::new(LoginReply::default()))
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let current = deadline::current();
        self.left.add(current.map(|at| at - Instant::now()));
        sleep(MS(request.get_ref().id)).await;
        Ok(Response::new(User::default()))
    }

    #[intercept(timeout("1s", idle = "50ms"))]
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<UserStream<User>>, Status> {
        let gap = MS(request.get_ref().limit.into());
        let left = self.left.clone();
        let users = tokio_stream::iter(0..100).then(move |_| {
            let left = left.clone();
            async move {
                let current = deadline::current();
                left.add(current.map(|at| at - Instant::now()));
                sleep(gap).await;
                Ok(User::default())
            }
        });
        Ok(Response::new(Box::pin(users)))
    }

    async fn import_users(
        &self,
        _: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn chat(
        &self,
        _: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<UserStream<ChatMessage>>, Status> {
        Ok(Response::new(Box::pin(Endless)))
    }

    async fn flaky(&self, _: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        Err(Status::unimplemented(""))
    }
}

async fn sleepy() -> (Caller, Left) {
    deadline::inherit();
    let left = Left::default();
    let service = Sleepy { left: left.clone() };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    (Caller::new(&channel), left)
}

#[tokio::test(start_paused = true)]
async fn response_ready_at_the_deadline_is_in_time() {
    let (caller, _) = sleepy().await;
    let mut client = caller.client();
    client.get_user(GetUserRequest { id: 100 }).await.unwrap();
    let late = client.get_user(GetUserRequest { id: 102 }).await;
    assert_eq!(late.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn excluded_method_has_no_timeout() {
    let (caller, left) = sleepy().await;
    caller
        .client()
        .login(LoginRequest::default())
        .await
        .unwrap();
    assert_eq!(*left.0.lock().unwrap(), [None]);
}

#[tokio::test(start_paused = true)]
async fn inner_interceptors_handlers_and_streams_see_the_time_left() {
    let (caller, left) = sleepy().await;
    let mut client = caller.client();
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();
    assert_eq!(*left.0.lock().unwrap(), [Some(MS(100)); 2]);

    left.0.lock().unwrap().clear();
    let request = caller.with("grpc-timeout", "20m");
    let request = request.request(GetUserRequest { id: 1 });
    client.get_user(request).await.unwrap();
    assert_eq!(*left.0.lock().unwrap(), [Some(MS(18)); 2]);

    left.0.lock().unwrap().clear();
    let limit = 30;
    let request = ListUsersRequest {
        limit,
        ..Default::default()
    };
    let mut users = client.list_users(request).await.unwrap().into_inner();
    let mut count = 0;
    let status = loop {
        match users.next().await.unwrap() {
            Ok(_) => count += 1,
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(users.next().await.is_none());
    assert_eq!(count, 33, "the stream's deadline ended it, not a gap");
    let left = left.0.lock().unwrap();
    assert_eq!(left[0], Some(MS(1_000)), "in the interceptor");
    let sum: Vec<_> = left[1..4].iter().map(|left| left.unwrap()).collect();
    assert!(
        sum.windows(2).all(|pair| pair[0] - pair[1] >= MS(30)),
        "{sum:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn idle_timeout_ends_a_stream_before_its_deadline() {
    let (caller, _) = sleepy().await;
    let request = ListUsersRequest {
        limit: 60,
        ..Default::default()
    };
    let begun = Instant::now();
    let mut users = caller
        .client()
        .list_users(request)
        .await
        .unwrap()
        .into_inner();
    let status = users.next().await.unwrap().unwrap_err();
    assert_eq!(
        status.message(),
        "no message arrived within the idle timeout"
    );
    assert!(begun.elapsed() < MS(60));
}

#[tokio::test]
async fn stream_that_is_always_ready_times_out() {
    let (caller, _) = sleepy().await;
    let request = tokio_stream::iter([ChatMessage::default()]);
    let mut messages = caller.client().chat(request).await.unwrap().into_inner();
    let status = loop {
        if let Err(status) = messages.next().await.unwrap() {
            break status;
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
}

#[test]
fn plan_shows_the_settings() {
    use interceptors::Intercepted;

    let shown = |method: &str| {
        let methods = Sleepy::PLAN.methods().iter();
        let mut plans = methods.filter(|plan| plan.method() == method);
        let mut entries = plans.next().unwrap().interceptors();
        entries
            .find(|entry| entry.name() == "timeout")
            .map(|entry| entry.settings().to_string())
    };
    assert_eq!(shown("GetUser").unwrap(), "timeout=100ms");
    assert_eq!(shown("ListUsers").unwrap(), "timeout=1s idle=50ms");
    assert_eq!(shown("Login"), None);
}
