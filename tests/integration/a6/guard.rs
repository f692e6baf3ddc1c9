//! Regression tests for bugs that a review found.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use interceptors::auth::{Token, TokenCache};
use interceptors::client::InterceptedChannel;
use interceptors::{Call, Interceptor, Kind, Next, Outcome, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{ChatMessage, FlakyRequest, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::flaky::{FlakyServer, answer, fail, hang, hang_after};
use interceptors_tests::{Ends, Policy, WatchEnds, clients};
use tokio::time::{Instant, advance, sleep};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::mount::{Ask, MOUNTS, MS, Mount};
use crate::request::{RETRY, encoded, everywhere};

const STREAMING: [Kind; 2] = [Kind::ClientStreaming, Kind::BidiStreaming];

/// The server fails the attempt and keeps reading. The messages sent during the delay outgrow the buffer.
#[tokio::test(start_paused = true)]
async fn request_outgrowing_buffer_during_delay_is_not_truncated() {
    for mount in MOUNTS {
        for kind in STREAMING {
            let what = format!("{mount:?}, {kind}");
            let server = FlakyServer::new([fail(Code::Unavailable).reading(1).reading_on()]);
            let client = mount.client(&server, &Policy::new(RETRY.buffer_size(100)));
            let (a, b, c) = ("a".repeat(60), "b".repeat(60), "c".repeat(60));
            let all = encoded(kind, &[&a, &b, &c]);
            let texts = tokio_stream::iter([a, b, c]).throttle(MS(40));
            let reply = client.call(Ask::stream(kind, texts)).await;
            sleep(MS(1000)).await;
            let attempts = server.attempts();
            if let Some(second) = attempts.get(1) {
                assert_eq!(
                    second.messages.len(),
                    all.len(),
                    "{what}: {:?}",
                    reply.status
                );
                assert_eq!(second.messages, all, "{what}");
            }
        }
    }
}

/// A user's own retry, built from the public API.
#[derive(Clone)]
struct Twice;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Twice {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let copy = call.copy_request();
        let first = next.run(call).await;
        match (first, copy) {
            (Err(_), Some(copy)) => {
                call.next_attempt(copy);
                next.run(call).await
            }
            (first, _) => first,
        }
    }
}

#[intercept(with(Twice))]
struct Own;

#[tokio::test(start_paused = true)]
async fn incomplete_copy_is_never_sent_as_complete() {
    let server = FlakyServer::new([fail(Code::Unavailable).reading(8)]);
    let mut client = UserServiceClient::new(Own.wrap(server.channel()));
    let texts = (0..8).map(|_| ChatMessage {
        text: "x".repeat(50_000),
    });
    let stream = tokio_stream::iter(texts).throttle(MS(1));
    let reply = client.chat(stream).await;
    let messages = match reply {
        Ok(reply) => reply.into_inner().collect::<Vec<_>>().await.len(),
        Err(_) => 0,
    };
    sleep(MS(1000)).await;
    for (i, attempt) in server.attempts().iter().enumerate() {
        assert!(
            attempt.messages.len() == 8 || !attempt.half_closed,
            "attempt {}: ended after {} of 8 messages; {messages} answers",
            i + 1,
            attempt.messages.len()
        );
    }
}

#[intercept(hedge(max_attempts = 2, delay = "100ms"))]
#[derive(Clone)]
struct Hedged;

/// Polling the channel for readiness has reserved a permit. The attempt uses that permit.
#[tokio::test(start_paused = true)]
async fn hedge_reserves_no_extra_permits() {
    let server = FlakyServer::new([answer(1)]);
    let channel = tower::limit::ConcurrencyLimit::new(server.channel(), 1);
    let mut client = UserServiceClient::new(Hedged.wrap(channel));
    let call = client.get_user(GetUserRequest::default());
    let reply = tokio::time::timeout(Duration::from_secs(60), call).await;
    assert!(reply.expect("it is answered").is_ok());
}

#[intercept(hedge(max_attempts = 2, delay = "10s"), deadline("500ms"))]
struct HedgedThenLimited;

#[tokio::test(start_paused = true)]
async fn deadline_after_hedge_ends_the_response_stream() {
    let server = FlakyServer::new([hang_after(1)]);
    let mut client = UserServiceClient::new(HedgedThenLimited.wrap(server.channel()));
    let stream = client.list_users(ListUsersRequest {
        limit: 1,
        ..ListUsersRequest::default()
    });
    let mut stream = stream.await.unwrap().into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    let end = tokio::time::timeout(MS(60_000), stream.next()).await;
    let end = end.expect("the deadline ends it").unwrap().unwrap_err();
    assert_eq!(end.code(), Code::DeadlineExceeded);
}

#[intercept(deadline("2s"))]
struct LimitedOnly;

/// A consumer that is slower than the server always finds something to read.
#[tokio::test(start_paused = true)]
async fn slow_reader_does_not_extend_the_deadline() {
    for mount in MOUNTS {
        let server = FlakyServer::new([answer(100)]);
        macro_rules! read {
            ($client:expr) => {{
                let mut client = $client;
                let request = ListUsersRequest {
                    limit: 100,
                    ..ListUsersRequest::default()
                };
                let mut stream = client.list_users(request).await.unwrap().into_inner();
                let started = Instant::now();
                let mut last = None;
                while let Some(message) = stream.next().await {
                    match message {
                        Ok(_) => last = Some(started.elapsed()),
                        Err(status) => assert_eq!(status.code(), Code::DeadlineExceeded),
                    }
                    sleep(MS(100)).await;
                }
                last.unwrap()
            }};
        }
        let last = match mount {
            Mount::Typed => read!(clients::limited_only::UserServiceClient::new(
                server.channel()
            )),
            Mount::Wire => read!(UserServiceClient::new(LimitedOnly.wrap(server.channel()))),
        };
        assert!(last <= MS(2000), "{mount:?}: a message after {last:?}");
    }
}

/// No interceptor in the chain enforces the caller's deadline.
#[tokio::test(start_paused = true)]
async fn observers_see_the_callers_deadline() {
    everywhere(async |mount, kind, what| {
        for action in [hang(), hang_after(0)] {
            let server = FlakyServer::new([action]);
            let (watch, mut ends) = Ends::new();
            let client = mount.watched(&server, &Policy::none(), watch);
            let reply = client.call(Ask::new(kind).timeout(Some(MS(500)))).await;
            assert_eq!(reply.code(), Code::DeadlineExceeded, "{what}");
            let end = ends.next().await;
            assert_eq!(
                (end.code, end.outcome),
                (Code::DeadlineExceeded, Outcome::Error),
                "{what}"
            );
        }
    })
    .await;
}

#[intercept(auth(token = self.tokens))]
struct Tokens {
    tokens: TokenCache,
}

/// A request that is too large to keep cannot be retried, but its token is still rejected.
#[tokio::test(start_paused = true)]
async fn rejected_token_is_not_reused_after_large_requests() {
    let server = FlakyServer::new([fail(Code::Unauthenticated)]);
    let tokens = Tokens {
        tokens: clients::renewing(),
    };
    let mut client = UserServiceClient::new(tokens.wrap(server.channel()));
    for _ in 0..2 {
        let key = "x".repeat(300_000);
        let request = FlakyRequest {
            key,
            ..FlakyRequest::default()
        };
        let _ = client.flaky(request).await;
    }
    let sent = server.headers("authorization");
    assert_eq!(sent, ["Bearer token-1", "Bearer token-2"]);
}

/// Heartbeat messages may be empty, and there may be very many.
#[tokio::test(start_paused = true)]
async fn empty_messages_count_against_the_buffer() {
    for mount in MOUNTS {
        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let client = mount.client(&server, &Policy::new(RETRY.buffer_size(1000)));
        let texts = (0..10_000).map(|_| String::new());
        client.call(Ask::with(Kind::ClientStreaming, texts)).await;
        assert_eq!(server.times().len(), 1, "{mount:?}");
    }
}

type Users = std::pin::Pin<Box<dyn Stream<Item = Result<User, Status>> + Send>>;

struct HandWritten {
    client: UserServiceClient<Channel>,
    watch: WatchEnds,
}

#[intercept(service = "demo.v1.UserService", with(self.watch), deadline("500ms"))]
impl HandWritten {
    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Users>, Status> {
        let response = self.client.clone().list_users(request).await?;
        Ok(response.map(|stream| Box::pin(stream) as Users))
    }
}

#[tokio::test(start_paused = true)]
async fn hand_written_clients_boxed_stream_ends_at_deadline() {
    let server = FlakyServer::new([hang_after(1)]);
    let (watch, mut ends) = Ends::new();
    let hand_written = HandWritten {
        client: UserServiceClient::new(server.channel()),
        watch,
    };
    let request = ListUsersRequest {
        limit: 1,
        ..ListUsersRequest::default()
    };
    let mut stream = hand_written
        .list_users(Request::new(request))
        .await
        .unwrap()
        .into_inner();
    assert!(stream.next().await.unwrap().is_ok());
    let end = tokio::time::timeout(MS(60_000), stream.next()).await;
    let end = end.expect("the deadline ends it").unwrap().unwrap_err();
    assert_eq!(end.code(), Code::DeadlineExceeded);
    assert_eq!(ends.next().await.code, Code::DeadlineExceeded);
}

#[intercept(auth(token = self.tokens), retry(buffer_size = 1048576, base_delay = "1ms"))]
struct Large {
    tokens: TokenCache,
}

#[tokio::test(start_paused = true)]
async fn auth_outside_retry_does_not_shrink_its_buffer() {
    let server = FlakyServer::new([fail(Code::Unavailable)]);
    let tokens = Large {
        tokens: clients::renewing(),
    };
    let mut client = UserServiceClient::new(tokens.wrap(server.channel()));
    let texts = (0..8).map(|_| User {
        id: 0,
        name: "x".repeat(50_000),
    });
    let stream = tokio_stream::iter(texts).throttle(MS(1));
    let reply = client.import_users(stream).await;
    assert_eq!(server.times().len(), 2, "{reply:?}");
}

async fn slow_id() -> &'static str {
    sleep(MS(700)).await;
    "1"
}

