//! The retry throttle: exact counts of tokens.

use h2::Reason;
use interceptors::Kind;
use interceptors::retry::Retry;
use interceptors_tests::Policy;
use interceptors_tests::flaky::{Action, FlakyServer, answer, fail, fail_after, reset};
use tonic::Code;

use crate::mount::{Ask, Client, MOUNTS, MS, Mount};
use crate::request::{RETRY, everywhere};

fn failure() -> Action {
    fail(Code::Unavailable)
}

/// Makes a call for which the server has this script, and counts the attempts.
async fn attempts(server: &FlakyServer, client: &Client, kind: Kind, script: &[Action]) -> usize {
    let before = server.times().len();
    server.then(script.iter().cloned());
    client.call(Ask::new(kind)).await;
    let attempts = server.times().len() - before;
    // The next call must not get unused actions.
    server.forget();
    attempts
}

fn throttled(mount: Mount, config: Retry, tokens: u32, ratio: f64) -> (FlakyServer, Client) {
    let server = FlakyServer::new([]);
    let policy = Policy::new(config).throttle(tokens, ratio);
    let client = mount.client(&server, &policy);
    (server, client)
}

/// grpc-go's `TestRetryThrottling`, call by call.
#[tokio::test(start_paused = true)]
async fn sequence_matches_grpc_go() {
    everywhere(async |mount, kind, what| {
        let answered = [0, 3, 6, 10, 11, 12, 13, 14, 16, 18];
        let script = (0..19).map(|i| match answered.contains(&i) {
            true => answer(1),
            false => failure(),
        });
        let server = FlakyServer::new(script);
        let policy = Policy::new(RETRY.base_delay(MS(10))).throttle(10, 0.5);
        let client = mount.client(&server, &policy);
        for (i, (code, attempts)) in [
            (Code::Ok, 1),           // 10 tokens
            (Code::Ok, 4),           // 8.5
            (Code::Ok, 7),           // 7
            (Code::Unavailable, 9),  // 6, and then 5
            (Code::Unavailable, 10), // 4
            (Code::Ok, 11),          // 4.5
            (Code::Ok, 12),          // 5
            (Code::Ok, 13),          // 5.5
            (Code::Ok, 14),          // 6
            (Code::Ok, 15),          // 6.5
            (Code::Ok, 17),          // 5.5, and then 6
            (Code::Unavailable, 18), // 5
        ]
        .into_iter()
        .enumerate()
        {
            let reply = client.call(Ask::new(kind)).await;
            let seen = (reply.code(), server.times().len());
            assert_eq!(seen, (code, attempts), "{what}, call {i}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn retries_stop_at_half_of_the_tokens() {
    everywhere(async |mount, kind, what| {
        let (server, client) = throttled(mount, RETRY, 4, 0.001);
        let made = attempts(&server, &client, kind, &[failure(), failure(), failure()]).await;
        assert_eq!(made, 2, "{what}: 3 and then 2 of 4 are left");
        let made = attempts(&server, &client, kind, &[failure()]).await;
        assert_eq!(made, 1, "{what}: the first attempt is always made");
        assert_eq!(server.times(), [0, 100, 100], "{what}: without a delay");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn last_attempt_takes_a_token() {
    everywhere(async |mount, kind, what| {
        let (server, client) = throttled(mount, RETRY.max_attempts(2), 6, 0.001);
        let made = attempts(&server, &client, kind, &[failure(), failure()]).await;
        assert_eq!(made, 2, "{what}: 5 and then 4 of 6 are left");
        let made = attempts(&server, &client, kind, &[failure()]).await;
        assert_eq!(made, 1, "{what}: 3 of 6 are left");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn non_retryable_failure_takes_no_token() {
    everywhere(async |mount, kind, what| {
        let (server, client) = throttled(mount, RETRY, 4, 0.001);
        for _ in 0..9 {
            let script = [fail(Code::NotFound), fail(Code::NotFound).pushback("5")];
            attempts(&server, &client, kind, &script).await;
        }
        assert_eq!(
            attempts(&server, &client, kind, &[failure()]).await,
            2,
            "{what}"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn pushback_stop_takes_a_token_with_any_status() {
    everywhere(async |mount, kind, what| {
        for code in [Code::NotFound, Code::Unavailable] {
            let (server, client) = throttled(mount, RETRY, 4, 0.001);
            let stop = [fail(code).pushback("-1")];
            assert_eq!(attempts(&server, &client, kind, &stop).await, 1, "{what}");
            assert_eq!(
                attempts(&server, &client, kind, &[failure()]).await,
                1,
                "{what}"
            );
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn refused_stream_takes_no_token() {
    everywhere(async |mount, kind, what| {
        let (server, client) = throttled(mount, RETRY, 4, 0.001);
        for _ in 0..9 {
            let refused = [reset(Reason::REFUSED_STREAM)];
            assert_eq!(
                attempts(&server, &client, kind, &refused).await,
                2,
                "{what}"
            );
        }
        assert_eq!(
            attempts(&server, &client, kind, &[failure()]).await,
            2,
            "{what}"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn success_returns_tokens_up_to_the_maximum() {
    everywhere(async |mount, kind, what| {
        let (server, client) = throttled(mount, RETRY, 4, 0.5);
        attempts(&server, &client, kind, &[failure(), failure()]).await;
        // 2, and 2.5.
        attempts(&server, &client, kind, &[]).await;
        let made = attempts(&server, &client, kind, &[failure()]).await;
        assert_eq!(made, 1, "{what}: 1.5 of 4 are left");
        for _ in 0..20 {
            attempts(&server, &client, kind, &[]).await;
        }
        let made = attempts(&server, &client, kind, &[failure(), failure()]).await;
        assert_eq!(made, 2, "{what}: 3 and then 2 of 4 are left");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_methods_share_the_tokens() {
    for mount in MOUNTS {
        let (server, client) = throttled(mount, RETRY, 4, 0.001);
        let script = [failure(), failure()];
        attempts(&server, &client, Kind::Unary, &script).await;
        let made = attempts(&server, &client, Kind::BidiStreaming, &[failure()]).await;
        assert_eq!(made, 1, "{mount:?}");
    }
}

/// A response that opens counts as a success, as in grpc-java. A later failure does not count, as in
/// grpc-java and grpc-go.
#[tokio::test(start_paused = true)]
async fn failure_after_headers_takes_no_token() {
    everywhere(async |mount, kind, what| {
        let (server, client) = throttled(mount, RETRY, 4, 0.001);
        for _ in 0..9 {
            let script = [fail_after(0, Code::Unavailable)];
            assert_eq!(attempts(&server, &client, kind, &script).await, 1, "{what}");
        }
        assert_eq!(
            attempts(&server, &client, kind, &[failure()]).await,
            2,
            "{what}"
        );
    })
    .await;
}
