//! Guarantees for interceptors of other crates. The ignored test shows a guarantee that does not hold yet.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use interceptors::ext::{CallName, Inner, Layer, Step, watched};
use interceptors::request_id;
use interceptors::test_util::{Answer, CallBuilder, Scripted, advance, before, leave};
use interceptors::{
    Call, End, Intercepted as _, Interceptor, Kind, Next, Outcome, ResponseStream, intercept,
};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use interceptors_proto::guide;
use interceptors_proto::guide::user_service_server::UserService as Guide;
use interceptors_tests::{Behaviour, Caller, Ends, Script, WatchEnds, scripted, serve};
use interceptors_tests_outside::{CatchPanic, IdOfCall};
use tokio_stream::StreamExt;
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

use crate::common::{Meddler, See, listen};

/// Pushes a layer for each response.
struct Leaves<F>(F);

impl<Req: Send, Res: Send, L: Layer, F: Fn() -> L + Send + Sync> Interceptor<Req, Res>
    for Leaves<F>
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let answer = next.run(call).await;
        if answer.is_ok() {
            call.push_layer((self.0)());
        }
        answer
    }
}

type Items = tokio_stream::Iter<std::vec::IntoIter<Result<u32, Status>>>;

/// A handler whose stream has two messages.
fn handler() -> Scripted<(), ResponseStream<Items>> {
    let items = tokio_stream::iter(vec![Ok(1), Ok(2)]);
    Scripted::new([Answer::from(Ok(ResponseStream::new(items)))])
}

fn streaming_call() -> Call<()> {
    let call = CallBuilder::server().kind(Kind::ServerStreaming);
    call.call(Request::new(()))
}

static ENDS: AtomicU32 = AtomicU32::new(0);

/// A zero-sized layer that wants the end.
struct Sizeless;

impl Layer for Sizeless {
    fn end(&mut self, _: &End<'_>) {
        ENDS.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn zero_sized_layer_gets_the_end() {
    let mut handler = handler();
    let mut call = streaming_call();
    let interceptor = Leaves(|| Sizeless);
    let answer = before(&interceptor, &mut handler).run(&mut call).await;
    let stream = leave(&mut call, answer).unwrap().into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 2);
    assert_eq!(ENDS.load(Ordering::SeqCst), 1);
}

/// Records the result of each poll, and the end.
#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<String>>>);

impl Layer for Steps {
    fn poll(&mut self, _: &CallName, cx: &mut Context<'_>, inner: &mut Inner<'_>) -> Poll<Step> {
        let polled = inner(cx);
        if let Poll::Ready(step) = &polled {
            self.0.lock().unwrap().push(format!("{step:?}"));
        }
        polled
    }

