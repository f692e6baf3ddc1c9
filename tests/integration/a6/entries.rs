//! Other entries of clients: `deadline`, `metadata` and `auth`, with and without `retry`.

use std::future::poll_fn;
use std::task::Poll;

use h2::Reason;
use interceptors::deadline;
use interceptors_tests::flaky::{FlakyServer, answer, fail, fail_after, hang, hang_after, reset};
use interceptors_tests::{Policy, clients};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tonic::Code;

use crate::mount::{Ask, MS, Mount};
use crate::request::everywhere;

type Mounted = fn(Mount, &FlakyServer) -> crate::mount::Client;

/// `deadline` with `retry` listed after it, and alone.
const LIMITED: [Mounted; 2] = [Mount::limited, Mount::limited_only];

#[tokio::test(start_paused = true)]
async fn default_deadline_is_sent_and_enforced() {
    everywhere(async |mount, kind, what| {
        for limited in LIMITED {
            let server = FlakyServer::new([hang()]);
            let client = limited(mount, &server);
            let reply = client.call(Ask::new(kind)).await;
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
            assert_eq!((server.now(), server.times()), (2000, vec![0]), "{what}");
            sleep(MS(1)).await;
            let attempt = &server.attempts()[0];
            assert_eq!(attempt.header("grpc-timeout"), Some("2S"), "{what}");
            assert_eq!(attempt.reset, Some((Reason::CANCEL, 2000)), "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn default_deadline_ends_a_started_response() {
    everywhere(async |mount, kind, what| {
        for limited in LIMITED {
            let server = FlakyServer::new([hang_after(1).after(MS(500))]);
            let client = limited(mount, &server);
            let reply = client.call(Ask::new(kind)).await;
            let messages = if kind.response_is_stream() {
                &[10][..]
            } else {
                &[]
            };
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
            assert_eq!(reply.messages, messages, "{what}");
            assert_eq!(server.now(), 2000, "{what}");
            sleep(MS(1)).await;
            let reset = server.attempts()[0].reset;
            assert_eq!(reset, Some((Reason::CANCEL, 2000)), "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn callers_timeout_overrides_default_deadline() {
    everywhere(async |mount, kind, what| {
        for limited in LIMITED {
            for (timeout, header) in [(500, "500m"), (5000, "5S")] {
                for action in [hang(), hang_after(1)] {
                    let server = FlakyServer::new([action]);
                    let client = limited(mount, &server);
                    let reply = client.call(Ask::new(kind).timeout(Some(MS(timeout)))).await;
                    assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
                    assert_eq!(server.now(), timeout, "{what}");
                    assert_eq!(server.headers("grpc-timeout"), [header], "{what}");
                }
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn default_deadline_spans_all_attempts() {
    everywhere(async |mount, kind, what| {
        let slow = || fail(Code::Unavailable).after(MS(700));
        let server = FlakyServer::new([slow(), slow(), slow()]);
        let reply = mount.limited(&server).call(Ask::new(kind)).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
        assert_eq!(
            (server.now(), server.times()),
            (2000, vec![0, 800, 1700]),
            "{what}"
        );
        let left = ["2S", "1200m", "300m"];
        assert_eq!(server.headers("grpc-timeout"), left, "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn response_before_default_deadline_is_unchanged() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([answer(1).after(MS(1999))]);
        let reply = mount.limited_only(&server).call(Ask::new(kind)).await;
        assert_eq!(
            (reply.code(), reply.messages),
            (Code::Ok, vec![10]),
            "{what}"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn callers_timeout_is_enforced_without_a_policy() {
    everywhere(async |mount, kind, what| {
        for action in [hang(), hang_after(1)] {
            let what = format!("{what}, {action:?}");
            let server = FlakyServer::new([action]);
            let client = mount.client(&server, &Policy::none());
            let ask = Ask::new(kind).timeout(Some(MS(500)));
            let reply = client.call(ask).await;
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
            assert_eq!(server.now(), 500, "{what}");
        }
    })
    .await;
}

/// At the deadline a tonic server answers `CANCELLED`. That may arrive before the client's own timer fires.
#[tokio::test(start_paused = true)]
async fn cancelled_from_server_at_deadline_is_deadline_exceeded() {
    everywhere(async |mount, kind, what| {
        for client in [Mount::limited, Mount::limited_only] {
            let server = FlakyServer::new([fail(Code::Cancelled).after(MS(250))]);
            let ask = Ask::new(kind).timeout(Some(MS(250)));
            let mut call = client(mount, &server).call(ask);
            while server.times().is_empty() {
                let polled = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
                assert!(polled.is_pending(), "{what}");
                tokio::task::yield_now().await;
            }
            // The call is not polled until both have happened.
            sleep(MS(300)).await;
            assert_eq!(call.await.code(), Code::DeadlineExceeded, "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn inherited_deadline_bounds_the_call() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail(Code::Unavailable), hang()]);
        let client = mount.limited(&server);
        let at = Instant::now() + MS(300);
        let ask = Ask::new(kind).timeout(Some(MS(1000)));
        let reply = deadline::scope(at, client.call(ask)).await;
        assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
        assert_eq!(server.now(), 300, "{what}");
        let left = ["300m", "200m"];
        assert_eq!(server.headers("grpc-timeout"), left, "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn metadata_after_retry_runs_per_attempt_before_retry_once() {
    everywhere(async |mount, kind, what| {
        let script = || [fail(Code::Unavailable), reset(Reason::REFUSED_STREAM)];

        let server = FlakyServer::new(script());
        let reply = mount.stamped(&server).call(Ask::new(kind)).await;
        assert_eq!(
            (reply.code(), server.times().len()),
            (Code::Ok, 3),
            "{what}"
        );
        let attempts = server.headers("x-attempt");
        let numbers: Vec<u64> = attempts.iter().map(|n| n.parse().unwrap()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{what}: {attempts:?}");

        let server = FlakyServer::new(script());
        let reply = mount.stamped_once(&server).call(Ask::new(kind)).await;
        assert_eq!(
            (reply.code(), server.times().len()),
            (Code::Ok, 3),
            "{what}"
        );
        let calls = server.headers("x-call");
        assert_ne!(calls[0], "-", "{what}");
        assert!(
            calls.iter().all(|call| *call == calls[0]),
            "{what}: {calls:?}"
        );
    })
    .await;
}

/// A generated client's tokens belong to the process, and tests run concurrently.
static RENEWING: Mutex<()> = Mutex::const_new(());

#[tokio::test(start_paused = true)]
async fn rejected_token_is_renewed_once_and_call_is_retried() {
    let _alone = RENEWING.lock().await;
    everywhere(async |mount, kind, what| {
        clients::RENEWED.forget();
        let server = FlakyServer::new([
            fail(Code::Unauthenticated),
            answer(1),
            answer(1),
            fail(Code::Unauthenticated),
            fail(Code::Unauthenticated),
        ]);
        let client = mount.renewing(&server);
        for _ in 0..2 {
            let reply = client.call(Ask::new(kind)).await;
            assert_eq!(reply.code(), Code::Ok, "{what}");
        }
        // After this pause another token may be fetched.
        sleep(MS(2000)).await;
        let reply = client.call(Ask::new(kind)).await;
        assert_eq!(reply.code(), Code::Unauthenticated, "{what}");
        assert_eq!(reply.status.message(), "attempt 5 failed", "{what}");
        assert_eq!(server.times(), [0, 0, 0, 2000, 2000], "{what}");
        let tokens = server.headers("authorization");
        assert!(tokens[0].starts_with("Bearer token-"), "{what}");
        assert_ne!(tokens[0], tokens[1], "{what}: a new token");
        assert_eq!(tokens[1], tokens[2], "{what}: the new token is kept");
        assert_eq!(tokens[2], tokens[3], "{what}");
        assert_ne!(tokens[3], tokens[4], "{what}");
        // The second call does not count as an attempt of `retry`.
        assert_eq!(
            server.headers("grpc-previous-rpc-attempts"),
            ["-"; 5],
            "{what}"
        );
        let texts = server.attempts();
        assert!(
            texts
                .iter()
                .all(|attempt| attempt.messages == texts[0].messages),
            "{what}"
        );
        assert!(texts.iter().all(|attempt| attempt.half_closed), "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn token_renewal_does_not_consume_a_retry() {
    let _alone = RENEWING.lock().await;
    everywhere(async |mount, kind, what| {
        clients::RENEWED.forget();
        let server = FlakyServer::new([fail(Code::Unauthenticated), fail(Code::Unavailable)]);
        let reply = mount.renewing(&server).call(Ask::new(kind)).await;
        assert_eq!(reply.code(), Code::Ok, "{what}");
        assert_eq!(server.times(), [0, 0, 100], "{what}");
        let attempts = server.attempts();
        for attempt in &attempts {
            assert_eq!(attempt.messages, attempts[0].messages, "{what}");
            assert!(attempt.half_closed, "{what}");
        }
        let previous = server.headers("grpc-previous-rpc-attempts");
        assert_eq!(previous, ["-", "-", "1"], "{what}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn auth_outside_retry_renews_token_and_restarts_retries() {
    let _alone = RENEWING.lock().await;
    everywhere(async |mount, kind, what| {
        clients::RENEWED.forget();
        let server = FlakyServer::new([
            fail(Code::Unavailable),
            fail(Code::Unavailable),
            fail(Code::Unauthenticated),
            fail(Code::Unavailable),
        ]);
        let reply = mount.renewing_outside(&server).call(Ask::new(kind)).await;
        assert_eq!(reply.code(), Code::Ok, "{what}");
        assert_eq!(server.times(), [0, 100, 300, 300, 400], "{what}");
        // `retry` begins again with the new token.
        let previous = server.headers("grpc-previous-rpc-attempts");
        assert_eq!(previous, ["-", "1", "2", "-", "1"], "{what}");
        let attempts = server.attempts();
        for attempt in &attempts {
            assert_eq!(attempt.messages, attempts[0].messages, "{what}");
            assert!(attempt.half_closed, "{what}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn token_rejected_after_headers_is_not_retried() {
    everywhere(async |mount, kind, what| {
        let server = FlakyServer::new([fail_after(0, Code::Unauthenticated)]);
        let reply = mount.renewing(&server).call(Ask::new(kind)).await;
        assert_eq!(reply.code(), Code::Unauthenticated, "{what}");
        assert_eq!(server.times(), [0], "{what}");
    })
    .await;
}
