//! The helpers in `test_util`.

use std::time::Duration;

use interceptors::logging::Logging;
use interceptors::test_util::{
    Answer, CallBuilder, EndRecorder, Scripted, advance, before, leave, streaming,
};
use interceptors::{Kind, Next, Outcome, ResponseStream, Side, assert_plan, intercept};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Response, Status};

#[tokio::test]
async fn call_builder_builds_the_call_as_set() {
    let call = CallBuilder::client()
        .kind(Kind::BidiStreaming)
        .path("/a.b.C/D")
        .call(Request::new(1));
    assert_eq!(
        (call.side(), call.kind()),
        (Side::Client, Kind::BidiStreaming)
    );
    assert_eq!(
        (call.path(), call.service(), call.method()),
        ("/a.b.C/D", "a.b.C", "D")
    );
    assert!(call.can_resend());
    assert!(
        !CallBuilder::server()
            .call_once(Request::new(1))
            .can_resend()
    );
}

#[tokio::test(start_paused = true)]
async fn script_answers_in_order_and_keeps_the_requests() {
    let mut script = Scripted::new([
        Answer::from(Ok(1)),
        Answer::After(Duration::from_secs(5), Err(Status::aborted("later"))),
        Answer::Never,
    ]);
    let builder = CallBuilder::server();
    let mut call = builder.call(Request::new("a"));
    assert_eq!(script.run(&mut call).await.unwrap().into_inner(), 1);
    assert!(call.is_answered());
    let started = tokio::time::Instant::now();
    let status = script.run(&mut builder.call(Request::new("b"))).await;
    assert_eq!(status.unwrap_err().code(), Code::Aborted);
    assert_eq!(started.elapsed(), Duration::from_secs(5));
    let mut call = builder.call(Request::new("c"));
    let never = script.run(&mut call);
    assert!(
        tokio::time::timeout(Duration::from_secs(99), never)
            .await
            .is_err()
    );
    let status = script.run(&mut builder.call(Request::new("d"))).await;
    assert_eq!(status.unwrap_err().code(), Code::Internal);
    let asked: Vec<_> = script.requests().iter().map(Request::get_ref).collect();
    assert_eq!(asked, [&"a", &"b", &"c", &"d"]);
}

#[tokio::test]
async fn panic_and_dropped_call_are_recorded_once_each() {
    let recorder = EndRecorder::default();
    let inner = recorder.clone();
    let panicked = tokio::spawn(async move {
        let script = Scripted::<_, ()>::new([Answer::Panic("on purpose")]);
        let mut call = CallBuilder::server().call(Request::new(()));
        before(&inner, script).run(&mut call).await
    });
    assert!(panicked.await.unwrap_err().is_panic());
    let script = Scripted::<_, ()>::new([Answer::Never]);
    let mut call = CallBuilder::server().call(Request::new(()));
    let mut chain = before(&recorder, script);
    tokio::select! {
        biased;
        _ = chain.run(&mut call) => unreachable!(),
        () = std::future::ready(()) => {}
    }
    drop(chain);
    let outcomes: Vec<_> = recorder.take().into_iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::Panicked, Outcome::Cancelled]);
}

#[tokio::test]
async fn response_stream_is_recorded_to_its_end() {
    let recorder = EndRecorder::default();
    let stream = tokio_stream::iter([Ok(1), Ok(2), Err(Status::data_loss("lost"))]);
    let script = Scripted::new([Answer::Now(Ok(Response::new(ResponseStream::new(stream))))]);
    let builder = CallBuilder::server().kind(Kind::ServerStreaming);
    let mut call = builder.call(Request::new(()));
    let logging = Logging::new();
    let response = before(&logging, before(&recorder, script))
        .run(&mut call)
        .await;
    let stream = leave(&mut call, response).unwrap().into_inner();
    assert_eq!(recorder.take(), [], "it has not ended yet");
    assert_eq!(stream.collect::<Vec<_>>().await.len(), 3);
    let [end] = &recorder.take()[..] else {
        panic!("told once");
    };
    assert_eq!(
        (end.outcome, end.code, end.messages),
        (Outcome::Error, Code::DataLoss, 2)
    );
}

#[tokio::test]
async fn streaming_yields_the_given_messages() {
    let mut stream = streaming([Ok(1), Ok(2)]);
    assert_eq!(stream.message().await.unwrap(), Some(1));
    assert_eq!(stream.message().await.unwrap(), Some(2));
    assert_eq!(stream.message().await.unwrap(), None);
    assert!(
        stream
            .trailers()
            .await
            .unwrap()
            .is_none_or(|it| it.is_empty())
    );
    let mut stream = streaming::<u32, _>([Err(Status::cancelled("gone"))]);
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Cancelled);
}

#[tokio::test]
async fn outer_interceptor_sees_each_message_first() {
    let mut call = CallBuilder::server().call_once(Request::new(streaming([Ok(1), Ok(2)])));
    // As interceptors do it before they call `next`, the outer one first.
    call.each_message(|message| {
        *message += 10;
        Ok(())
    });
    call.each_message(|message| match *message {
        11 => {
            *message *= 2;
            Ok(())
        }
        other => Err(Status::invalid_argument(other.to_string())),
    });
    let stream = call.message_mut().unwrap();
    assert_eq!(stream.message().await.unwrap(), Some(22));
    assert_eq!(stream.message().await.unwrap_err().message(), "12");
}

#[tokio::test(start_paused = true)]
async fn advance_moves_the_clock() {
    let started = tokio::time::Instant::now();
    advance(Duration::from_secs(60)).await;
    assert_eq!(started.elapsed(), Duration::from_secs(60));
}

#[intercept(logging, retry(max = 3), deadline("2s"))]
#[derive(Debug)]
struct Outbound;

#[test]
fn check_plan_compares_each_method() {
    use interceptors::Intercepted as _;
    interceptors::test_util::check_plan(
        &Outbound::PLAN,
        &[("*", &["logging", "retry", "deadline"])],
    );
}

#[intercept(service = "demo.v1.UserService", logging, deadline("2s", only = [one]))]
impl HandWritten {
    async fn one(&self, request: Request<u8>) -> Result<Response<u8>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn two(&self, request: Request<u8>) -> Result<Response<u8>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct HandWritten;

#[tokio::test]
async fn assert_plan_passes_if_every_method_matches() {
    assert_plan!(HandWritten, { Two: [logging], One: [logging, deadline] });
    HandWritten.one(Request::new(1)).await.unwrap();
    HandWritten.two(Request::new(2)).await.unwrap();
}

#[test]
#[should_panic(expected = "and not\n    One: [logging]")]
fn assert_plan_fails_on_an_unlisted_method() {
    assert_plan!(HandWritten, { One: [logging] });
}
