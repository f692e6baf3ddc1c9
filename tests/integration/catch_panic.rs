//! A panic ends only its own call, with a status.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use interceptors::catch_panic::{Panic, PanicHandler, record_locations};
use interceptors::{Call, End, Interceptor, Kind, Next, Outcome, intercept};
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_tests::{
    Behaviour, Caller, Ended, Ends, KINDS, Script, WatchEnds, scripted, serve,
};
use tokio_stream::{Stream, StreamExt};
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

/// Panics where the metadata `x-panic` says.
struct Meddler;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Meddler {
    fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> impl Future<Output = Result<Response<Res>, Status>> + Send {
        let order = call.metadata().get("x-panic").cloned();
        let order = order.as_ref().map(|order| order.to_str().unwrap());
        let (early, before, after) = (
            order == Some("early"),
            order == Some("before"),
            order == Some("after"),
        );
        let observer_panics = order == Some("observer");
        if early {
            panic!("before there is a future");
        }
        async move {
            if before {
                panic!("on the way in");
            }
            let answer = match observer_panics {
                true => {
                    next.observe(call, |_: &End<'_>| panic!("told of the end"))
                        .await
                }
                false => next.run(call).await,
            };
            if after {
                panic!("on the way out");
            }
            answer
        }
    }
}

#[derive(Clone)]
struct Caught {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Caught, #[intercept(
    with(self.ends.named("outer")),
    catch_panic,
    with(self.ends.named("inner")),
    with(Meddler),
)]);

struct PanicsAtTheEnd;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for PanicsAtTheEnd {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        match call.metadata().contains_key("x-panic") {
            true => {
                next.observe(call, |_: &End<'_>| panic!("outside of catch_panic"))
                    .await
            }
            false => next.run(call).await,
        }
    }
}

#[derive(Clone)]
struct CaughtInside {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: CaughtInside, #[intercept(
    with(self.ends.named("outer")),
    with(PanicsAtTheEnd),
    catch_panic,
)]);

/// `catch_panic` covers the entries listed after it. If an observer listed before it panics, only that call fails.
/// Other calls on the same connection continue.
#[tokio::test]
async fn observer_panic_outside_catch_panic_fails_only_its_call() {
    let (ends, mut told) = Ends::new();
    let script = Script::default();
    let service = CaughtInside { script, ends };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        let other = caller.told(Behaviour::HangAfter(1));
        let mut other = other.open(Kind::ServerStreaming).await.unwrap();
        other.next().await.unwrap().unwrap();
        let panics = caller.with("x-panic", "yes").told(Behaviour::Answer(2));
        panics.call(kind).await;
        let end = told.next().await;
        assert_eq!(end.observer, "outer", "{kind}");
        // The next call uses the same channel, whatever has happened to its connection.
        let next = caller.told(Behaviour::Answer(1)).call(Kind::Unary).await;
        assert_eq!(next.code(), Code::Ok, "{kind}");
        assert_eq!(told.next().await.outcome, Outcome::Ok);
        let pending = other
            .as_mut()
            .poll_next(&mut Context::from_waker(Waker::noop()));
        assert!(pending.is_pending(), "{kind}: {pending:?}");
        drop(other);
        assert_eq!(told.next().await.outcome, Outcome::Cancelled, "{kind}");
    }
}

async fn caught() -> (Caller, Ends) {
    let (ends, told) = Ends::new();
    let script = Script::default();
    let service = Caught { script, ends };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    (Caller::new(&channel), told)
}

fn how(end: &Ended) -> (&'static str, Outcome, Code, u64) {
    (end.observer, end.outcome, end.code, end.messages)
}

fn assert_internal(status: &Status) {
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "internal error");
    assert!(status.details().is_empty());
}

#[tokio::test]
async fn panic_becomes_internal_and_observers_see_panicked() {
    let (caller, mut ends) = caught().await;
    for kind in KINDS {
        for (behaviour, messages) in [(Behaviour::Panic, 0), (Behaviour::PanicAfter(2), 2)] {
            let messages = match kind.response_is_stream() {
                true => messages,
                false => 0,
            };
            let reply = caller.told(behaviour).call(kind).await;
            assert_internal(&reply.status);
            assert_eq!(reply.messages.len() as u64, messages, "{kind}");
            for observer in ["inner", "outer"] {
                let expected = (observer, Outcome::Panicked, Code::Internal, messages);
                assert_eq!(how(&ends.next().await), expected, "{kind}");
            }
        }
        // The service keeps working, on the same connection.
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
        for _ in 0..2 {
            assert_eq!(ends.next().await.outcome, Outcome::Ok, "{kind}");
        }
    }
}