    fn end(&mut self, end: &End<'_>) {
        let end = format!("end:{}", end.outcome());
        self.0.lock().unwrap().push(end);
    }
}

#[tokio::test]
async fn layer_is_not_polled_after_its_end() {
    let mut handler = handler();
    let mut call = streaming_call();
    let steps = Steps::default();
    let interceptor = Leaves(|| steps.clone());
    let answer = before(&interceptor, &mut handler).run(&mut call).await;
    let mut stream = leave(&mut call, answer).unwrap().into_inner();
    while stream.next().await.is_some() {}
    assert!(stream.next().await.is_none());
    let steps = steps.0.lock().unwrap().join(" ");
    assert_eq!(steps, "Message Message End end:ok");
}

#[tokio::test]
async fn layer_of_a_unary_response_is_dropped() {
    let mut handler = Scripted::new([Answer::from(Ok(1))]);
    let mut call = CallBuilder::server().call(Request::new(()));
    let steps = Steps::default();
    let interceptor = Leaves(|| steps.clone());
    before(&interceptor, &mut handler)
        .run(&mut call)
        .await
        .unwrap();
    drop(call);
    assert_eq!(*steps.0.lock().unwrap(), [""; 0]);
}

/// A service with the policy in the macro's arguments.
macro_rules! service {
    ($name:ident { $($field:ident: $ty:ty),* }, #[intercept($($policy:tt)*)]) => {
        #[derive(Clone, Default)]
        struct $name {
            script: Script,
            $($field: $ty),*
        }

        scripted!(self: $name, #[intercept($($policy)*)]);
    };
}

/// Records the number of request messages at the end, if it is known.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<Vec<Option<u64>>>>);

impl Layer for Known {
    fn end(&mut self, end: &End<'_>) {
        let messages = end.known_request_messages();
        self.0.lock().unwrap().push(messages);
    }
}

service!(Counted { known: Known }, #[intercept(with(Leaves(|| self.known.clone())))]);

#[tokio::test]
async fn pushed_layer_does_not_know_the_number_of_request_messages() {
    let (_events, _guard) = listen();
    let service = Counted::default();
    let known = service.known.clone();
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    Caller::new(&channel).call(Kind::BidiStreaming).await;
    assert_eq!(*known.0.lock().unwrap(), [None]);
}

/// Rejects the call after the handler has run.
struct RejectsLate;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for RejectsLate {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        drop(next.run(call).await);
        Err(Status::aborted("too late"))
    }
}

service!(Late { see: See }, #[intercept(with(IdOfCall::new()), with(RejectsLate), with(self.see))]);

#[tokio::test]
#[ignore = "layers of a discarded stream get their end when the outer interceptors have already returned"]
async fn id_is_current_at_the_end_of_a_discarded_stream() {
    let (_events, _guard) = listen();
    let service = Late::default();
    let see = service.see.clone();
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel).with("x-request-id", "job-1");
    for kind in [Kind::Unary, Kind::ServerStreaming] {
        assert_eq!(caller.call(kind).await.code(), Code::Aborted);
        let (places, ids) = see.take();
        assert_eq!(places, ["in", "end"], "{kind}");
        assert_eq!(ids, [Some("job-1".to_owned())], "{kind}");
    }
}

/// Records the ID of the built-in `request_id` at the end.
struct BuiltIn(Arc<Mutex<Vec<Option<String>>>>);

impl Layer for BuiltIn {
    fn end(&mut self, _: &End<'_>) {
        let id = request_id::current().map(|id| id.to_string());
        self.0.lock().unwrap().push(id);
    }
}

/// Adds a [`BuiltIn`] layer.
#[derive(Default)]
struct SeesBuiltIn(Arc<Mutex<Vec<Option<String>>>>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for SeesBuiltIn {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        watched(next, call, BuiltIn(Arc::clone(&self.0))).await
    }
}

#[test]
fn built_in_id_is_current_at_the_end_of_a_cancelled_call() {
    let seen = SeesBuiltIn::default();
    let named = request_id::SetRequestId::new();
    let mut handler = Scripted::new([Answer::<()>::Never]);
    let mut request = Request::new(());
    request
        .metadata_mut()
        .insert("x-request-id", "job-1".parse().unwrap());
    let mut call = CallBuilder::server().call(request);
    {
        let mut chain = before(&named, before(&seen, &mut handler));
        let run = pin!(chain.run(&mut call));
        assert!(
            run.poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
    assert_eq!(*seen.0.lock().unwrap(), [Some("job-1".to_owned())]);
}

/// Its stream has one message, and panics in the next poll.
struct PanicsLater;

#[intercept(with(CatchPanic), timeout("1s"))]
#[tonic::async_trait]
impl Guide for PanicsLater {
    async fn list_users(
        &self,
        _: Request<guide::ListUsersRequest>,
    ) -> Result<Response<BoxStream<guide::User>>, Status> {
        let users = (0..2).map(|i| match i {
            0 => Ok(guide::User::default()),
            _ => panic!("told to"),
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(users))))
    }
}

#[tokio::test(start_paused = true)]
async fn panics_are_caught_in_a_stream_read_after_its_deadline() {
    let (_events, _guard) = listen();
    let request = Request::new(guide::ListUsersRequest::default());
    let mut users = PanicsLater.list_users(request).await.unwrap().into_inner();
    assert!(users.next().await.unwrap().is_ok());
    // The task that ends the layers of an unread stream runs here.
    tokio::task::yield_now().await;
    advance(Duration::from_secs(5)).await;
    tokio::task::yield_now().await;
    assert!(users.next().await.unwrap().is_err());
}

// Plans.

#[derive(Clone, Default)]
struct CaughtLate {
    script: Script,
    see: See,
}

scripted!(self: CaughtLate, #[intercept(with(self.see), interceptors_tests_outside::CatchPanic)]);

#[test]
fn rules_of_external_entries_apply() {
    let names = CaughtLate::PLAN.methods()[0].interceptors();
    let names: Vec<_> = names.map(|entry| entry.name()).collect();
    assert_eq!(names, ["with", "catch_panic"]);
    assert_ne!(CaughtLate::PLAN.notes().count(), 0);
}

// Channels.

service!(Bare {}, #[intercept()]);

#[intercept(with(Leaves(|| self.steps.clone())))]
struct Stepped {
    steps: Steps,
}

#[tokio::test]
async fn steps_on_a_channel_are_whole_messages() {
    let (_events, _guard) = listen();
    let channel = serve(Routes::new(UserServiceServer::new(Bare::default()))).await;
    let steps = Steps::default();
    let wrapped = Stepped {
        steps: steps.clone(),
    };
    let mut client = UserServiceClient::new(wrapped.wrap(channel));
    for (behaviour, expected) in [
        (Behaviour::Answer(1), "Message End end:ok"),
        (
            Behaviour::FailAfter(1, Code::NotFound),
            "Message Failed end:error",
        ),
    ] {
        let mut request = Request::new(ListUsersRequest::default());
        let value = behaviour.to_string().parse().unwrap();
        request.metadata_mut().insert(Behaviour::KEY, value);
        let mut users = client.list_users(request).await.unwrap().into_inner();
        while let Some(Ok(_)) = users.next().await {}
        drop(users);
        let steps = std::mem::take(&mut *steps.0.lock().unwrap());
        assert_eq!(steps.join(" "), expected);
    }
}

#[intercept(
    with(self.ends),
    hedge(max_attempts = 2, delay = "10s"),
    with(CatchPanic),
    with(Meddler),
)]
struct Hedged {
    ends: WatchEnds,
}

#[tokio::test]
async fn panic_of_a_hedged_attempt_is_reported_as_panicked() {
    let (_events, _guard) = listen();
    let channel = serve(Routes::new(UserServiceServer::new(Bare::default()))).await;
    let (ends, mut told) = Ends::new();
    let mut client = UserServiceClient::new(Hedged { ends }.wrap(channel));
    let mut request = Request::new(GetUserRequest::default());
    request
        .metadata_mut()
        .insert("x-panic", "before".parse().unwrap());
    let status = client.get_user(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(told.next().await.outcome, Outcome::Panicked);
}

service!(Misnamed {}, #[intercept(with(CatchPanic), with(IdOfCall::new().header("grpc-timeout")))]);

#[tokio::test]
async fn invalid_setting_is_internal_and_does_not_reset_the_stream() {
    let (_events, _guard) = listen();
    let channel = serve(Routes::new(UserServiceServer::new(Misnamed::default()))).await;
    // A compile error would be better, as for the settings of built-in interceptors.
    let reply = Caller::new(&channel).call(Kind::Unary).await;
    assert_eq!(reply.code(), Code::Internal);
}
