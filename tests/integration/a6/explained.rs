//! If attempts have failed before the deadline, the status names the last failure.

use interceptors::circuit_breaker::{CircuitBreaker, State, Thresholds};
use interceptors::{Kind, intercept};
use interceptors_proto::demo::GetUserRequest;
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_tests::flaky::{Action, FlakyServer, HangUp, fail, hang};
use interceptors_tests::{Ends, Policy};
use tonic::{Code, Request};

use crate::mount::{Ask, MOUNTS, MS};
use crate::request::{RETRY, everywhere};

fn failure() -> Action {
    fail(Code::Unavailable)
}

async fn expect(script: &[Action], timeout: u64, message: &str) {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new(script.iter().cloned());
        let client = mount.client(&server, &Policy::new(RETRY));
        let reply = client.call(Ask::new(kind).timeout(Some(MS(timeout)))).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
        assert_eq!(reply.status.message(), message, "{what}");
        assert_eq!(server.now(), timeout, "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deadline_during_delay_reports_last_failure() {
    let message = "the deadline of the call has passed after 2 attempts; the last failure was UNAVAILABLE: attempt 2 failed";
    expect(&[failure(), failure()], 250, message).await;
    let message = "the deadline of the call has passed after 1 attempt; the last failure was UNAVAILABLE: attempt 1 failed";
    expect(&[failure().pushback("60000")], 250, message).await;
}

#[tokio::test(start_paused = true)]
async fn deadline_during_attempt_reports_previous_failure() {
    let message = "the deadline of the call has passed after 2 attempts; the last failure was UNAVAILABLE: attempt 1 failed";
    expect(&[failure(), hang()], 250, message).await;
}

#[tokio::test(start_paused = true)]
async fn deadline_during_first_attempt_reports_no_failure() {
    expect(&[hang()], 250, "the deadline of the call has passed").await;
}

#[tokio::test(start_paused = true)]
async fn deadline_between_connections_reports_closed_connection() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([]);
        let (channel, _) = server.hanging_up(HangUp::AtOnce, u32::MAX);
        let client = mount.connected(channel, &Policy::new(RETRY), Ends::new().0);
        let reply = client.call(Ask::new(kind).timeout(Some(MS(250)))).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
        assert_eq!(
            reply.status.message(),
            "the deadline of the call has passed after 1 attempt; the last failure was UNAVAILABLE: the connection closed before the request was sent",
            "{what}"
        );
    })
    .await;
}

/// The deadline is set and enforced outside of `retry`.
#[tokio::test(start_paused = true)]
async fn policy_deadline_reports_last_failure() {
    for mount in MOUNTS {
        let server = FlakyServer::new([failure(), failure(), failure(), hang()]);
        let reply = mount.limited(&server).call(Ask::new(Kind::Unary)).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{mount:?}");
        assert_eq!(
            reply.status.message(),
            "the deadline of the call has passed after 4 attempts; the last failure was UNAVAILABLE: attempt 3 failed",
            "{mount:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn hedge_deadline_reports_last_failure() {
    for mount in MOUNTS {
        let server = FlakyServer::new([hang(), failure(), hang()]);
        let ask = Ask::new(Kind::Unary).timeout(Some(MS(1000)));
        let reply = mount.hedged(&server).call(ask).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{mount:?}");
        assert_eq!(
            reply.status.message(),
            "the deadline of the call has passed after 3 attempts; the last failure was UNAVAILABLE: attempt 2 failed",
            "{mount:?}"
        );
        assert_eq!(server.now(), 1000, "{mount:?}");
    }
}

#[intercept(circuit_breaker(breaker = self.0), hedge(max_attempts = 2, delay = "20ms"))]
struct Breaking(CircuitBreaker);

/// The attempts were sent, so the breaker counts the call.
#[tokio::test(start_paused = true)]
async fn hanging_hedged_attempts_count_as_breaker_failures() {
    let server = FlakyServer::new([(); 4].map(|()| hang()));
    let breaker = CircuitBreaker::new(&Thresholds::new().failures(2));
    let client = UserServiceClient::new(Breaking(breaker.clone()).wrap(server.channel()));
    for state in [State::Closed, State::Open] {
        let mut request = Request::new(GetUserRequest { id: 7 });
        request.set_timeout(MS(100));
        let status = client.clone().get_user(request).await.unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert_eq!(breaker.state(), state);
    }
    assert_eq!(server.times().len(), 4);
}
