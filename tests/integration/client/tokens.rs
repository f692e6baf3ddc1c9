//! When a `TokenCache` fetches a token, which calls wait for it, and what happens when a fetch fails.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use interceptors::auth::{Token, TokenCache};
use interceptors::client::InterceptedChannel;
use interceptors::{deadline, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::{Script, scripted, serve};
use tokio::sync::Notify;
use tokio::time::{Instant, advance, sleep, timeout};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::common::server;

const S: fn(u64) -> Duration = Duration::from_secs;
const MS: fn(u64) -> Duration = Duration::from_millis;

/// The longest pause after a failed fetch: two minutes, plus a jitter of 20 percent.
const LONGEST_PAUSE: Duration = Duration::from_secs(144);

/// A client whose answer is the token that its call carried.
#[derive(Clone)]
struct Echo(Arc<TokenCache>);

#[intercept(service = "demo.v1.UserService", auth(token = self.0, scheme = ""))]
impl Echo {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        let token = request.metadata().get("authorization").unwrap();
        let name = token.to_str().unwrap().to_owned();
        Ok(Response::new(User { id: 1, name }))
    }
}

impl Echo {
    async fn token(&self) -> Result<String, Status> {
        let user = self.get_user(call()).await?;
        Ok(user.into_inner().name)
    }
}

fn call() -> Request<GetUserRequest> {
    Request::new(GetUserRequest { id: 1 })
}

/// A client whose tokens come from this function of the fetch's number, and a count of the fetches.
fn client<F, Fut>(fetch: F) -> (Echo, Arc<AtomicU32>)
where
    F: Fn(u32) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Token, Status>> + Send + 'static,
{
    let fetched = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&fetched);
    let tokens = TokenCache::new(move || fetch(count.fetch_add(1, Ordering::Relaxed) + 1));
    (Echo(Arc::new(tokens)), fetched)
}

/// A token that is valid for one hour.
fn token(n: u32) -> Token {
    Token::new(format!("token-{n}")).expires_in(S(3600))
}

/// Yields until no task has anything left to do.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Turns a hang into a failure.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(S(600), future).await.expect("it does not hang")
}

#[intercept(auth(token = self.0))]
struct Outbound(Arc<TokenCache>);

type Users = UserServiceClient<InterceptedChannel<Outbound, Channel>>;

/// A service that calls another one.
struct Gateway {
    script: Script,
    users: Users,
}

