use std::sync::Mutex;
use std::time::Duration;

use interceptors::test_util::{Answer, CallBuilder, Scripted, advance, before, leave};
use interceptors::{Kind, Next as _, ResponseStream, intercept};
use interceptors_proto::guide::user_service_server::UserService;
use interceptors_proto::guide::{GetUserRequest, ListUsersRequest, User};
use interceptors_tests::{Behaviour, Event, KINDS};
use interceptors_tests_outside::StreamGaps;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::codegen::BoxStream;
use tonic::{Code, Request, Response, Status};

use crate::common::{All, listen};

type Item = Result<User, Status>;

/// A service whose stream sends the messages of the test.
struct Fed(Mutex<Option<UnboundedReceiver<Item>>>);

impl Fed {
    fn new() -> (UnboundedSender<Item>, Self) {
        let (sender, receiver) = unbounded_channel();
        (sender, Self(Mutex::new(Some(receiver))))
    }
}

#[intercept(service = "demo.v1.UserService", with(StreamGaps::new()))]
#[tonic::async_trait]
impl UserService for Fed {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }

    async fn list_users(
        &self,
        _: Request<ListUsersRequest>,
    ) -> Result<Response<BoxStream<User>>, Status> {
        let receiver = self.0.lock().unwrap().take();
        let receiver = receiver.ok_or_else(|| Status::not_found("nothing is fed"))?;
        Ok(Response::new(Box::pin(UnboundedReceiverStream::new(
            receiver,
        ))))
    }
}

/// The method of an event, and its messages and gap.
fn fields(event: &Event) -> (String, String) {
    let text = |name| format!("{:?}", event.get(name).unwrap());
    let method = [text("grpc.service"), text("grpc.method")].join(" ");
    (method, [text("messages"), text("longest_gap")].join(" "))
}

/// Feeds a message after each of these times, and reads it immediately.
async fn read(gaps: &[u64], feed: &UnboundedSender<Item>, stream: &mut BoxStream<User>) {
    for gap in gaps {
        advance(Duration::from_millis(*gap)).await;
        feed.send(Ok(User::default())).unwrap();
        assert!(stream.next().await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn longest_gap_includes_the_time_to_the_first_message() {
    let (events, _guard) = listen();
    for (gaps, longest) in [
        (&[100, 300, 200][..], 300),
        (&[400, 0, 1], 400),
        (&[1, 2, 3], 3),
        (&[], 0),
    ] {
        let (feed, service) = Fed::new();
        let request = Request::new(ListUsersRequest::default());
        let mut stream = service.list_users(request).await.unwrap().into_inner();
        read(gaps, &feed, &mut stream).await;
        // The time between the last message and the end is not a gap.
        advance(Duration::from_secs(5)).await;
        drop(feed);
        assert!(stream.next().await.is_none());
        drop(stream);
        let events: Vec<_> = events.take().iter().map(fields).collect();
        let method = "Str(\"demo.v1.UserService\") Str(\"ListUsers\")";
        let values = format!("U64({}) U64({longest})", gaps.len());
        assert_eq!(events, [(method.to_owned(), values)]);
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_fail_or_are_dropped_have_one_event() {
    let (events, _guard) = listen();
    for fails in [true, false] {
        let (feed, service) = Fed::new();
        let request = Request::new(ListUsersRequest::default());
        let mut stream = service.list_users(request).await.unwrap().into_inner();
        read(&[20, 10], &feed, &mut stream).await;
        if fails {
            advance(Duration::from_secs(5)).await;
            feed.send(Err(Status::data_loss("told to"))).unwrap();
            assert_eq!(
                stream.next().await.unwrap().unwrap_err().code(),
                Code::DataLoss
            );
        }
        drop(stream);
        let events: Vec<_> = events.take().iter().map(|event| fields(event).1).collect();
        assert_eq!(events, ["U64(2) U64(20)"], "{fails}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_stream_have_no_event() {
    let (events, _guard) = listen();
    let (_feed, service) = Fed::new();
    service
        .get_user(Request::new(GetUserRequest::default()))
        .await
        .unwrap();
    service.0.lock().unwrap().take();
    let request = Request::new(ListUsersRequest::default());
    assert!(service.list_users(request).await.is_err());
    assert_eq!(events.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn gaps_below_at_least_are_not_logged() {
    const PATIENT: StreamGaps = StreamGaps::new().at_least(Duration::from_secs(1));

    let (events, _guard) = listen();
    for (gap, count) in [(999, 0), (1_000, 1)] {
        let (feed, receiver) = unbounded_channel::<Item>();
        let stream = ResponseStream::new(UnboundedReceiverStream::new(receiver));
        let mut handler = Scripted::new([Answer::from(Ok(stream))]);
        let mut call = CallBuilder::server()
            .kind(Kind::ServerStreaming)
            .call(Request::new(()));
        let answer = before(&PATIENT, &mut handler).run(&mut call).await;
        let stream = leave(&mut call, answer).unwrap().into_inner();
        let mut stream: BoxStream<User> = Box::pin(stream);
        read(&[gap], &feed, &mut stream).await;
        drop(stream);
        assert_eq!(events.take().len(), count, "{gap}");
    }
}

#[tokio::test]
async fn each_stream_over_a_socket_has_one_event() {
    let (events, _guard) = listen();
    let mut served = All::serve().await;
    for kind in KINDS {
        for behaviour in [
            Behaviour::Answer(3),
            Behaviour::FailAfter(2, Code::NotFound),
            Behaviour::PanicAfter(2),
            Behaviour::HangAfter(2),
        ] {
            let caller = served.caller.told(behaviour);
            match behaviour {
                Behaviour::HangAfter(n) if kind.response_is_stream() => {
                    let mut messages = caller.open(kind).await.unwrap();
                    for _ in 0..n {
                        messages.next().await.unwrap().unwrap();
                    }
                    drop(messages);
                }
                Behaviour::HangAfter(_) => continue,
                _ => _ = caller.call(kind).await,
            }
            served.ends.next().await;
            served.ends.next().await;
            let mut events = events.take();
            events.retain(|event| event.message == "a response stream has ended");
            let count = match kind.response_is_stream() {
                true => 1,
                false => 0,
            };
            assert_eq!(events.len(), count, "{kind} {behaviour:?}");
        }
    }
}
