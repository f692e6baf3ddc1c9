//! A cancelled or dropped call ends at once, whatever it waits for.

use std::future::{Future, pending};

use interceptors::auth::TokenSource;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::{CallDetails, Kind, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::flaky::{Action, FlakyServer, HangUp, fail, hang};
use interceptors_tests::{Ends, Policy, WatchEnds};
use tokio::time::sleep;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::mount::{Ask, MOUNTS, MS, Mount};
use crate::request::RETRY;

/// A channel notices a cancellation only while it reads the request, so calls with request streams are left out.
fn kinds(mount: Mount) -> &'static [Kind] {
    match mount {
        Mount::Typed => &interceptors_tests::KINDS,
        Mount::Wire => &[Kind::Unary, Kind::ServerStreaming],
    }
}

fn waiting(script: &[Action]) -> FlakyServer {
    FlakyServer::new(script.iter().cloned())
}

#[tokio::test(start_paused = true)]
async fn cancel_during_retry_delay_ends_call() {
    for mount in MOUNTS {
        for &kind in kinds(mount) {
            let server = waiting(&[fail(Code::Unavailable)]);
            let (watch, mut ends) = Ends::new();
            let policy = Policy::new(RETRY.base_delay(MS(5000)));
            let client = mount.watched(&server, &policy, watch);
            let mut ask = Ask::new(kind);
            let handle = ask.cancellation_handle();
            let call = tokio::spawn(client.call(ask));
            sleep(MS(70)).await;
            handle.cancel();
            let reply = call.await.unwrap();
            let what = format!("{mount:?}, {kind}: {:?}", reply.status);
            assert_eq!(reply.code(), Code::Cancelled, "{what}");
            assert_eq!(server.now(), 70, "{what}");
            let end = ends.next().await;
            assert_eq!(
                (end.outcome, end.code),
                (Outcome::Cancelled, Code::Cancelled),
                "{what}"
            );
            sleep(MS(20_000)).await;
            assert_eq!(server.times(), [0], "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_between_connections_ends_call() {
    for mount in MOUNTS {
        for &kind in kinds(mount) {
            let server = FlakyServer::new([]);
            let (channel, _) = server.hanging_up(HangUp::AtOnce, u32::MAX);
            let client = mount.connected(channel, &Policy::new(RETRY), Ends::new().0);
            let mut ask = Ask::new(kind);
            let handle = ask.cancellation_handle();
            let call = tokio::spawn(client.call(ask));
            sleep(MS(70)).await;
            handle.cancel();
            let reply = call.await.unwrap();
            assert_eq!(
                reply.code(),
                Code::Cancelled,
                "{mount:?}, {kind}: {:?}",
                reply.status
            );
            assert_eq!(server.now(), 70, "{mount:?}, {kind}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_ends_call_and_resets_hedged_attempts() {
    for mount in MOUNTS {
        let server = waiting(&[hang(), hang(), hang()]);
        let client = mount.hedged(&server);
        let mut ask = Ask::new(Kind::Unary);
        let handle = ask.cancellation_handle();
        let call = tokio::spawn(client.call(ask));
        sleep(MS(150)).await;
        handle.cancel();
        let reply = call.await.unwrap();
        assert_eq!(
            reply.code(),
            Code::Cancelled,
            "{mount:?}: {:?}",
            reply.status
        );
        assert_eq!(server.now(), 150, "{mount:?}");
        sleep(MS(1000)).await;
        assert_eq!(server.times(), [0, 100], "{mount:?}");
        let given_up = server
            .attempts()
            .iter()
            .all(|attempt| attempt.reset.is_some());
        assert!(given_up, "{mount:?}: {:?}", server.attempts());
    }
}

#[tokio::test(start_paused = true)]
async fn unused_cancellation_handle_changes_nothing() {
    for mount in MOUNTS {
        for kind in interceptors_tests::KINDS {
            let server = waiting(&[fail(Code::Unavailable)]);
            let client = mount.client(&server, &Policy::new(RETRY));
            let mut ask = Ask::new(kind);
            let _handle = ask.cancellation_handle();
            let reply = client.call(ask).await;
            assert_eq!(
                reply.code(),
                Code::Ok,
                "{mount:?}, {kind}: {:?}",
                reply.status
            );
            assert_eq!(server.times(), [0, 100], "{mount:?}, {kind}");
        }
    }
}

/// Its fetch never ends.
struct NoToken;

impl TokenSource for NoToken {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        pending().await
    }
}

#[intercept(with(self.watch), auth(token = self.tokens, allow_plaintext = true))]
struct Tokens {
    watch: WatchEnds,
    tokens: NoToken,
}

#[intercept(with(self.watch), concurrency(limiter = self.limiter))]
struct Queue {
    watch: WatchEnds,
    limiter: Limiter,
}

struct HandWritten {
    client: UserServiceClient<Channel>,
    watch: WatchEnds,
    limiter: Limiter,
}

#[intercept(service = "demo.v1.UserService", with(self.watch), concurrency(limiter = self.limiter))]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }
}

/// Cancels a waiting call, drops another, and checks how both end.
async fn assert_cancelled<F, Fut, T>(what: &str, ends: &mut Ends, call: F)
where
    F: Fn(Request<GetUserRequest>) -> Fut,
    Fut: Future<Output = Result<T, Status>>,
{
    let mut request = Request::new(GetUserRequest { id: 7 });
    let handle = request.cancellation_handle();
    let cancel = async {
        sleep(MS(70)).await;
        handle.cancel();
    };
    let day = MS(24 * 3600 * 1000);
    let reply = async { tokio::join!(call(request), cancel).0 };
    let reply = tokio::time::timeout(day, reply).await;
    let status = reply
        .expect("the call ends")
        .err()
        .expect("it is cancelled");
    assert_eq!(status.code(), Code::Cancelled, "{what}");
    assert_eq!(ends.next().await.outcome, Outcome::Cancelled, "{what}");
    // The same for a dropped call.
    let dropped = call(Request::new(GetUserRequest { id: 7 }));
    assert!(
        tokio::time::timeout(MS(70), dropped).await.is_err(),
        "{what}"
    );
    assert_eq!(ends.next().await.outcome, Outcome::Cancelled, "{what}");
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_stops_waiting_for_token_or_permit() {
    let server = FlakyServer::new([]);
    let (watch, mut ends) = Ends::new();
    let tokens = Tokens {
        watch,
        tokens: NoToken,
    };
    let client = UserServiceClient::new(tokens.wrap(server.channel()));
    assert_cancelled("auth", &mut ends, |request| {
        let mut client = client.clone();
        async move { client.get_user(request).await }
    })
    .await;

    let (watch, mut ends) = Ends::new();
    let limiter = Limiter::new(&Capacity::max(1));
    let queue = Queue {
        watch: watch.clone(),
        limiter: limiter.clone(),
    };
    let hand_written = HandWritten {
        client: UserServiceClient::new(server.channel()),
        watch,
        limiter: limiter.clone(),
    };
    let client = UserServiceClient::new(queue.wrap(server.channel()));
    // Holds the only permit.
    server.then([hang()]);
    let mut first = client.clone();
    let held = tokio::spawn(async move { first.get_user(GetUserRequest { id: 7 }).await });
    sleep(MS(1)).await;
    assert_cancelled("concurrency", &mut ends, |request| {
        let mut client = client.clone();
        async move { client.get_user(request).await }
    })
    .await;
    assert_cancelled(
        "concurrency of a hand-written client",
        &mut ends,
        |request| hand_written.get_user(request),
    )
    .await;
    assert_eq!((limiter.waiting(), limiter.in_use()), (0, 1));
    held.abort();
}
