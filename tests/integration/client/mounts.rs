use crate::common::{server, told, with};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use expect_test::expect;
use interceptors::client::InterceptedChannel;
use interceptors::{Intercepted as _, Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{
    ChatMessage, GetUserRequest, ImportSummary, ListUsersRequest, User,
};
use interceptors_tests::{Behaviour, Ended, Ends, Recorder, Steps, WatchEnds, clients};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

fn users(n: u64) -> Vec<User> {
    let user = |id| User {
        id,
        ..User::default()
    };
    (0..n).map(user).collect()
}

#[tokio::test]
async fn generated_client_methods_run_the_chain_in_order() {
    let (_, channel) = server().await;
    let mut client = clients::recorded::UserServiceClient::new(channel);
    let steps = Steps::default();

    let request = with(Request::new(GetUserRequest { id: 7 }), &steps);
    assert_eq!(client.get_user(request).await.unwrap().into_inner().id, 7);
    assert_eq!(steps.take(), ">a >b <b <a");

    let request = with(Request::new(tokio_stream::iter(users(3))), &steps);
    let summary = client.import_users(request).await.unwrap().into_inner();
    assert_eq!(summary.imported, 3);
    assert_eq!(steps.take(), ">a >b <b <a");

    let request = with(Request::new(ListUsersRequest::default()), &steps);
    let stream = client.list_users(request).await.unwrap().into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    assert_eq!(steps.take(), ">a >b <b <a");

    let request = with(
        Request::new(tokio_stream::iter([ChatMessage::default()])),
        &steps,
    );
    let stream = client.chat(request).await.unwrap().into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    assert_eq!(steps.take(), ">a >b <b <a");
}

#[tokio::test]
async fn generated_client_keeps_its_constructors_and_traits() {
    let (_, channel) = server().await;
    let mut client: clients::recorded::UserServiceClient<Channel> =
        clients::recorded::UserServiceClient::with_origin(
            channel.clone(),
            "http://example.com".parse().unwrap(),
        )
        .max_decoding_message_size(1_000)
        .max_encoding_message_size(1_000);
    assert!(format!("{:?}", client.clone()).starts_with("UserServiceClient"));
    client.get_user(GetUserRequest { id: 1 }).await.unwrap();

    let mut with_interceptor = clients::recorded::UserServiceClient::with_interceptor(
        channel.clone(),
        |mut request: Request<()>| {
            request.metadata_mut().insert(
                Behaviour::KEY,
                Behaviour::Fail(Code::NotFound).to_string().parse().unwrap(),
            );
            Ok(request)
        },
    );
    let status = with_interceptor
        .get_user(GetUserRequest { id: 1 })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);

    let mut small = clients::recorded::UserServiceClient::new(channel.clone());
    small = small.max_decoding_message_size(1);
    let status = small
        .get_user(GetUserRequest { id: 300 })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    let mut bare = UserServiceClient::new(channel).max_decoding_message_size(1);
    let expected = bare.get_user(GetUserRequest { id: 300 }).await.unwrap_err();
    assert_eq!(status.message(), expected.message());
}