scripted!(self: Gateway, #[intercept(with(Forward(self.users.clone())))]);

/// Makes an outgoing call within the deadline of the incoming call.
struct Forward(Users);

impl<Req: Send, Res: Send> interceptors::Interceptor<Req, Res> for Forward {
    async fn intercept(
        &self,
        call: &mut interceptors::Call<Req>,
        next: &mut impl interceptors::Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let at = call.deadline().expect("the caller sets one");
        let mut users = self.0.clone();
        let span = tracing::info_span!("of the call");
        let call_users = async { users.get_user(self::call()).await };
        deadline::scope(at, tracing::Instrument::instrument(call_users, span)).await?;
        next.run(call).await
    }
}

/// What a fetch sees of the call that started it.
#[derive(Debug, Default)]
struct Seen {
    deadline: Option<Instant>,
    has_span: bool,
}

#[tokio::test]
async fn fetch_inherits_no_deadline_or_span_from_the_call() {
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = Arc::clone(&seen);
    let look = move || {
        sees.lock().unwrap().push(Seen {
            deadline: deadline::current(),
            has_span: !tracing::Span::current().is_none(),
        });
    };
    let (Echo(tokens), fetched) = client(move |n| {
        look();
        let look = look.clone();
        async move {
            sleep(MS(120)).await;
            look();
            Ok(token(n))
        }
    });
    let (_, channel) = server().await;
    let gateway = Gateway {
        script: Script::default(),
        users: UserServiceClient::new(Outbound(tokens).wrap(channel)),
    };
    let channel = serve(Routes::new(UserServiceServer::new(gateway))).await;
    let mut client = UserServiceClient::new(channel);
    let answers = async {
        loop {
            let mut request = call();
            request.set_timeout(MS(60));
            match client.get_user(request).await {
                Ok(_) => return,
                Err(status) => assert_ne!(status.code(), Code::Internal, "{status:?}"),
            }
        }
    };
    timeout(S(20), answers)
        .await
        .expect("some call gets a token");
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    let is_alone = |seen: &Seen| seen.deadline.is_none() && !seen.has_span;
    assert!(seen.iter().all(is_alone), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn each_waiting_call_keeps_its_own_deadline() {
    let (Echo(tokens), fetched) = client(|n| async move {
        sleep(MS(3000)).await;
        Ok(token(n))
    });
    let server = interceptors_tests::flaky::FlakyServer::new([]);
    let users = UserServiceClient::new(Outbound(tokens).wrap(server.channel()));
    let began = Instant::now();
    let calls = [1000, 2000, 4000].map(|millis| {
        let mut users = users.clone();
        tokio::spawn(async move {
            let mut request = call();
            request.set_timeout(MS(millis));
            let reply = users.get_user(request).await;
            let code = reply.map_or_else(|status| status.code(), |_| Code::Ok);
            (code, began.elapsed().as_millis() / 100)
        })
    });
    let mut ends = Vec::new();
    for call in calls {
        ends.push(call.await.unwrap());
    }
    let expected = [
        (Code::DeadlineExceeded, 10),
        (Code::DeadlineExceeded, 20),
        (Code::Ok, 30),
    ];
    assert_eq!(ends, expected);
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn fetch_continues_without_waiting_calls() {
    let (echo, fetched) = client(|n| async move {
        sleep(MS(100)).await;
        Ok(token(n))
    });
    timeout(MS(10), echo.token()).await.unwrap_err();
    sleep(MS(200)).await;
    let begun = Instant::now();
    assert_eq!(echo.token().await.unwrap(), "token-1");
    assert_eq!(begun.elapsed(), Duration::ZERO, "it was cached");
    assert_eq!(fetched.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn valid_token_is_used_during_a_refresh() {
    let go = Arc::new(Notify::new());
    let wait = Arc::clone(&go);
    let (echo, fetched) = client(move |n| {
        let wait = Arc::clone(&wait);
        async move {
            if n > 1 {
                wait.notified().await;
            }
            Ok(token(n))
        }
    });
    assert_eq!(echo.token().await.unwrap(), "token-1");
    advance(S(3550)).await;
    for _ in 0..3 {
        let begun = Instant::now();
        assert_eq!(echo.token().await.unwrap(), "token-1");
        assert_eq!(begun.elapsed(), Duration::ZERO);
        settle().await;
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
    go.notify_one();
    settle().await;
    assert_eq!(echo.token().await.unwrap(), "token-2");
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn failing_endpoint_is_retried_with_backoff() {
    let down = || Status::unavailable("the token endpoint is down");
    let (echo, fetched) = client(move |_| async move { Err::<Token, _>(down()) });
    let mut times = vec![];
    let begun = Instant::now();
    while begun.elapsed() < S(1000) {
        let before = fetched.load(Ordering::Relaxed);
        let status = echo.token().await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains(down().message()), "{status:?}");
        if fetched.load(Ordering::Relaxed) > before {
            times.push(begun.elapsed());
        } else {
            assert!(
                status.message().contains("the next fetch starts in"),
                "{status:?}"
            );
        }
        advance(MS(100)).await;
    }
    let pauses: Vec<_> = times.windows(2).map(|two| two[1] - two[0]).collect();
    let mut expected = 1.0_f64;
    for pause in &pauses {
        let ratio = (pause.as_secs_f64() - 0.1) / expected;
        assert!((0.7..1.21).contains(&ratio), "{pauses:?}");
        expected = (expected * 1.6).min(120.0);
    }
    assert!((14..=22).contains(&times.len()), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn successful_fetch_resets_the_backoff() {
    let (echo, fetched) = client(|n| async move {
        match n {
            6 => Ok(Token::new("token").expires_in(S(10))),
            _ => Err(Status::unavailable("down")),
        }
    });
    let tokens = async {
        while echo.token().await.is_err() {
            advance(S(1)).await;
        }
    };
    soon(tokens).await;
    advance(S(11)).await;
    assert!(echo.token().await.is_err());
    assert_eq!(fetched.load(Ordering::Relaxed), 7);
    advance(MS(1201)).await;
    assert!(echo.token().await.is_err());
    assert_eq!(fetched.load(Ordering::Relaxed), 8);
}

#[tokio::test(start_paused = true)]
async fn valid_token_is_used_while_refreshes_fail() {
    let (echo, fetched) = client(|n| async move {
        match n {
            1 => Ok(token(n)),
            _ => Err(Status::unavailable("down")),
        }
    });
    assert_eq!(echo.token().await.unwrap(), "token-1");
    advance(S(3541)).await;
    for _ in 0..100 {
        assert_eq!(echo.token().await.unwrap(), "token-1");
        settle().await;
    }
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
    advance(S(60)).await;
    let status = echo.token().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "it has expired");
}

/// Calls a server that rejects every token.
async fn assert_rejected(calls: usize, users: &Users) {
    for _ in 0..calls {
        let status = users.clone().get_user(call()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
    }
}

#[tokio::test(start_paused = true)]
async fn server_that_rejects_every_token_causes_few_fetches() {
    use interceptors_tests::flaky::{FlakyServer, fail};
    let (Echo(tokens), fetched) = client(|n| async move { Ok(token(n)) });
    let server = FlakyServer::new((0..10_000).map(|_| fail(Code::Unauthenticated)));
    let users = UserServiceClient::new(Outbound(tokens).wrap(server.channel()));
    let many = (0..50).map(|_| {
        let users = users.clone();
        tokio::spawn(async move { assert_rejected(20, &users).await })
    });
    for calls in many.collect::<Vec<_>>() {
        calls.await.unwrap();
    }
    assert_eq!(
        fetched.load(Ordering::Relaxed),
        2,
        "the first, and one new token"
    );
    advance(MS(1201)).await;
    assert_rejected(100, &users).await;
    assert_eq!(fetched.load(Ordering::Relaxed), 3);
    advance(MS(1200)).await;
    assert_rejected(100, &users).await;
    assert_eq!(fetched.load(Ordering::Relaxed), 3, "the pause grows");
    advance(LONGEST_PAUSE * 3).await;
    assert_rejected(100, &users).await;
    assert_eq!(fetched.load(Ordering::Relaxed), 4);
    advance(MS(1201)).await;
    assert_rejected(100, &users).await;
    assert_eq!(
        fetched.load(Ordering::Relaxed),
        5,
        "the pause is short again"
    );
}

#[test]
fn fetch_restarts_if_its_runtime_is_gone() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let (echo, fetched) = client(|n| async move {
        // The timer is gone with its runtime.
        sleep(MS(if n == 1 { 60_000 } else { 1 })).await;
        Ok(token(n))
    });
    let first = runtime();
    first.block_on(async { timeout(MS(20), echo.token()).await.unwrap_err() });
    // A call in another runtime waits for this fetch.
    let second = runtime();
    let mut waits = Box::pin(soon(echo.token()));
    let is_waiting = second.block_on(async { polled(waits.as_mut()).is_pending() });
    assert!(is_waiting);
    drop(first);
    assert_eq!(second.block_on(waits).unwrap(), "token-2");
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

fn polled<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn fetch_without_a_runtime_is_an_error() {
    let (echo, _) = client(|n| async move { Ok(token(n)) });
    let Poll::Ready(result) = polled(pin!(echo.token())) else {
        panic!("it waits for a fetch that never runs");
    };
    assert_eq!(result.unwrap_err().code(), Code::Internal);
}

#[tokio::test(start_paused = true)]
async fn panicking_fetch_fails_the_waiting_calls() {
    let (echo, fetched) = client(|n| {
        // In the function itself, and in its future.
        assert!(n != 1, "panics_once");
        async move {
            tokio::task::yield_now().await;
            assert!(n != 2, "panics_once");
            Ok(token(n))
        }
    });
    for n in 1..=2 {
        let status = soon(echo.token()).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("panicked"), "{status:?}");
        let status = soon(echo.token()).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert!(status.message().contains("panicked"), "{status:?}");
        assert_eq!(fetched.load(Ordering::Relaxed), n);
        advance(LONGEST_PAUSE).await;
    }
    assert_eq!(soon(echo.token()).await.unwrap(), "token-3");
}

#[tokio::test(start_paused = true)]
async fn hanging_fetch_times_out() {
    let (echo, fetched) = client(|n| async move {
        if n == 1 {
            std::future::pending::<()>().await;
        }
        Ok(token(n))
    });
    let status = soon(echo.token()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.message().contains("30s"), "{status:?}");
    advance(LONGEST_PAUSE).await;
    assert_eq!(soon(echo.token()).await.unwrap(), "token-2");
    assert_eq!(fetched.load(Ordering::Relaxed), 2);
}

fn needs_itself(status: &Status) -> bool {
    status.message().contains("needs the same token")
}

#[tokio::test(start_paused = true)]
async fn fetch_that_needs_its_own_token_is_an_error() {
    static ITSELF: LazyLock<Echo> = LazyLock::new(|| {
        let tokens = TokenCache::new(|| async { ITSELF.token().await.map(Token::new) });
        Echo(Arc::new(tokens))
    });
    let begun = Instant::now();
    let status = soon(ITSELF.token()).await.unwrap_err();
    assert!(needs_itself(&status), "{status:?}");
    assert_eq!(begun.elapsed(), Duration::ZERO, "at once");
}

#[tokio::test(start_paused = true)]
async fn circular_fetches_are_errors() {
    static ONE: LazyLock<Echo> = LazyLock::new(|| needing(|| &OTHER));
    static OTHER: LazyLock<Echo> = LazyLock::new(|| needing(|| &THIRD));
    static THIRD: LazyLock<Echo> = LazyLock::new(|| needing(|| &ONE));
    fn needing(another: fn() -> &'static Echo) -> Echo {
        let fetch = move || async move {
            sleep(MS(10)).await;
            another().token().await.map(Token::new)
        };
        Echo(Arc::new(TokenCache::new(fetch)))
    }
    // All three begin at once.
    let begun = Instant::now();
    let (one, other, third) =
        soon(async { tokio::join!(ONE.token(), OTHER.token(), THIRD.token()) }).await;
    for status in [one, other, third] {
        let status = status.unwrap_err();
        assert!(needs_itself(&status), "{status:?}");
    }
    assert!(begun.elapsed() < S(1), "at once");
    advance(LONGEST_PAUSE).await;
    let status = soon(ONE.token()).await.unwrap_err();
    assert!(needs_itself(&status), "{status:?}");
}
