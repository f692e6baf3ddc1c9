//! A local rejection does not count as an answer of the server in `hedge`, the throttle and `circuit_breaker`.

use std::sync::atomic::{AtomicU32, Ordering};

use interceptors::auth::TokenSource;
use interceptors::circuit_breaker::{CircuitBreaker, State, Thresholds};
use interceptors::client::{Body, InterceptedChannel};
use interceptors::concurrency::{self, Limiter};
use interceptors::{Call, CallDetails, Interceptor, Kind, Next, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::{GetUserRequest, User};
use interceptors_tests::flaky::{FlakyServer, answer, fail, hang};
use tokio::time::sleep;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::mount::{Ask, MOUNTS, MS};

#[tokio::test(start_paused = true)]
async fn load_shed_rejection_keeps_other_hedged_attempts() {
    for mount in MOUNTS {
        let server = FlakyServer::new([answer(1).after(MS(100))]);
        let reply = mount.hedged_shed(&server).call(Ask::new(Kind::Unary)).await;
        assert_eq!(reply.code(), Code::Ok, "{mount:?}: {:?}", reply.status);
        assert_eq!(reply.messages, [10], "{mount:?}");
        assert_eq!(server.times(), [0], "{mount:?}");
    }
}

/// Rejects calls after this many.
struct RefuseAfter(u32, AtomicU32);

impl RefuseAfter {
    fn new(calls: u32) -> Self {
        Self(calls, AtomicU32::new(0))
    }

    fn admit(&self) -> Result<(), Status> {
        match self.1.fetch_add(1, Ordering::Relaxed) < self.0 {
            true => Ok(()),
            false => Err(Status::unauthenticated("no more")),
        }
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for RefuseAfter {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.admit()?;
        next.run(call).await
    }
}

impl TokenSource for RefuseAfter {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        self.admit().map(|()| "s3cret".to_owned())
    }
}

#[intercept(hedge(max_attempts = 3, delay = "20ms"), with(self.0))]
struct HedgedRefusing(RefuseAfter);

#[intercept(hedge(max_attempts = 3, delay = "20ms"), auth(token = self.0, allow_plaintext = true))]
struct HedgedToken(RefuseAfter);

#[intercept(hedge(max_attempts = 3, delay = "20ms"), concurrency(limiter = self.0))]
struct HedgedQueue(Limiter);

#[intercept(hedge(max_attempts = 3, delay = "20ms"), circuit_breaker(breaker = self.0))]
struct HedgedBreaker(CircuitBreaker);

macro_rules! get {
    ($channel:expr) => {
        async {
            let mut client = UserServiceClient::new($channel);
            let user = client.get_user(GetUserRequest { id: 7 }).await?;
            Ok::<_, Status>(user.into_inner().id)
        }
    };
}

#[tokio::test(start_paused = true)]
async fn local_rejection_keeps_other_hedged_attempts() {
    let slow = || FlakyServer::new([answer(1).after(MS(100))]);
    for calls in [1, 2] {
        let server = slow();
        if calls == 2 {
            server.then([hang()]);
        }
        let chain = HedgedRefusing(RefuseAfter::new(calls));
        let answered = get!(chain.wrap(server.channel())).await;
        assert_eq!(answered.unwrap(), 10);
        assert_eq!(server.times().len(), calls as usize);

        let server = slow();
        server.then([hang()]);
        let chain = HedgedToken(RefuseAfter::new(calls));
        assert_eq!(get!(chain.wrap(server.channel())).await.unwrap(), 10);
    }
    let server = slow();
    let queue = Limiter::new(&concurrency::Capacity::max(1).queue(0));
    let answered = get!(HedgedQueue(queue).wrap(server.channel())).await;
    assert_eq!(answered.unwrap(), 10);

    // A half-open breaker lets one attempt through.
    let config = Thresholds::new().failures(1).open_for(MS(1000));
    let breaker = CircuitBreaker::new(&config);
    let server = FlakyServer::new([fail(Code::Unavailable), answer(1).after(MS(100))]);
    let client = HedgedBreaker(breaker.clone()).wrap(server.channel());
    assert_eq!(
        get!(client.clone()).await.unwrap_err().code(),
        Code::Unavailable
    );
    sleep(MS(1000)).await;
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(get!(client).await.unwrap(), 20);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn local_rejection_is_returned_if_no_attempt_is_in_flight() {
    let server = FlakyServer::new([]);
    let chain = HedgedToken(RefuseAfter::new(0));
    let refused = get!(chain.wrap(server.channel())).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::Unauthenticated, "no more")
    );
    assert!(server.times().is_empty());
    assert_eq!(server.now(), 0);
}

/// A client around a client. The inner client rejects, and the outer client learns that nothing was sent.
struct HandWritten {
    breaker: CircuitBreaker,
    outer: CircuitBreaker,
    client: UserServiceClient<InterceptedChannel<Breaking, Channel>>,
}

#[intercept(circuit_breaker(breaker = self.0))]
struct Breaking(CircuitBreaker);

#[intercept(
    service = "demo.v1.UserService",
    retry(max_attempts = 2, base_delay = "1ms", jitter = 0.0, throttle(tokens = 10, ratio = 0.001)),
    circuit_breaker(breaker = self.outer),
)]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }
}