#[tokio::test]
async fn plan_of_a_generated_client_has_the_exact_names() {
    let plan = clients::retried::UserServiceClient::<Channel>::PLAN;
    expect![[r#"
        METHOD                            KIND           INTERCEPTOR                      SETTINGS
        /demo.v1.UserService/Login        unary          with(crate::clients::Watched)
                                                         retry                            max_attempts=4 base_delay=100ms max_delay=300ms multiplier=2.0 jitter=0.0 codes=[Unavailable, DeadlineExceeded]
                                                         with(crate::clients::Step(…))
        /demo.v1.UserService/GetUser      unary          with(crate::clients::Watched)
                                                         retry                            max_attempts=4 base_delay=100ms max_delay=300ms multiplier=2.0 jitter=0.0 codes=[Unavailable, DeadlineExceeded]
                                                         with(crate::clients::Step(…))
        /demo.v1.UserService/ListUsers    server_stream  with(crate::clients::Watched)
                                                         retry                            max_attempts=4 base_delay=100ms max_delay=300ms multiplier=2.0 jitter=0.0 codes=[Unavailable, DeadlineExceeded]
                                                         with(crate::clients::Step(…))
        /demo.v1.UserService/ImportUsers  client_stream  with(crate::clients::Watched)
                                                         retry                            max_attempts=4 base_delay=100ms max_delay=300ms multiplier=2.0 jitter=0.0 codes=[Unavailable, DeadlineExceeded]
                                                         with(crate::clients::Step(…))
        /demo.v1.UserService/Chat         bidi_stream    with(crate::clients::Watched)
                                                         retry                            max_attempts=4 base_delay=100ms max_delay=300ms multiplier=2.0 jitter=0.0 codes=[Unavailable, DeadlineExceeded]
                                                         with(crate::clients::Step(…))
        /demo.v1.UserService/Flaky        unary          with(crate::clients::Watched)
                                                         retry                            max_attempts=4 base_delay=100ms max_delay=300ms multiplier=2.0 jitter=0.0 codes=[Unavailable, DeadlineExceeded]
                                                         with(crate::clients::Step(…))
    "#]]
    .assert_eq(&plan.to_string());
}

#[tokio::test]
async fn observers_of_a_generated_client_see_each_end() {
    let (_, channel) = server().await;
    let mut client = clients::observed::UserServiceClient::new(channel);
    let (watch, mut ends) = Ends::new();
    let ended = |method: &str, kind, outcome, code, messages| Ended {
        observer: "",
        path: format!("/demo.v1.UserService/{method}"),
        kind,
        outcome,
        code,
        messages,
    };

    client
        .get_user(with(Request::new(GetUserRequest { id: 1 }), &watch))
        .await
        .unwrap();
    assert_eq!(
        ends.next().await,
        ended("GetUser", Kind::Unary, Outcome::Ok, Code::Ok, 1)
    );

    let failing = told(
        ListUsersRequest::default(),
        Behaviour::FailAfter(2, Code::DataLoss),
    );
    let mut stream = client
        .list_users(with(failing, &watch))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stream.next().await.unwrap().unwrap().id, 0);
    assert_eq!(stream.next().await.unwrap().unwrap().id, 1);
    let status = stream.next().await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.details()),
        (Code::DataLoss, [1, 2, 3].as_slice())
    );
    assert!(status.metadata().contains_key("x-failure"));
    assert!(stream.next().await.is_none());
    let end = ended(
        "ListUsers",
        Kind::ServerStreaming,
        Outcome::Error,
        Code::DataLoss,
        2,
    );
    assert_eq!(ends.next().await, end);

    let request = with(
        told(ListUsersRequest::default(), Behaviour::HangAfter(1)),
        &watch,
    );
    let mut stream = client.list_users(request).await.unwrap().into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    let end = ended(
        "ListUsers",
        Kind::ServerStreaming,
        Outcome::Cancelled,
        Code::Cancelled,
        1,
    );
    assert_eq!(ends.next().await, end);

    let request = with(told(GetUserRequest::default(), Behaviour::Hang), &watch);
    let hanging = tokio::time::timeout(Duration::from_millis(50), client.get_user(request)).await;
    assert!(hanging.is_err());
    let end = ended(
        "GetUser",
        Kind::Unary,
        Outcome::Cancelled,
        Code::Cancelled,
        0,
    );
    assert_eq!(ends.next().await, end);

    let request = with(Request::new(tokio_stream::iter(users(3))), &watch);
    client.import_users(request).await.unwrap();
    let end = ended(
        "ImportUsers",
        Kind::ClientStreaming,
        Outcome::Ok,
        Code::Ok,
        1,
    );
    assert_eq!(ends.next().await, end);
}

