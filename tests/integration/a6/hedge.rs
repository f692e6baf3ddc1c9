//! gRFC A6, "Hedging Policy": several attempts at once, one answer.

use h2::Reason;
use interceptors::{Kind, intercept};
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::flaky::{
    Action, FlakyServer, answer, fail, fail_after, hang, hang_after, reset,
};
use tokio::time::{Instant, advance, sleep};
use tonic::{Code, Request, Response, Status};

use crate::mount::{Ask, MOUNTS, MS, Mount};
use crate::request::encoded;

/// A generated client hedges unary calls. A channel hedges calls whose request is complete when the call begins.
async fn hedged(script: &[Action], test: impl AsyncFn(&FlakyServer, Kind, &str, Mount)) {
    for mount in MOUNTS {
        let kinds = match mount {
            Mount::Typed => &[Kind::Unary][..],
            Mount::Wire => &[Kind::Unary, Kind::ServerStreaming],
        };
        for &kind in kinds {
            let server = FlakyServer::new(script.iter().cloned());
            test(&server, kind, &format!("{mount:?}, {kind}"), mount).await;
        }
    }
}

/// Checks when attempts start, the answer or the failure, when the call ends, and which
/// attempts are cancelled.
async fn expect(
    script: &[Action],
    attempts: &[u64],
    outcome: Result<u64, (Code, &str)>,
    ends_at: u64,
    given_up: &[usize],
) {
    hedged(script, async |server, kind, what, mount| {
        let client = mount.hedged(server);
        let reply = client.call(Ask::new(kind).timeout(Some(MS(9_000)))).await;
        let ended_at = server.now();
        // Give the resets time to arrive.
        sleep(MS(60_000)).await;
        assert_eq!(server.times(), attempts, "{what}");
        match outcome {
            Ok(message) => {
                assert_eq!(reply.code(), Code::Ok, "{what}: {:?}", reply.status);
                assert_eq!(reply.messages, [message], "{what}");
            }
            Err((code, message)) => {
                let status = &reply.status;
                assert_eq!((status.code(), status.message()), (code, message), "{what}");
            }
        }
        assert_eq!(ended_at, ends_at, "{what}");
        for (i, attempt) in server.attempts().iter().enumerate() {
            let expected = given_up.contains(&(i + 1));
            let expected = expected.then_some((Reason::CANCEL, ends_at));
            assert_eq!(attempt.reset, expected, "{what}, attempt {}", i + 1);
            assert_eq!(attempt.messages, encoded(kind, &["one"]), "{what}");
            assert!(attempt.half_closed, "{what}");
        }
        let previous = ["-", "1", "2"];
        let seen = server.headers("grpc-previous-rpc-attempts");
        assert_eq!(seen, previous[..attempts.len()], "{what}");
    })
    .await;
}

struct HandWritten;

