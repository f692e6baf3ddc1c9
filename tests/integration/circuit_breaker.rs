//! When the breaker opens, when it closes, and which status callers get while it is open.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::task::{Context, Poll};
use std::time::Duration;

use interceptors::circuit_breaker::{CircuitBreaker, State, Thresholds};
use interceptors::concurrency::{self, Limiter};
use interceptors::{Intercepted as _, Kind, intercept};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::UserServiceServer;
use interceptors_proto::demo::{ChatMessage, GetUserRequest, ListUsersRequest, User};
use interceptors_tests::flaky::{FlakyServer, answer, fail, fail_after, hang, hang_after};
use interceptors_tests::{Behaviour, Events, Field, KINDS, Script, clients, scripted, serve};
use tokio::time::advance;
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};
use tracing::Level;
use tracing::level_filters::LevelFilter;

const S: fn(u64) -> Duration = Duration::from_secs;
const MS: fn(u64) -> Duration = Duration::from_millis;

fn told<T>(message: T, behaviour: Behaviour) -> Request<T> {
    let mut request = Request::new(message);
    let behaviour = behaviour.to_string().parse().unwrap();
    request.metadata_mut().insert(Behaviour::KEY, behaviour);
    request
}

/// A call of any kind by any client, read to its end.
macro_rules! call {
    ($client:expr, $kind:expr) => {
        call!($client, $kind, Behaviour::Answer(1))
    };
    ($client:expr, $kind:expr, $behaviour:expr) => {{
        let (mut client, behaviour) = ($client.clone(), $behaviour);
        async move {
            let users = tokio_stream::iter([User::default(), User::default()]);
            let chat = tokio_stream::iter([ChatMessage::default()]);
            match $kind {
                Kind::Unary => {
                    let request = told(GetUserRequest { id: 7 }, behaviour);
                    client.get_user(request).await.map(drop)
                }
                Kind::ClientStreaming => {
                    client.import_users(told(users, behaviour)).await.map(drop)
                }
                Kind::ServerStreaming => {
                    let request = told(ListUsersRequest::default(), behaviour);
                    let mut messages = client.list_users(request).await?.into_inner();
                    while messages.message().await?.is_some() {}
                    Ok(())
                }
                Kind::BidiStreaming => {
                    let mut messages = client.chat(told(chat, behaviour)).await?.into_inner();
                    while messages.message().await?.is_some() {}
                    Ok(())
                }
            }
        }
    }};
}

fn code(result: &Result<(), Status>) -> Code {
    result.as_ref().err().map_or(Code::Ok, Status::code)
}

fn assert_rejected(result: &Result<(), Status>, path: &str) {
    let status = result.as_ref().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status:?}");
    assert_eq!(
        status.message(),
        format!("the circuit breaker of `{path}` is open")
    );
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap();
    assert_eq!(pushback, "-1");
}

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Unary => "/demo.v1.UserService/GetUser",
        Kind::ClientStreaming => "/demo.v1.UserService/ImportUsers",
        Kind::ServerStreaming => "/demo.v1.UserService/ListUsers",
        Kind::BidiStreaming => "/demo.v1.UserService/Chat",
    }
}

#[derive(Clone)]
#[intercept(circuit_breaker(breaker = self.breaker))]
struct Shared {
    breaker: CircuitBreaker,
}

/// A client of a channel with a breaker that the test can inspect.
macro_rules! shared {
    ($server:expr, $config:expr) => {{
        let breaker = CircuitBreaker::new(&$config);
        let shared = Shared {
            breaker: breaker.clone(),
        };
        let client = UserServiceClient::new(shared.wrap($server.channel()));
        (client, breaker)
    }};
}

#[intercept(circuit_breaker(failures = 3, open_for = "10s"))]
struct PerMethod;