#[tokio::test]
async fn observed_stream_keeps_its_trailers() {
    let (_, channel) = server().await;
    let (watch, _ends) = Ends::new();
    let mut watched = clients::observed::UserServiceClient::new(channel.clone());
    let request = with(Request::new(ListUsersRequest::default()), &watch);
    let mut stream = watched.list_users(request).await.unwrap().into_inner();
    let trailers = stream.trailers().await.unwrap();
    let mut bare = UserServiceClient::new(channel);
    let mut stream = bare
        .list_users(ListUsersRequest::default())
        .await
        .unwrap()
        .into_inner();
    let expected = stream.trailers().await.unwrap();
    assert_eq!(format!("{trailers:?}"), format!("{expected:?}"));
}

// A chain for channels.

#[intercept(with(self.outer), with(self.ends), with(self.inner, except = ["/demo.v1.UserService/Login"]))]
struct Outbound {
    outer: Recorder,
    ends: WatchEnds,
    inner: Recorder,
}

impl Outbound {
    fn new(steps: &Steps) -> (Self, Ends) {
        let (watch, ends) = Ends::new();
        let outbound = Self {
            outer: steps.recorder("outer"),
            ends: watch,
            inner: steps.recorder("inner"),
        };
        (outbound, ends)
    }
}

#[tokio::test]
async fn wrapped_channel_runs_the_chain_for_every_kind() {
    let (_, channel) = server().await;
    let steps = Steps::default();
    let (outbound, mut ends) = Outbound::new(&steps);
    let channel: InterceptedChannel<Outbound, Channel> = outbound.wrap(channel);
    let mut client = UserServiceClient::new(channel.clone());

    client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    assert_eq!(steps.take(), ">outer >inner <inner <outer");
    let end = ends.next().await;
    assert_eq!(
        (end.outcome, end.messages, end.path.as_str()),
        (Outcome::Ok, 1, "/demo.v1.UserService/GetUser")
    );

    client
        .import_users(tokio_stream::iter(users(3)))
        .await
        .unwrap();
    let end = ends.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Ok, 1));

    let stream = client
        .list_users(ListUsersRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    let end = ends.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Ok, 3));

    let stream = client
        .chat(tokio_stream::iter([ChatMessage::default()]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    let end = ends.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Ok, 3));

    let request = told(
        ListUsersRequest::default(),
        Behaviour::FailAfter(1, Code::Aborted),
    );
    let mut stream = client.list_users(request).await.unwrap().into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    let status = stream.next().await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.details()),
        (Code::Aborted, [1, 2, 3].as_slice())
    );
    let end = ends.next().await;
    assert_eq!(
        (end.outcome, end.code, end.messages),
        (Outcome::Error, Code::Aborted, 1)
    );

    let request = told(GetUserRequest::default(), Behaviour::Fail(Code::NotFound));
    let status = client.get_user(request).await.unwrap_err();
    assert_eq!(
        (status.code(), status.details()),
        (Code::NotFound, [1, 2, 3].as_slice())
    );
    assert!(status.metadata().contains_key("x-failure"));
    let end = ends.next().await;
    assert_eq!((end.outcome, end.code), (Outcome::Error, Code::NotFound));

    let request = told(ListUsersRequest::default(), Behaviour::HangAfter(1));
    let mut stream = client.list_users(request).await.unwrap().into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    drop(stream);
    let end = ends.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Cancelled, 1));
}

#[tokio::test]
async fn except_excludes_methods_on_a_channel() {
    let (_, channel) = server().await;
    let steps = Steps::default();
    let (outbound, _ends) = Outbound::new(&steps);
    let mut client = UserServiceClient::new(outbound.wrap(channel));
    client
        .login(interceptors_proto::demo::LoginRequest::default())
        .await
        .unwrap();
    assert_eq!(steps.take(), ">outer <outer");
}