#[intercept(service = "demo.v1.UserService", hedge(delay = "1s"))]
impl HandWritten {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

/// A timer would round up to the next millisecond.
#[tokio::test(start_paused = true)]
async fn first_attempt_starts_immediately() {
    advance(MS(1) / 2).await;
    let started = Instant::now();
    let request = Request::new(GetUserRequest { id: 7 });
    HandWritten.get_user(request).await.unwrap();
    assert_eq!(started.elapsed(), MS(0));
}

fn failure() -> Action {
    fail(Code::Unavailable)
}

const TOO_LATE: (Code, &str) = (
    Code::DeadlineExceeded,
    "the deadline of the call has passed",
);

#[tokio::test(start_paused = true)]
async fn answer_within_delay_prevents_hedging() {
    expect(&[answer(1).after(MS(99))], &[0], Ok(10), 99, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn second_attempt_starts_after_delay_and_loser_is_cancelled() {
    let script = [hang(), answer(1).after(MS(30))];
    expect(&script, &[0, 100], Ok(20), 130, &[1]).await;
}

#[tokio::test(start_paused = true)]
async fn first_attempt_can_still_win() {
    let script = [answer(1).after(MS(250)), hang(), hang()];
    expect(&script, &[0, 100, 200], Ok(10), 250, &[2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited_by_max_attempts() {
    let script = [hang(), hang(), hang()];
    expect(&script, &[0, 100, 200], Err(TOO_LATE), 9_000, &[1, 2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn non_fatal_failure_hedges_at_once_and_restarts_delay() {
    let script = [failure().after(MS(30)), hang(), answer(1)];
    expect(&script, &[0, 30, 130], Ok(30), 130, &[2]).await;
}

#[tokio::test(start_paused = true)]
async fn refused_stream_is_not_fatal() {
    let script = [
        answer(1).after(MS(150)),
        reset(Reason::REFUSED_STREAM),
        hang(),
    ];
    expect(&script, &[0, 100, 100], Ok(10), 150, &[3]).await;
    let script = [reset(Reason::REFUSED_STREAM), answer(1)];
    expect(&script, &[0, 0], Ok(20), 0, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn fatal_failure_ends_call_and_cancels_other_attempts() {
    let script = [hang(), fail(Code::NotFound).after(MS(20))];
    let failed = Err((Code::NotFound, "attempt 2 failed"));
    expect(&script, &[0, 100], failed, 120, &[1]).await;
}

#[tokio::test(start_paused = true)]
async fn when_all_attempts_fail_last_failure_is_returned() {
    let failed = |n| (Code::Unavailable, n);
    let script = [failure(), failure(), failure()];
    expect(&script, &[0, 0, 0], Err(failed("attempt 3 failed")), 0, &[]).await;
    // The first attempt fails last.
    let script = [failure().after(MS(300)), failure(), failure().after(MS(50))];
    let failed = failed("attempt 1 failed");
    expect(&script, &[0, 100, 100], Err(failed), 300, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn non_fatal_failure_waits_for_attempts_in_flight() {
    let script = [answer(1).after(MS(300)), failure(), failure()];
    expect(&script, &[0, 100, 100], Ok(10), 300, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn pushback_schedules_next_attempt_and_delay_follows() {
    let script = [failure().pushback("500"), hang(), answer(1)];
    expect(&script, &[0, 500, 600], Ok(30), 600, &[2]).await;
    let script = [hang(), failure().pushback("300"), answer(1)];
    expect(&script, &[0, 100, 400], Ok(30), 400, &[1]).await;
    let script = [failure().pushback("0"), answer(1)];
    expect(&script, &[0, 0], Ok(20), 0, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn pushback_stop_keeps_attempts_in_flight() {
    for stop in ["-1", "never"] {
        let script = [failure().pushback(stop)];
        let failed = Err((Code::Unavailable, "attempt 1 failed"));
        expect(&script, &[0], failed, 0, &[]).await;
        let script = [answer(1).after(MS(500)), failure().pushback(stop)];
        expect(&script, &[0, 100], Ok(10), 500, &[]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn failure_after_headers_is_returned() {
    let failed = Err((Code::Unavailable, "attempt 1 failed"));
    expect(&[fail_after(0, Code::Unavailable)], &[0], failed, 0, &[]).await;
}

#[tokio::test(start_paused = true)]
async fn first_headers_select_the_response_stream() {
    let server = FlakyServer::new([hang(), hang_after(2), hang()]);
    let client = Mount::Wire.hedged(&server);
    let ask = Ask::new(Kind::ServerStreaming).timeout(Some(MS(9_000)));
    let reply = client.call(ask).await;
    assert_eq!(reply.messages, [20, 21]);
    assert_eq!(reply.code(), Code::DeadlineExceeded);
    sleep(MS(1)).await;
    let attempts = server.attempts();
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[0].reset, Some((Reason::CANCEL, 100)));
    assert_eq!(attempts[1].reset, Some((Reason::CANCEL, 9_000)));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_sends_the_remaining_deadline() {
    hedged(
        &[hang(), hang(), answer(1)],
        async |server, kind, what, mount| {
            let client = mount.hedged(server);
            client.call(Ask::new(kind).timeout(Some(MS(1000)))).await;
            let left = ["1S", "900m", "800m"];
            assert_eq!(server.headers("grpc-timeout"), left, "{what}");
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn callers_previous_attempts_metadata_is_ignored() {
    hedged(&[hang(), answer(1)], async |server, kind, what, mount| {
        let ask = Ask::new(kind).metadata("grpc-previous-rpc-attempts", "7");
        mount.hedged(server).call(ask).await;
        let seen = server.headers("grpc-previous-rpc-attempts");
        assert_eq!(seen, ["-", "1"], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn dropped_call_cancels_all_attempts() {
    hedged(
        &[hang(), hang(), hang()],
        async |server, kind, what, mount| {
            let client = mount.hedged(server);
            let call = tokio::time::timeout(MS(150), client.call(Ask::new(kind)));
            assert!(call.await.is_err(), "{what}");
            sleep(MS(60_000)).await;
            assert_eq!(server.times(), [0, 100], "{what}");
            for attempt in server.attempts() {
                assert_eq!(attempt.reset, Some((Reason::CANCEL, 150)), "{what}");
            }
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_delay_all_attempts_start_with_their_own_metadata() {
    let script = [hang(), answer(1).after(MS(50)), hang()];
    hedged(&script, async |server, kind, what, mount| {
        let reply = mount.hedged_at_once(server).call(Ask::new(kind)).await;
        assert_eq!(reply.messages, [20], "{what}");
        assert_eq!(server.times(), [0, 0, 0], "{what}");
        let mut values = server.headers("x-attempt");
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 3, "{what}: {values:?}");
        sleep(MS(1)).await;
        let resets = server.attempts().into_iter().map(|attempt| attempt.reset);
        let given_up = Some((Reason::CANCEL, 50));
        assert_eq!(
            resets.collect::<Vec<_>>(),
            [given_up, None, given_up],
            "{what}"
        );
    })
    .await;
}

/// It would be unclear which attempt a later message belongs to.
#[tokio::test(start_paused = true)]
async fn unfinished_request_streams_are_not_hedged() {
    for mount in MOUNTS {
        for kind in [Kind::ClientStreaming, Kind::BidiStreaming] {
            let server = FlakyServer::new([answer(1).after(MS(500))]);
            let texts = tokio_stream::StreamExt::throttle(
                tokio_stream::iter(["a", "b", "c"].map(str::to_owned)),
                MS(10),
            );
            let reply = mount.hedged(&server).call(Ask::stream(kind, texts)).await;
            assert_eq!(reply.messages, [10], "{mount:?}, {kind}");
            assert_eq!(server.times(), [0], "{mount:?}, {kind}");
            let messages = &server.attempts()[0].messages;
            assert_eq!(
                *messages,
                encoded(kind, &["a", "b", "c"]),
                "{mount:?}, {kind}"
            );
        }
    }
}