#[intercept(deadline("2s"), metadata("x-id" = slow_id().await))]
struct Slow;

/// The clock is read once per poll, and the wait spans several polls.
#[tokio::test(start_paused = true)]
async fn waits_before_sending_reduce_grpc_timeout() {
    let server = FlakyServer::new([answer(0)]);
    let mut client = UserServiceClient::new(Slow.wrap(server.channel()));
    client.get_user(GetUserRequest { id: 1 }).await.ok();
    assert_eq!(server.headers("grpc-timeout"), ["1300m"]);
}

/// Blocks the thread for this long.
struct Compute(Duration);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Compute {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        poll_fn(|cx| {
            let _ = pin!(advance(self.0)).poll(cx);
            Poll::Ready(())
        })
        .await;
        next.run(call).await
    }
}

#[intercept(with(self.before), with(self.watch), with(self.before), deadline("2s"), retry(max = 1), with(self.behind))]
struct Busy {
    before: Compute,
    watch: WatchEnds,
    behind: Compute,
}

/// All interceptors run within one poll.
#[tokio::test(start_paused = true)]
async fn blocking_work_inside_deadline_reduces_grpc_timeout() {
    for (before, behind, sent) in [
        (700, 0, &["2S"][..]),
        (5000, 0, &["2S"]),
        (0, 700, &["1300m"]),
        (700, 1999, &["1m"]),
        // The deadline has passed, so no attempt starts.
        (0, 2000, &[]),
        (700, 5000, &[]),
    ] {
        let server = FlakyServer::new([answer(0)]);
        let busy = Busy {
            before: Compute(MS(before)),
            watch: Ends::new().0,
            behind: Compute(MS(behind)),
        };
        let mut client = UserServiceClient::new(busy.wrap(server.channel()));
        let reply = client.get_user(GetUserRequest { id: 1 }).await;
        let what = format!("{before}, {behind}, {reply:?}");
        assert_eq!(server.headers("grpc-timeout"), sent, "{what}");
        if sent.is_empty() {
            assert_eq!(reply.unwrap_err().code(), Code::DeadlineExceeded, "{what}");
        }
    }
}

#[intercept(auth(token = self.0))]
struct Fetching(Arc<TokenCache>);

/// The call that started the fetch may time out. Later calls still need the token.
#[tokio::test(start_paused = true)]
async fn timed_out_call_does_not_cancel_the_token_fetch() {
    static FETCHES: AtomicU32 = AtomicU32::new(0);
    let tokens = Arc::new(TokenCache::new(|| async {
        FETCHES.fetch_add(1, Ordering::Relaxed);
        sleep(MS(3000)).await;
        Ok(Token::new("s3cret"))
    }));
    let server = FlakyServer::new([]);
    let client: UserServiceClient<InterceptedChannel<Fetching, Channel>> =
        UserServiceClient::new(Fetching(tokens).wrap(server.channel()));
    let mut codes = Vec::new();
    for _ in 0..4 {
        let mut request = Request::new(GetUserRequest::default());
        request.set_timeout(MS(2000));
        let reply = client.clone().get_user(request).await;
        codes.push(reply.map_or_else(|status| status.code(), |_| Code::Ok));
    }
    assert!(
        codes.contains(&Code::Ok),
        "{codes:?}, {} fetches",
        FETCHES.load(Ordering::Relaxed)
    );
}