#[tokio::test(start_paused = true)]
async fn opens_after_failures_and_closes_after_a_successful_probe() {
    for kind in KINDS {
        let server = FlakyServer::new([]);
        let client = UserServiceClient::new(PerMethod.wrap(server.channel()));
        server.then([
            fail(Code::Unavailable),
            fail(Code::Internal),
            answer(1),
            fail(Code::Unavailable),
            fail(Code::NotFound),
            fail(Code::Unknown),
            fail(Code::DeadlineExceeded),
            fail(Code::Unavailable),
        ]);
        for _ in 0..8 {
            let reply = call!(client, kind).await;
            assert_ne!(
                reply
                    .err()
                    .map(|status| status.message().contains("breaker")),
                Some(true)
            );
        }
        assert_eq!(server.times().len(), 8, "{kind}");
        for _ in 0..3 {
            assert_rejected(&call!(client, kind).await, path(kind));
        }
        advance(MS(9_999)).await;
        assert_rejected(&call!(client, kind).await, path(kind));
        assert_eq!(server.times().len(), 8, "{kind}: nothing was sent");
        // Another method has another breaker.
        let other = if kind == Kind::Unary {
            Kind::BidiStreaming
        } else {
            Kind::Unary
        };
        call!(client, other).await.unwrap();

        advance(MS(1)).await;
        server.then([fail(Code::Unavailable)]);
        assert_eq!(code(&call!(client, kind).await), Code::Unavailable);
        assert_eq!(server.times().len(), 10, "{kind}: a probe");
        assert_rejected(&call!(client, kind).await, path(kind));
        advance(S(10)).await;
        call!(client, kind).await.unwrap();
        for _ in 0..5 {
            call!(client, kind).await.unwrap();
        }
        server.then([fail(Code::Unavailable), fail(Code::Unavailable)]);
        for _ in 0..2 {
            assert_eq!(code(&call!(client, kind).await), Code::Unavailable);
        }
        call!(client, kind).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn half_open_admits_exactly_one_of_many_callers() {
    for kind in KINDS {
        let server = FlakyServer::new([]);
        let (client, breaker) = shared!(server, Thresholds::new().failures(1).open_for(S(10)));
        server.then([fail(Code::Unavailable)]);
        assert!(call!(client, kind).await.is_err());
        assert_eq!(breaker.state(), State::Open);
        advance(S(10)).await;
        assert_eq!(breaker.state(), State::HalfOpen);
        server.then([answer(1).after(MS(500))]);
        let calls: Vec<_> = (0..50).map(|_| tokio::spawn(call!(client, kind))).collect();
        let mut succeeded = 0;
        for call in calls {
            let reply = call.await.unwrap();
            match &reply {
                Ok(()) => succeeded += 1,
                Err(_) => assert_rejected(&reply, path(kind)),
            }
        }
        assert_eq!((succeeded, server.times().len()), (1, 2), "{kind}");
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_probe_frees_its_slot() {
    for kind in KINDS {
        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let (client, breaker) = shared!(server, Thresholds::new().failures(1).open_for(S(10)));
        assert!(call!(client, kind).await.is_err());
        advance(S(10)).await;
        for attempts in 2..5 {
            server.then([hang()]);
            let probe = tokio::time::timeout(MS(100), call!(client, kind)).await;
            assert!(probe.is_err());
            assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
            assert_eq!(server.times().len(), attempts, "{kind}");
        }
        call!(client, kind).await.unwrap();
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn probe_past_its_deadline_counts_as_failure() {
    #[intercept(deadline("1s"), circuit_breaker(breaker = self.breaker))]
    struct Hurried {
        breaker: CircuitBreaker,
    }

    for kind in KINDS {
        let server = FlakyServer::new([hang(), hang()]);
        let breaker = CircuitBreaker::new(&Thresholds::new().failures(1).open_for(S(10)));
        let outbound = Hurried {
            breaker: breaker.clone(),
        };
        let client = UserServiceClient::new(outbound.wrap(server.channel()));
        assert_eq!(code(&call!(client, kind).await), Code::DeadlineExceeded);
        assert_eq!(breaker.state(), State::Open, "{kind}");
        advance(S(10)).await;
        assert_eq!(code(&call!(client, kind).await), Code::DeadlineExceeded);
        assert_eq!(breaker.state(), State::Open, "{kind}: again");
        assert_rejected(&call!(client, kind).await, path(kind));
    }
}

const STREAMS: [Kind; 2] = [Kind::ServerStreaming, Kind::BidiStreaming];

/// A call whose response stream is open, and its first message read.
macro_rules! begun {
    ($client:expr, $kind:expr) => {{
        let mut client = $client.clone();
        let behaviour = Behaviour::Answer(1);
        match $kind {
            Kind::ServerStreaming => {
                let request = told(ListUsersRequest::default(), behaviour);
                let mut messages = client.list_users(request).await.unwrap().into_inner();
                messages.message().await.unwrap().unwrap();
                Begun::Users(messages)
            }
            _ => {
                let chat = tokio_stream::iter([ChatMessage::default()]);
                let reply = client.chat(told(chat, behaviour)).await;
                let mut messages = reply.unwrap().into_inner();
                messages.message().await.unwrap().unwrap();
                Begun::Chat(messages)
            }
        }
    }};
}

enum Begun {
    Users(Streaming<User>),
    Chat(Streaming<ChatMessage>),
}

impl Begun {
    async fn end(self) -> Result<(), Status> {
        match self {
            Self::Users(mut messages) => while messages.message().await?.is_some() {},
            Self::Chat(mut messages) => while messages.message().await?.is_some() {},
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn streams_and_stream_probes_count_when_they_end() {
    for kind in STREAMS {
        let server = FlakyServer::new([]);
        let (client, breaker) = shared!(server, Thresholds::new().failures(2).open_for(S(10)));
        server.then([
            fail_after(1, Code::Unavailable),
            fail_after(1, Code::Unknown),
        ]);
        for _ in 0..2 {
            assert_eq!(breaker.state(), State::Closed);
            assert!(call!(client, kind).await.is_err());
        }
        assert_eq!(breaker.state(), State::Open);
        advance(S(10)).await;
        // The probe's response has begun, but has not ended.
        server.then([fail_after(1, Code::Unavailable)]);
        let probe = begun!(client, kind);
        assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
        for _ in 0..3 {
            assert_rejected(&call!(client, kind).await, path(kind));
        }
        assert_eq!(code(&probe.end().await), Code::Unavailable);
        assert_eq!(breaker.state(), State::Open, "{kind}: it failed half way");
        assert_rejected(&call!(client, kind).await, path(kind));
        advance(S(10)).await;
        server.then([answer(2)]);
        let probe = begun!(client, kind);
        assert_eq!(breaker.state(), State::HalfOpen);
        assert_rejected(&call!(client, kind).await, path(kind));
        probe.end().await.unwrap();
        assert_eq!(breaker.state(), State::Closed, "{kind}");
        call!(client, kind).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_probe_stream_is_not_counted_and_frees_its_slot() {
    for kind in STREAMS {
        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let config = Thresholds::new().failures(1).open_for(S(10)).probes(2);
        let (client, breaker) = shared!(server, config);
        assert!(call!(client, kind).await.is_err());
        advance(S(10)).await;
        for _ in 0..10 {
            server.then([hang_after(1), hang_after(1)]);
            let (first, second) = (begun!(client, kind), begun!(client, kind));
            assert_rejected(&call!(client, kind).await, path(kind));
            drop(first);
            server.then([hang_after(1)]);
            let third = begun!(client, kind);
            assert_rejected(&call!(client, kind).await, path(kind));
            drop((second, third));
            assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
        }
        for _ in 0..2 {
            assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
            call!(client, kind).await.unwrap();
        }
        assert_eq!(breaker.state(), State::Closed, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn endless_probe_stream_counts_as_success_after_open_for() {
    for kind in STREAMS {
        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let (client, breaker) = shared!(server, Thresholds::new().failures(1).open_for(S(10)));
        assert!(call!(client, kind).await.is_err());
        advance(S(10)).await;
        server.then([hang_after(1)]);
        let endless = begun!(client, kind);
        advance(MS(9_999)).await;
        assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
        assert_rejected(&call!(client, kind).await, path(kind));
        advance(MS(1)).await;
        assert_eq!(breaker.state(), State::Closed, "{kind}");
        for _ in 0..3 {
            call!(client, kind).await.unwrap();
        }
        // The breaker has left that state, so this end does not count.
        drop(endless);
        assert_eq!(breaker.state(), State::Closed, "{kind}");
        server.then([fail(Code::Unavailable)]);
        assert!(call!(client, kind).await.is_err());
        assert_eq!(breaker.state(), State::Open, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn probes_in_flight_never_exceed_their_maximum() {
    for kind in KINDS {
        let server = FlakyServer::new([fail(Code::Unavailable)]);
        let config = Thresholds::new().failures(1).open_for(S(1_000)).probes(3);
        let (client, breaker) = shared!(server, config);
        assert!(call!(client, kind).await.is_err());
        advance(S(1_000)).await;
        for round in 0..5 {
            let before = server.times().len();
            server.then([hang(), hang_after(1), hang()]);
            let calls: Vec<_> = (0..20).map(|_| tokio::spawn(call!(client, kind))).collect();
            for _ in 0..200 {
                tokio::task::yield_now().await;
            }
            assert_eq!(server.times().len() - before, 3, "{kind} {round}");
            for call in &calls {
                call.abort();
            }
            for call in calls {
                let _ = call.await;
            }
            assert_eq!(breaker.state(), State::HalfOpen, "{kind} {round}");
        }
        for _ in 0..3 {
            assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
            call!(client, kind).await.unwrap();
        }
        assert_eq!(breaker.state(), State::Closed, "{kind}");
    }
}

struct Panicking {
    breaker: CircuitBreaker,
}

#[intercept(service = "demo.v1.UserService", circuit_breaker(breaker = self.breaker))]
impl Panicking {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        match request.into_inner().id {
            0 => Err(Status::unavailable("down")),
            1 => panic!("a mistake"),
            _ => Ok(Response::new(User::default())),
        }
    }
}

/// A panic counts as `INTERNAL`, which is a failure.
#[tokio::test(start_paused = true)]
async fn panicking_probe_counts_as_failure_and_frees_its_slot() {
    let breaker = CircuitBreaker::new(&Thresholds::new().failures(1).open_for(S(10)));
    let hand_written = std::sync::Arc::new(Panicking {
        breaker: breaker.clone(),
    });
    let get = |id| {
        let hand_written = std::sync::Arc::clone(&hand_written);
        tokio::spawn(async move {
            hand_written
                .get_user(Request::new(GetUserRequest { id }))
                .await
        })
    };
    assert!(get(0).await.unwrap().is_err());
    for _ in 0..5 {
        assert_eq!(breaker.state(), State::Open);
        advance(S(10)).await;
        assert!(get(1).await.unwrap_err().is_panic());
    }
    advance(S(10)).await;
    get(2).await.unwrap().unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_is_not_counted() {
    for kind in KINDS {
        let server = FlakyServer::new([]);
        let (client, breaker) = shared!(server, Thresholds::new().failures(2));
        for _ in 0..5 {
            server.then([hang()]);
            let given_up = tokio::time::timeout(MS(10), call!(client, kind)).await;
            assert!(given_up.is_err());
        }
        assert_eq!(breaker.state(), State::Closed);
        server.then([fail(Code::Unavailable), hang(), fail(Code::Unavailable)]);
        assert!(call!(client, kind).await.is_err());
        let given_up = tokio::time::timeout(MS(10), call!(client, kind)).await;
        assert!(given_up.is_err());
        assert!(call!(client, kind).await.is_err());
        assert_eq!(
            breaker.state(),
            State::Open,
            "the dropped call does not count between the two failures"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retry_makes_no_attempt_against_an_open_breaker() {
    #[intercept(
        retry(max_attempts = 5, base_delay = "100ms", jitter = 0.0),
        circuit_breaker(failures = 2, open_for = "10s")
    )]
    struct Outbound;

    for kind in KINDS {
        let server = FlakyServer::new([(); 9].map(|()| fail(Code::Unavailable)));
        let client = UserServiceClient::new(Outbound.wrap(server.channel()));
        let started = server.now();
        assert_rejected(&call!(client, kind).await, path(kind));
        assert_eq!(server.times().len(), 2, "{kind}: the third was rejected");
        assert_eq!(server.now() - started, 300, "{kind}: after two delays");
        let started = server.now();
        assert_rejected(&call!(client, kind).await, path(kind));
        assert_eq!(server.now(), started, "{kind}: at once");
    }
}

#[tokio::test(start_paused = true)]
async fn generated_clients_share_one_breaker_per_method() {
    for kind in KINDS {
        let server = FlakyServer::new([(); 3].map(|()| fail(Code::Unavailable)));
        let client = clients::broken::UserServiceClient::new(server.channel());
        // Three attempts.
        assert_eq!(code(&call!(client, kind).await), Code::Unavailable);
        assert_eq!(server.times().len(), 3);
        assert_rejected(&call!(client, kind).await, path(kind));
        let other = FlakyServer::new([]);
        let another = clients::broken::UserServiceClient::new(other.channel());
        assert_rejected(&call!(another, kind).await, path(kind));
        advance(S(10)).await;
        call!(client, kind).await.unwrap();
        call!(another, kind).await.unwrap();
    }
}

#[intercept(circuit_breaker(failures = 1, per = service))]
struct PerService;

#[tokio::test(start_paused = true)]
async fn per_service_breaker_is_shared_by_methods_not_channels() {
    let server = FlakyServer::new([fail(Code::Unavailable)]);
    let client = UserServiceClient::new(PerService.wrap(server.channel()));
    let other = UserServiceClient::new(PerService.wrap(server.channel()));
    assert!(call!(client, Kind::Unary).await.is_err());
    for kind in KINDS {
        assert_rejected(&call!(client, kind).await, path(kind));
        call!(other, kind).await.unwrap();
    }
    let plan = PerService::PLAN.to_string();
    let line = "circuit_breaker  per=service failures=1 open_for=30s probes=1 codes=[Unavailable, DeadlineExceeded, Internal, Unknown]";
    assert!(plan.contains(line), "{plan}");
}

struct HandWritten {
    client: UserServiceClient<Channel>,
}

#[intercept(
    service = "demo.v1.UserService",
    circuit_breaker(failure_ratio = 0.5, window = "10s", min_calls = 4, open_for = "10s", codes = [NotFound]),
)]
impl HandWritten {
    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.client.clone().get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Streaming<User>>, Status> {
        self.client.clone().list_users(request).await
    }
}

#[tokio::test(start_paused = true)]
async fn hand_written_clients_breaker_opens_at_the_failure_ratio() {
    let server = FlakyServer::new([
        fail(Code::Unavailable),
        fail(Code::Unavailable),
        answer(1),
        fail(Code::NotFound),
        fail(Code::NotFound),
        fail(Code::NotFound),
    ]);
    let hand_written = HandWritten {
        client: UserServiceClient::new(server.channel()),
    };
    let get = async || {
        hand_written
            .get_user(Request::new(GetUserRequest { id: 7 }))
            .await
            .map(drop)
    };
    for _ in 0..6 {
        let _ = get().await;
    }
    assert_eq!(server.times().len(), 6);
    assert_rejected(&get().await, path(Kind::Unary));
    let list = Request::new(ListUsersRequest::default());
    hand_written.list_users(list).await.unwrap();
    advance(S(10)).await;
    get().await.unwrap();
}

/// A transport that never becomes ready.
#[derive(Clone)]
struct Lost;

impl tower_service::Service<http::Request<tonic::body::Body>> for Lost {
    type Response = http::Response<tonic::body::Body>;
    type Error = Status;
    type Future = std::future::Pending<Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Err(Status::unavailable("lost")))
    }

    fn call(&mut self, _: http::Request<tonic::body::Body>) -> Self::Future {
        panic!("it was not ready")
    }
}

#[tokio::test(start_paused = true)]
async fn failed_connection_counts_as_failure() {
    for kind in KINDS {
        let client = UserServiceClient::new(PerMethod.wrap(Lost));
        for _ in 0..3 {
            let reply = call!(client, kind).await;
            assert_eq!(reply.unwrap_err().message(), "lost", "{kind}");
        }
        assert_rejected(&call!(client, kind).await, path(kind));
    }
    let server = FlakyServer::new([]);
    let client = UserServiceClient::new(PerMethod.wrap(server.channel_after(3)));
    for _ in 0..3 {
        assert_eq!(code(&call!(client, Kind::Unary).await), Code::Unavailable);
    }
    assert_rejected(&call!(client, Kind::Unary).await, path(Kind::Unary));
}

struct Slow {
    breaker: CircuitBreaker,
}

#[intercept(service = "demo.v1.UserService", deadline("1s"), circuit_breaker(breaker = self.breaker))]
impl Slow {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        std::future::pending().await
    }
}

/// The inner client does not enforce the deadline, so the call is dropped.
#[tokio::test(start_paused = true)]
async fn call_dropped_at_its_deadline_counts_as_failure() {
    let breaker = CircuitBreaker::new(&Thresholds::new().failures(1).open_for(S(10)));
    let hand_written = Slow {
        breaker: breaker.clone(),
    };
    for _ in 0..3 {
        let reply = hand_written
            .get_user(Request::new(GetUserRequest { id: 7 }))
            .await;
        assert_eq!(reply.unwrap_err().code(), Code::DeadlineExceeded);
        assert_eq!(breaker.state(), State::Open);
        advance(S(10)).await;
        assert_eq!(breaker.state(), State::HalfOpen);
    }
}

#[intercept(circuit_breaker(breaker = self.breaker), load_shed(limiter = self.limiter))]
struct Crowded {
    breaker: CircuitBreaker,
    limiter: Limiter,
}

#[tokio::test(start_paused = true)]
async fn inner_rejection_is_not_counted() {
    for kind in KINDS {
        let server = FlakyServer::new([fail(Code::Unavailable), hang(), fail(Code::Unavailable)]);
        let breaker = CircuitBreaker::new(&Thresholds::new().failures(2).open_for(S(10)));
        let outbound = Crowded {
            breaker: breaker.clone(),
            limiter: Limiter::new(&concurrency::Capacity::max(1)),
        };
        let client = UserServiceClient::new(outbound.wrap(server.channel()));
        assert_eq!(code(&call!(client, kind).await), Code::Unavailable);
        let held = tokio::spawn(call!(client, kind));
        while server.times().len() < 2 {
            tokio::task::yield_now().await;
        }
        let refused = code(&call!(client, kind).await);
        assert_eq!(refused, Code::ResourceExhausted, "{kind}");
        held.abort();
        assert!(held.await.is_err());
        assert_eq!(code(&call!(client, kind).await), Code::Unavailable);
        assert_eq!(
            breaker.state(),
            State::Open,
            "{kind}: the rejection between the two failures is no success"
        );

        // A probe that is never sent frees its slot.
        advance(S(10)).await;
        let limiter = Limiter::new(&concurrency::Capacity::max(1));
        let other = Crowded {
            breaker: breaker.clone(),
            limiter: limiter.clone(),
        };
        let full = UserServiceClient::new(
            Crowded {
                breaker: CircuitBreaker::new(&Thresholds::new()),
                limiter,
            }
            .wrap(server.channel()),
        );
        server.then([hang()]);
        let held = tokio::spawn(call!(full, kind));
        while server.times().len() < 4 {
            tokio::task::yield_now().await;
        }
        let other = UserServiceClient::new(other.wrap(server.channel()));
        for _ in 0..3 {
            assert_eq!(code(&call!(other, kind).await), Code::ResourceExhausted);
            assert_eq!(breaker.state(), State::HalfOpen, "{kind}");
        }
        held.abort();
        assert!(held.await.is_err());
        call!(other, kind).await.unwrap();
        assert_eq!(breaker.state(), State::Closed, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_state_change_is_logged() {
    let (events, _guard) = Events::listen(LevelFilter::INFO);
    let server = FlakyServer::new([fail(Code::Unavailable)]);
    let (client, _) = shared!(server, Thresholds::new().failures(1).open_for(S(10)));
    assert!(call!(client, Kind::Unary).await.is_err());
    assert!(call!(client, Kind::Unary).await.is_err());
    advance(S(10)).await;
    call!(client, Kind::Unary).await.unwrap();
    let mut events = events.take();
    events.retain(|event| event.target == "interceptors::circuit_breaker");
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event.level,
                event.message.as_str(),
                event.get("to").unwrap().clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Level::WARN, "circuit breaker opened", Field::from("open")),
            (
                Level::INFO,
                "circuit breaker tries again",
                Field::from("half-open")
            ),
            (Level::INFO, "circuit breaker closed", Field::from("closed")),
        ]
    );
    for event in &events {
        assert_eq!(
            event.get("grpc.service"),
            Some(&Field::from("demo.v1.UserService"))
        );
        assert_eq!(event.get("grpc.method"), Some(&Field::from("GetUser")));
    }
}

#[intercept(concurrency(max = 5), load_shed(max = 5), circuit_breaker, retry)]
struct UpsideDown;

#[intercept(hedge, circuit_breaker)]
struct Hedged;

#[intercept(retry, circuit_breaker, concurrency(max = 5), load_shed(max = 5))]
struct InOrder;

#[test]
fn unusual_orders_have_a_note() {
    let pairs = |plan: interceptors::Plan| -> Vec<_> {
        let notes = plan.notes().map(|(_, note)| (note.outer(), note.inner()));
        notes.collect()
    };
    assert_eq!(
        pairs(UpsideDown::PLAN),
        [
            ("circuit_breaker", "retry"),
            ("concurrency", "retry"),
            ("load_shed", "retry"),
        ]
    );
    assert_eq!(pairs(Hedged::PLAN), [("hedge", "circuit_breaker")]);
    assert_eq!(pairs(InOrder::PLAN), []);
}

struct Bare {
    script: Script,
}

scripted!(self: Bare, #[intercept()]);

#[tokio::test]
async fn over_sockets_a_failing_handler_opens_the_breaker() {
    let script = Script::default();
    let service = Bare {
        script: script.clone(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    for (kind, n) in KINDS.into_iter().zip(1..) {
        let client = UserServiceClient::new(PerMethod.wrap(channel.clone()));
        for behaviour in [
            Behaviour::Fail(Code::Unavailable),
            Behaviour::FailAfter(1, Code::Internal),
            Behaviour::Fail(Code::Unknown),
        ] {
            assert!(call!(client, kind, behaviour).await.is_err());
        }
        assert_rejected(&call!(client, kind).await, path(kind));
        assert_eq!(script.runs(), n * 3, "{kind}");
    }
}

#[tokio::test]
async fn over_sockets_a_handler_panic_counts_by_the_received_code() {
    #[intercept(circuit_breaker(failures = 1, codes = [Cancelled, Internal, Unavailable, Unknown]))]
    struct Outbound;

    let service = Bare {
        script: Script::default(),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    for kind in KINDS {
        let client = UserServiceClient::new(Outbound.wrap(channel.clone()));
        assert!(call!(client, kind, Behaviour::Panic).await.is_err());
        assert_rejected(&call!(client, kind).await, path(kind));
    }
}
