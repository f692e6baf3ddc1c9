//! A caller that does not read its response cannot hold shared resources.

use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, header};
use interceptors::Outcome;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors_proto::demo::ListUsersRequest;
use interceptors_proto::demo::user_service_server::{UserService as _, UserServiceServer};
use interceptors_tests::{Behaviour, Ends, Script, WatchEnds, listen, scripted};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_stream::{Stream, StreamExt};
use tonic::Code;
use tonic::service::Routes;

const MS: fn(u64) -> Duration = Duration::from_millis;

#[derive(Clone)]
struct Limited {
    script: Script,
    ends: WatchEnds,
    limiter: Limiter,
}

scripted!(self: Limited, #[intercept(
    timeout("100ms"),
    with(self.ends),
    load_shed(limiter = self.limiter),
)]);

#[tokio::test(start_paused = true)]
async fn client_that_does_not_read_loses_its_permit_at_timeout() {
    let (watch, mut ends) = Ends::new();
    let service = Limited {
        script: Script::default(),
        ends: watch,
        limiter: Limiter::new(&Capacity::max(1)),
    };
    let limiter = service.limiter.clone();
    let address = listen(Routes::new(UserServiceServer::new(service))).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = h2::client::Builder::new();
    // Not a byte of a response may be sent.
    builder.initial_window_size(0);
    let (mut client, connection) = builder.handshake::<_, bytes::Bytes>(stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://{address}/demo.v1.UserService/ListUsers"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .header(header::TE, "trailers")
        // More than the server buffers.
        .header(Behaviour::KEY, Behaviour::Answer(1_000_000).to_string())
        .body(())
        .unwrap();
    let (response, mut body) = client.send_request(request, false).unwrap();
    body.send_data(vec![0; 5].into(), true).unwrap();
    let _unread = response.await.unwrap();
    assert_eq!(limiter.in_use(), 1);
    let begun = Instant::now();
    let end = ends.next().await;
    assert_eq!(
        (end.outcome, end.code),
        (Outcome::Error, Code::DeadlineExceeded)
    );
    let taken = begun.elapsed();
    assert!((MS(100)..MS(2000)).contains(&taken), "{taken:?}");
    assert_eq!(limiter.in_use(), 0);
}

#[tokio::test(start_paused = true)]
async fn observers_are_notified_once_even_if_stream_is_unread() {
    let (watch, mut ends) = Ends::new();
    let service = Limited {
        script: Script::default(),
        ends: watch,
        limiter: Limiter::new(&Capacity::max(1)),
    };
    let opened = async |behaviour: Behaviour| {
        let mut request = tonic::Request::new(ListUsersRequest::default());
        let behaviour = behaviour.to_string().parse().unwrap();
        request.metadata_mut().insert(Behaviour::KEY, behaviour);
        let response = service.list_users(request).await;
        Box::pin(response.unwrap().into_inner())
    };
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();

    // A stream that is read to its end or dropped leaves no waiting task.
    let mut read = opened(Behaviour::Answer(3)).await;
    while read.next().await.is_some() {}
    let end = ends.next().await;
    assert_eq!((end.outcome, end.messages), (Outcome::Ok, 3));
    drop(read);
    drop(opened(Behaviour::HangAfter(3)).await);
    assert_eq!(ends.next().await.outcome, Outcome::Cancelled);
    tokio::task::yield_now().await;
    assert_eq!(tasks(), before);

    // Read in part.
    let mut left = opened(Behaviour::Answer(3)).await;
    assert!(left.next().await.unwrap().is_ok());
    let end = ends.next().await;
    assert_eq!(
        (end.outcome, end.code, end.messages),
        (Outcome::Error, Code::DeadlineExceeded, 1)
    );
    assert_eq!(service.limiter.in_use(), 0);
    // A late reader gets the same status.
    let status = left.next().await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(left.next().await.is_none());
    drop(left);
    drop(service);
    assert_eq!(ends.rest().await, []);
}

struct Idle {
    script: Script,
}

scripted!(self: Idle, #[intercept(timeout(idle = "50ms"))]);

#[tokio::test(start_paused = true)]
async fn slow_reader_does_not_trigger_idle_timeout() {
    let service = Idle {
        script: Script::default(),
    };
    let mut request = tonic::Request::new(ListUsersRequest::default());
    let behaviour = Behaviour::HangAfter(3).to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    let response = service.list_users(request).await.unwrap();
    let mut users = Box::pin(response.into_inner());
    let mut task = Context::from_waker(Waker::noop());
    assert!(users.as_mut().poll_next(&mut task).is_ready());
    for _ in 0..2 {
        tokio::time::advance(MS(200)).await;
        assert!(users.as_mut().poll_next(&mut task).is_ready());
    }
    // From here on the stream is silent.
    tokio::time::advance(MS(200)).await;
    assert!(users.as_mut().poll_next(&mut task).is_pending());
    tokio::time::advance(MS(49)).await;
    assert!(users.as_mut().poll_next(&mut task).is_pending());
    tokio::time::advance(MS(2)).await;
    let Poll::Ready(Some(Err(status))) = users.as_mut().poll_next(&mut task) else {
        panic!("the idle timeout has not ended the stream");
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
}
