//! A wrapped channel takes a permit of the inner channel for each attempt, when the attempt is sent.

use std::future::{Future, Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use interceptors::concurrency::{Capacity, Limiter};
use interceptors::intercept;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{FlakyRequest, GetUserRequest, LoginRequest};
use interceptors_tests::flaky::{FlakyServer, answer, fail, hang};
use interceptors_tests::{Behaviour, Script, listen};
use tokio::time::{Instant, sleep, timeout};
use tonic::service::Routes;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tower::Service;
use tower::limit::ConcurrencyLimit;

use crate::common::{Bare, told};

/// Turns a hang into a failure.
async fn bounded<F: Future>(future: F) -> F::Output {
    let bounded = timeout(Duration::from_secs(60), future).await;
    bounded.expect("it waits for a permit that is never released")
}

#[intercept(concurrency(limiter = self.limiter, only = ["/demo.v1.UserService/GetUser"]))]
struct OneGet {
    limiter: Limiter,
}

#[tokio::test]
async fn calls_queued_by_concurrency_do_not_block_other_methods() {
    let service = Bare {
        script: Script::default(),
    };
    let address = listen(Routes::new(UserServiceServer::new(service))).await;
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = endpoint.buffer_size(4).connect_lazy();
    let limiter = Limiter::new(&Capacity::max(1));
    let one_get = OneGet {
        limiter: limiter.clone(),
    };
    let client = UserServiceClient::new(one_get.wrap(channel));
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move {
                let request = told(GetUserRequest::default(), Behaviour::Hang);
                client.get_user(request).await
            })
        })
        .collect();
    // One hangs in the server; the others are in the queue.
    bounded(async {
        while limiter.waiting() < 7 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut other = client.clone();
    let login = bounded(other.login(LoginRequest::default())).await;
    assert!(login.is_ok(), "{login:?}");
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}

/// A channel that never becomes ready.
#[derive(Clone)]
struct Full;

impl Service<http::Request<tonic::body::Body>> for Full {
    type Response = http::Response<tonic::body::Body>;
    type Error = Status;
    type Future = Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Pending
    }

    fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
        ready(Err(Status::internal("it has no place")))
    }
}

#[intercept(deadline("300ms"))]
struct Limited;

#[tokio::test(start_paused = true)]
async fn deadline_covers_the_wait_for_readiness() {
    let mut client = UserServiceClient::new(Limited.wrap(Full));
    let start = Instant::now();
    let answer = bounded(client.get_user(GetUserRequest::default())).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_millis() / 10, 30);

    let mut request = tonic::Request::new(GetUserRequest::default());
    request.set_timeout(Duration::from_millis(100));
    let answer = bounded(client.get_user(request)).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_millis() / 10, 40);
}

#[intercept(retry(max_attempts = 3, base_delay = "10ms", jitter = 0.0))]
struct Retried;

#[intercept(retry(
    max_attempts = 2,
    base_delay = "10s",
    jitter = 0.0,
    attempt_timeout = "1s"
))]
struct Impatient;

#[intercept(hedge(max_attempts = 2, delay = "100ms"))]
struct Hedged;

#[tokio::test(start_paused = true)]
async fn each_attempt_takes_its_own_permit() {
    let server = FlakyServer::new([fail(Code::Unavailable), fail(Code::Unavailable), answer(1)]);
    let channel = ConcurrencyLimit::new(server.channel(), 1);
    let mut client = UserServiceClient::new(Retried.wrap(channel));
    bounded(client.flaky(FlakyRequest::default()))
        .await
        .unwrap();
    assert_eq!(server.attempts().len(), 3);

    let server = FlakyServer::new([hang(), answer(1)]);
    let channel = ConcurrencyLimit::new(server.channel(), 2);
    let mut client = UserServiceClient::new(Hedged.wrap(channel.clone()));
    bounded(client.flaky(FlakyRequest::default()))
        .await
        .unwrap();
    assert_eq!(server.attempts().len(), 2);
    assert_free(channel).await;
}

/// Checks that another client of the channel gets a permit.
async fn assert_free<S>(mut channel: ConcurrencyLimit<S>)
where
    S: Service<http::Request<tonic::body::Body>>,
{
    let place = std::future::poll_fn(|cx| channel.poll_ready(cx));
    let place = timeout(Duration::from_secs(5), place).await;
    assert!(matches!(place, Ok(Ok(()))), "no permit is held");
}

#[tokio::test(start_paused = true)]
async fn retry_delay_holds_no_permit() {
    let server = FlakyServer::new([fail(Code::Unavailable), answer(1)]);
    let channel = ConcurrencyLimit::new(server.channel(), 1);
    let mut client = UserServiceClient::new(Impatient.wrap(channel.clone()));
    let call = tokio::spawn(async move { client.flaky(FlakyRequest::default()).await });
    while server.attempts().is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
    sleep(Duration::from_millis(100)).await;
    assert_free(channel).await;
    bounded(call).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn attempt_that_timed_out_in_the_queue_leaves_it() {
    let server = FlakyServer::new([answer(1)]);
    let mut held = ConcurrencyLimit::new(server.channel(), 1);
    let channel = held.clone();
    std::future::poll_fn(|cx| held.poll_ready(cx))
        .await
        .unwrap();
    let mut client = UserServiceClient::new(Impatient.wrap(channel.clone()));
    let call = tokio::spawn(async move { client.flaky(FlakyRequest::default()).await });
    // The first attempt has timed out, and the second waits for the retry delay.
    sleep(Duration::from_secs(3)).await;
    drop(held);
    assert_free(channel).await;
    bounded(call).await.unwrap().unwrap();
    assert_eq!(server.attempts().len(), 1, "the second one has been sent");
}

/// A channel that fails to become ready this many times.
#[derive(Clone)]
struct Failing(Arc<AtomicU32>);

impl Service<http::Request<tonic::body::Body>> for Failing {
    type Response = http::Response<tonic::body::Body>;
    type Error = Status;
    type Future = Ready<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        let left = self.0.load(Ordering::SeqCst);
        self.0.store(left.saturating_sub(1), Ordering::SeqCst);
        Poll::Ready(match left {
            0 => Ok(()),
            _ => Err(Status::unavailable("not yet")),
        })
    }

    fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
        ready(Err(Status::aborted("it was called")))
    }
}

#[tokio::test(start_paused = true)]
async fn failure_to_become_ready_is_retried() {
    for (failures, code) in [(2, Code::Aborted), (3, Code::Unavailable)] {
        let left = Arc::new(AtomicU32::new(failures));
        let mut client = UserServiceClient::new(Retried.wrap(Failing(Arc::clone(&left))));
        let answer = bounded(client.get_user(GetUserRequest::default())).await;
        assert_eq!(answer.unwrap_err().code(), code);
        assert_eq!(left.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn expired_call_does_not_poll_readiness() {
    let left = Arc::new(AtomicU32::new(5));
    let mut client = UserServiceClient::new(Retried.wrap(Failing(Arc::clone(&left))));
    let mut request = tonic::Request::new(GetUserRequest::default());
    request.set_timeout(Duration::ZERO);
    let answer = bounded(client.get_user(request)).await;
    assert_eq!(answer.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(left.load(Ordering::SeqCst), 5);
}