#[tokio::test]
async fn panics_of_inner_interceptors_are_caught() {
    let (caller, mut ends) = caught().await;
    for kind in KINDS {
        for order in ["early", "before", "after"] {
            let reply = caller.with("x-panic", order).call(kind).await;
            assert_internal(&reply.status);
            for observer in ["inner", "outer"] {
                let expected = (observer, Outcome::Panicked, Code::Internal, 0);
                assert_eq!(how(&ends.next().await), expected, "{kind} {order}");
            }
        }
    }
}

#[tokio::test]
async fn observer_panic_inside_catch_panic_is_caught() {
    let (caller, mut ends) = caught().await;
    for kind in KINDS {
        for behaviour in [
            Behaviour::Answer(2),
            Behaviour::Fail(Code::NotFound),
            Behaviour::FailAfter(1, Code::NotFound),
            Behaviour::Panic,
            Behaviour::PanicAfter(1),
        ] {
            let caller = caller.with("x-panic", "observer").told(behaviour);
            let reply = caller.call(kind).await;
            let expected = match (kind.response_is_stream(), behaviour) {
                // The stream had already ended with its own status.
                (true, Behaviour::Answer(_)) => Code::Ok,
                (true, Behaviour::FailAfter(..)) => Code::NotFound,
                _ => Code::Internal,
            };
            assert_eq!(reply.code(), expected, "{kind} {behaviour:?}");
            for observer in ["inner", "outer"] {
                let end = ends.next().await;
                assert_eq!(
                    (end.observer, end.code),
                    (observer, expected),
                    "{kind} {behaviour:?}"
                );
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    path: String,
    kind: Kind,
    message: Option<String>,
    file: Option<String>,
}

#[derive(Clone, Default)]
struct Report(Arc<Mutex<Vec<Seen>>>);

impl PanicHandler for Report {
    fn panicked(&self, panic: &Panic<'_>) {
        self.0.lock().unwrap().push(Seen {
            path: panic.path().to_owned(),
            kind: panic.kind(),
            message: panic.message().map(str::to_owned),
            file: panic.location().map(|location| location.file().to_owned()),
        });
    }
}

struct Reported {
    script: Script,
    report: Report,
}

scripted!(self: Reported, #[intercept(catch_panic(hook = self.report), with(Meddler))]);

#[tokio::test]
async fn hook_receives_message_and_location_of_the_panic() {
    record_locations();
    record_locations();
    let report = Report::default();
    let service = Reported {
        script: Script::default(),
        report: report.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    for (kind, path) in KINDS.into_iter().zip([
        "/demo.v1.UserService/GetUser",
        "/demo.v1.UserService/ImportUsers",
        "/demo.v1.UserService/ListUsers",
        "/demo.v1.UserService/Chat",
    ]) {
        let seen = |message: &str, file: &str| Seen {
            path: path.to_owned(),
            kind,
            message: Some(message.to_owned()),
            file: Some(file.to_owned()),
        };
        for behaviour in [Behaviour::Panic, Behaviour::PanicAfter(1)] {
            let reply = caller.told(behaviour).call(kind).await;
            assert_internal(&reply.status);
            let told = std::mem::take(&mut *report.0.lock().unwrap());
            assert_eq!(told, [seen("told to", "tests/src/users.rs")]);
        }
        for (order, message) in [
            ("early", "before there is a future"),
            ("before", "on the way in"),
            ("after", "on the way out"),
        ] {
            let reply = caller.with("x-panic", order).call(kind).await;
            assert_internal(&reply.status);
            let told = std::mem::take(&mut *report.0.lock().unwrap());
            assert_eq!(told, [seen(message, file!())]);
        }
        assert_eq!(caller.call(kind).await.code(), Code::Ok);
        assert!(report.0.lock().unwrap().is_empty());
    }
}

static COUNTED: AtomicU32 = AtomicU32::new(0);

fn count_and_panic(panic: &Panic<'_>) {
    assert!(panic.payload().is::<&'static str>());
    COUNTED.fetch_add(1, Ordering::SeqCst);
    panic!("the hook itself");
}

struct Hooked {
    script: Script,
}

scripted!(self: Hooked, #[intercept(catch_panic(hook = count_and_panic))]);

#[tokio::test]
async fn panic_of_the_hook_is_ignored() {
    let script = Script::default();
    let channel = serve(Routes::new(UserServiceServer::new(Hooked { script }))).await;
    let caller = Caller::new(&channel);
    for (n, kind) in (1..).zip(KINDS) {
        let reply = caller.told(Behaviour::PanicAfter(1)).call(kind).await;
        assert_internal(&reply.status);
        assert_eq!(COUNTED.load(Ordering::SeqCst), n);
    }
}

/// Panics with something that panics when it is dropped.
struct Nasty;

impl Drop for Nasty {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// Fails the first time, panics the second time, and so on.
struct Unsteady {
    runs: AtomicU32,
    ends: WatchEnds,
}

#[intercept(with(self.ends), retry(max = 1, base_delay = "1ms", codes = [Internal], only = [get_user]), catch_panic)]
#[tonic::async_trait]
impl interceptors_proto::guide::user_service_server::UserService for Unsteady {
    async fn get_user(
        &self,
        _: Request<interceptors_proto::guide::GetUserRequest>,
    ) -> Result<Response<interceptors_proto::guide::User>, Status> {
        match self.runs.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("the first time"),
            _ => Err(Status::internal("the second time")),
        }
    }

    async fn login(
        &self,
        _: Request<interceptors_proto::guide::LoginRequest>,
    ) -> Result<Response<interceptors_proto::guide::LoginReply>, Status> {
        std::panic::panic_any(Nasty)
    }

    async fn list_users(
        &self,
        _: Request<interceptors_proto::guide::ListUsersRequest>,
    ) -> Result<Response<Users>, Status> {
        Ok(Response::new(Box::pin(Relentless(0))))
    }
}

type Users = Pin<Box<dyn Stream<Item = Result<interceptors_proto::guide::User, Status>> + Send>>;

/// Has one message, and panics whenever it is polled after that.
struct Relentless(u32);

impl Stream for Relentless {
    type Item = Result<interceptors_proto::guide::User, Status>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0 += 1;
        match self.0 {
            1 => Poll::Ready(Some(Ok(interceptors_proto::guide::User::default()))),
            2 => panic!("the first time"),
            _ => panic!("polled again"),
        }
    }
}

#[tokio::test]
async fn panicked_stream_yields_one_error_and_is_not_polled_again() {
    use interceptors_proto::guide::user_service_server::UserService as _;

    let (ends, mut told) = Ends::new();
    let service = Unsteady {
        runs: AtomicU32::new(0),
        ends,
    };
    let request = Request::new(interceptors_proto::guide::ListUsersRequest::default());
    let mut users = service.list_users(request).await.unwrap().into_inner();
    assert!(users.next().await.unwrap().is_ok());
    assert_internal(&users.next().await.unwrap().unwrap_err());
    for _ in 0..3 {
        assert!(users.next().await.is_none());
    }
    let end = told.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Panicked, 1));
    drop((users, service));
    assert_eq!(told.rest().await, []);
}

#[tokio::test]
async fn retry_after_panic_reports_the_last_attempts_outcome() {
    use interceptors_proto::guide::user_service_server::UserService as _;

    let (ends, mut told) = Ends::new();
    let service = Unsteady {
        runs: AtomicU32::new(0),
        ends,
    };
    let request = Request::new(interceptors_proto::guide::GetUserRequest { id: 1 });
    let status = service.get_user(request).await.unwrap_err();
    assert_eq!(status.message(), "the second time");
    let end = told.next().await;
    assert_eq!((end.outcome, end.code), (Outcome::Error, Code::Internal));

    let request = Request::new(interceptors_proto::guide::LoginRequest::default());
    assert_internal(&service.login(request).await.unwrap_err());
    assert_eq!(told.next().await.outcome, Outcome::Panicked);
}

/// Replaces the status of a panic.
struct Mask;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Mask {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let answer = next.run(call).await;
        answer.map_err(|_| Status::unavailable("come back later"))
    }
}

#[derive(Clone)]
struct Masked {
    script: Script,
    ends: WatchEnds,
}

scripted!(self: Masked, #[intercept(with(self.ends), with(Mask), catch_panic)]);

#[tokio::test]
async fn observers_see_status_replaced_by_an_outer_interceptor() {
    let (ends, mut told) = Ends::new();
    let script = Script::default();
    let service = Masked { script, ends };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel).told(Behaviour::Panic);
    for kind in KINDS {
        assert_eq!(caller.call(kind).await.code(), Code::Unavailable);
        let end = told.next().await;
        assert_eq!((end.outcome, end.code), (Outcome::Error, Code::Unavailable));
    }
}