#[test]
fn channel_plan_has_a_row_for_each_method_that_differs() {
    expect![[r#"
        METHOD                      KIND  INTERCEPTOR       SETTINGS
        *                           any   with(self.outer)
                                          with(self.ends)
                                          with(self.inner)
        /demo.v1.UserService/Login  any   with(self.outer)
                                          with(self.ends)
    "#]]
    .assert_eq(&Outbound::PLAN.to_string());
}

#[tokio::test]
async fn channel_can_be_wrapped_twice() {
    let (_, channel) = server().await;
    let (first, second) = (Steps::default(), Steps::default());
    let channel = Outbound::new(&first)
        .0
        .wrap(Outbound::new(&second).0.wrap(channel));
    let mut client = UserServiceClient::new(channel);
    client.get_user(GetUserRequest { id: 7 }).await.unwrap();
    assert_eq!(first.take(), ">outer >inner <inner <outer");
    assert_eq!(second.take(), ">outer >inner <inner <outer");
}

// Hand-written clients.

struct HandWritten {
    client: UserServiceClient<Channel>,
    steps: Recorder,
    calls: AtomicU32,
}

#[intercept(
    service = "demo.v1.UserService",
    with(self.steps),
    retry(max = 2, base_delay = "1ms", only = [get_user]),
)]
impl HandWritten {
    /// A user.
    pub async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.client.clone().get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Streaming<User>>, Status> {
        self.client.clone().list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<ReceiverStream<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.client.clone().import_users(request).await
    }
}

struct MutableClient<T> {
    client: UserServiceClient<Channel>,
    steps: Steps,
    calls: u32,
    other: T,
}

#[intercept(service = "demo.v1.UserService", with(self.steps.recorder("mutable")))]
impl<T: Send> MutableClient<T> {
    async fn get_user(
        &mut self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<User>, Status> {
        self.calls += 1;
        self.client.get_user(request).await
    }
}

#[tokio::test]
async fn hand_written_client_methods_run_the_chain() {
    let (script, channel) = server().await;
    let steps = Steps::default();
    let hand_written = HandWritten {
        client: UserServiceClient::new(channel.clone()),
        steps: steps.recorder("by hand"),
        calls: AtomicU32::new(0),
    };
    let request = told(GetUserRequest { id: 3 }, Behaviour::Fail(Code::Unavailable));
    assert_eq!(
        hand_written.get_user(request).await.unwrap_err().code(),
        Code::Unavailable
    );
    assert_eq!(steps.take(), ">by hand <by hand");
    assert_eq!(
        (hand_written.calls.load(Ordering::Relaxed), script.runs()),
        (3, 3)
    );

    let stream = hand_written
        .list_users(Request::new(ListUsersRequest::default()))
        .await
        .unwrap();
    assert_eq!(stream.into_inner().collect::<Vec<_>>().await.len(), 3);
    assert_eq!(steps.take(), ">by hand <by hand");

    let (send, receive) = tokio::sync::mpsc::channel(4);
    for user in users(2) {
        send.send(user).await.unwrap();
    }
    drop(send);
    let summary = hand_written
        .import_users(Request::new(ReceiverStream::new(receive)))
        .await
        .unwrap();
    assert_eq!(summary.into_inner().imported, 2);

    let mut hand_written = MutableClient {
        client: UserServiceClient::new(channel),
        steps: steps.clone(),
        calls: 0,
        other: "something",
    };
    steps.take();
    hand_written
        .get_user(Request::new(GetUserRequest { id: 3 }))
        .await
        .unwrap();
    assert_eq!(
        (
            steps.take().as_str(),
            hand_written.calls,
            hand_written.other
        ),
        (">mutable <mutable", 1, "something")
    );
}

#[test]
fn plan_of_a_hand_written_client_has_its_service() {
    expect![[r#"
        METHOD                              KIND           INTERCEPTOR       SETTINGS
        /demo.v1.UserService/GetUser *      unary          with(self.steps)
                                                           retry             max_attempts=3 base_delay=1ms max_delay=30s multiplier=2.0 jitter=0.2 codes=[Unavailable, DeadlineExceeded]
        /demo.v1.UserService/ListUsers *    server_stream  with(self.steps)
        /demo.v1.UserService/ImportUsers *  client_stream  with(self.steps)
        * in part from Rust's names; to state it: `service = …`, `#[intercept(name = …)]`
    "#]]
    .assert_eq(&HandWritten::PLAN.to_string());
}
