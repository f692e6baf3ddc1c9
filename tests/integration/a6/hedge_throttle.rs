//! The throttle of `hedge`. If `retry` has a throttle too, both share it.

use interceptors::{Intercepted, Kind};
use interceptors_tests::flaky::{Action, FlakyServer, answer, fail, hang};
use tonic::Code;

use crate::mount::{Ask, Client, MOUNTS, MS, Mount, Sharing};

fn failure() -> Action {
    fail(Code::Unavailable)
}

/// Makes a call for which the server has this script, and counts the attempts.
async fn attempts(server: &FlakyServer, client: &Client, kind: Kind, script: &[Action]) -> usize {
    let before = server.times().len();
    server.then(script.iter().cloned());
    client.call(Ask::new(kind).timeout(Some(MS(1000)))).await;
    server.forget();
    server.times().len() - before
}

#[tokio::test(start_paused = true)]
async fn throttle_stops_hedging_while_too_many_fail() {
    for mount in MOUNTS {
        let server = FlakyServer::new([]);
        let client = mount.hedged_throttled(&server);
        let hedged =
            async |script: &[Action]| attempts(&server, &client, Kind::Unary, script).await;
        // 3 of 4 tokens are left after the first, and 2 after the second.
        assert_eq!(hedged(&[failure(), failure()]).await, 2, "{mount:?}");
        // No attempt starts after the delay either.
        assert_eq!(hedged(&[answer(1).after(MS(500))]).await, 1, "{mount:?}");
        // After one success there are 2.5 tokens, after one more 3.
        assert_eq!(hedged(&[]).await, 1, "{mount:?}");
        assert_eq!(hedged(&[hang(), hang(), answer(1)]).await, 3, "{mount:?}");
        // 3.5 tokens. A pushback that says stop takes a token with any code: 2.5.
        let stop = fail(Code::NotFound).pushback("-1");
        assert_eq!(hedged(&[stop]).await, 1, "{mount:?}");
        // Fatal failures do not count.
        for _ in 0..9 {
            assert_eq!(hedged(&[fail(Code::NotFound)]).await, 1, "{mount:?}");
        }
        assert_eq!(hedged(&[hang(), answer(1)]).await, 2, "{mount:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn empty_throttle_keeps_attempts_in_flight() {
    // A generated client would share its throttle with the test above.
    let server = FlakyServer::new([answer(1).after(MS(300)), failure(), failure()]);
    let client = Mount::Wire.hedged_throttled(&server);
    let reply = client.call(Ask::new(Kind::Unary)).await;
    assert_eq!(reply.messages, [10], "{:?}", reply.status);
}

#[tokio::test(start_paused = true)]
async fn retry_and_hedge_share_a_throttle() {
    for mount in MOUNTS {
        for first in [Kind::ClientStreaming, Kind::Unary] {
            // `Flaky` (unary) is hedged, and the other methods are retried. A generated client's throttle belongs to the process.
            if first == Kind::Unary && mount == Mount::Typed {
                continue;
            }
            let second = match first {
                Kind::Unary => Kind::ClientStreaming,
                _ => Kind::Unary,
            };
            let server = FlakyServer::new([]);
            let client = mount.sharing(&server);
            let script = [failure(), failure()];
            let made = attempts(&server, &client, first, &script).await;
            assert_eq!(made, 2, "{mount:?}, {first}");
            let made = attempts(&server, &client, second, &script).await;
            assert_eq!(made, 1, "{mount:?}, {first}: two of four tokens are left");
        }
    }
}

#[test]
fn plan_shows_which_entry_owns_the_throttle() {
    let plan = Sharing::PLAN.to_string();
    assert!(plan.contains("throttle=4/0.001 max_attempts=2"), "{plan}");
    assert!(
        plan.contains("throttle=4/0.001 of retry max_attempts=3"),
        "{plan}"
    );
}