#[tokio::test(start_paused = true)]
async fn inner_client_rejection_is_not_a_failure_of_the_outer() {
    let server = FlakyServer::new([(); 2].map(|()| fail(Code::Unavailable)));
    let breaker = CircuitBreaker::new(&Thresholds::new().failures(2).open_for(MS(10_000)));
    let hand_written = HandWritten {
        breaker: breaker.clone(),
        outer: CircuitBreaker::new(&Thresholds::new().failures(3)),
        client: UserServiceClient::new(Breaking(breaker).wrap(server.channel())),
    };
    let get = async || {
        let reply = hand_written
            .get_user(Request::new(GetUserRequest { id: 7 }))
            .await;
        reply.map(|user| user.into_inner().id)
    };
    assert_eq!(get().await.unwrap_err().code(), Code::Unavailable);
    for _ in 0..20 {
        get().await.unwrap_err();
    }
    assert_eq!(hand_written.outer.state(), State::Closed);
    sleep(MS(10_000)).await;
    assert_eq!(hand_written.breaker.state(), State::HalfOpen);
    get().await.unwrap();
    server.then([fail(Code::Unavailable)]);
    assert_eq!(get().await.unwrap(), 50, "the throttle allows a retry");
}

/// Its first attempt is sent, and the breaker rejects the second.
#[intercept(
    retry(max_attempts = 2, base_delay = "1ms", jitter = 0.0),
    circuit_breaker(breaker = self.0),
)]
struct SentOnce(CircuitBreaker);

#[intercept(
    hedge(max_attempts = 2, delay = "20ms", non_fatal_codes = [Unavailable]),
    circuit_breaker(breaker = self.0),
)]
struct HedgedOnce(CircuitBreaker);

macro_rules! state_after {
    ($channel:ident) => {{
        struct Watching {
            outer: CircuitBreaker,
            client: UserServiceClient<InterceptedChannel<$channel, Channel>>,
        }

        #[intercept(service = "demo.v1.UserService", circuit_breaker(breaker = self.outer))]
        impl Watching {
            async fn get_user(
                &self,
                request: Request<GetUserRequest>,
            ) -> Result<Response<User>, Status> {
                self.client.clone().get_user(request).await
            }
        }

        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let breaker = CircuitBreaker::new(&Thresholds::new().failures(1));
        let watching = Watching {
            outer: CircuitBreaker::new(&Thresholds::new().failures(1)),
            client: UserServiceClient::new($channel(breaker).wrap(server.channel())),
        };
        let request = Request::new(GetUserRequest { id: 7 });
        watching.get_user(request).await.unwrap_err();
        assert_eq!(server.times().len(), 1);
        watching.outer.state()
    }};
}

#[tokio::test(start_paused = true)]
async fn call_counts_as_sent_if_any_attempt_was_sent() {
    assert_eq!(state_after!(SentOnce), State::Open);
    assert_eq!(state_after!(HedgedOnce), State::Open);
}

#[tokio::test(start_paused = true)]
async fn open_breaker_rejection_takes_no_throttle_token() {
    for mount in MOUNTS {
        let server = FlakyServer::new([(); 2].map(|()| fail(Code::Unavailable)));
        let client = mount.throttled_broken(&server);
        let call = async || client.call(Ask::new(Kind::Unary)).await.code();
        for _ in 0..21 {
            assert_eq!(call().await, Code::Unavailable, "{mount:?}");
        }
        assert_eq!(server.times().len(), 2, "{mount:?}");
        sleep(MS(10_000)).await;
        assert_eq!(call().await, Code::Ok, "{mount:?}");
        server.then([fail(Code::Unavailable)]);
        assert_eq!(call().await, Code::Ok, "{mount:?}: it is retried");
        assert_eq!(server.times().len(), 5, "{mount:?}");
    }
}

/// Answers instead of the server.
struct Cached;

impl<Req: Send> Interceptor<Req, Body> for Cached {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Body>,
    ) -> Result<Response<Body>, Status> {
        match call.metadata().contains_key("x-cached") {
            true => Ok(Response::new(tonic::body::Body::empty().into())),
            false => next.run(call).await,
        }
    }
}

#[intercept(
    retry(
        max_attempts = 2,
        base_delay = "1ms",
        jitter = 0.0,
        throttle(tokens = 4, ratio = 1.0)
    ),
    with(Cached)
)]
struct ThrottledCached;

#[tokio::test(start_paused = true)]
async fn interceptor_answer_returns_no_throttle_token() {
    let server = FlakyServer::new([(); 3].map(|()| fail(Code::Unavailable)));
    let client = UserServiceClient::new(ThrottledCached.wrap(server.channel()));
    let call = async |is_cached: bool| {
        let mut request = Request::new(GetUserRequest { id: 7 });
        if is_cached {
            let cached = tonic::metadata::MetadataValue::from_static("1");
            request.metadata_mut().insert("x-cached", cached);
        }
        let _ = client.clone().get_user(request).await;
    };
    // Two of four tokens are left, which is too few.
    call(false).await;
    for _ in 0..4 {
        call(true).await;
    }
    call(false).await;
    assert_eq!(server.times().len(), 3);
}
