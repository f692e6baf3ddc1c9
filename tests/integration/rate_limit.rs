//! How many calls pass, and what rejected calls get.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use governor::clock::FakeRelativeClock;
use interceptors::auth::Verifier;
use interceptors::rate_limit::{Limiter, Rate};
use interceptors::{CallDetails, Kind, intercept};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_server::Stubs;
use interceptors_tests::{
    Behaviour, Caller, KINDS, Reply, Script, UserStream, listen, scripted, serve,
};
use tonic::service::Routes;
use tonic::transport::Endpoint;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::StatusExt;

const MS: fn(u64) -> Duration = Duration::from_millis;

fn limiter(config: &Rate) -> (Arc<Limiter<FakeRelativeClock>>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    let limiter = Limiter::with_clock(config, clock.clone());
    (Arc::new(limiter), clock)
}

/// Checks both forms of the retry delay: `RetryInfo` and pushback.
fn assert_refused(reply: &Reply, wait: Duration) {
    let status = &reply.status;
    assert_eq!(status.code(), Code::ResourceExhausted);
    let retry_info = status.get_details_retry_info().unwrap();
    assert_eq!(retry_info.retry_delay, Some(wait));
    let pushback = status.metadata().get("grpc-retry-pushback-ms").unwrap();
    assert_eq!(pushback.to_str().unwrap(), wait.as_millis().to_string());
}

#[derive(Clone)]
struct Limited {
    script: Script,
    limiter: Arc<Limiter<FakeRelativeClock>>,
}

scripted!(self: Limited, #[intercept(rate_limit(limiter = self.limiter))]);

#[tokio::test]
async fn calls_beyond_the_burst_are_rejected_until_the_limit_refills() {
    for kind in KINDS {
        let (limiter, clock) = limiter(&Rate::per_second(10).burst(2));
        let script = Script::default();
        let service = Limited {
            script: script.clone(),
            limiter,
        };
        let channel = serve(Routes::new(UserServiceServer::new(service))).await;
        let caller = Caller::new(&channel);
        for _ in 0..2 {
            assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
        }
        assert_refused(&caller.call(kind).await, MS(100));
        clock.advance(MS(99));
        assert_refused(&caller.call(kind).await, MS(1));
        assert_eq!(script.runs(), 2, "{kind}");
        clock.advance(MS(1));
        assert_eq!(caller.call(kind).await.code(), Code::Ok, "{kind}");
        assert_refused(&caller.call(kind).await, MS(100));
        assert_eq!(script.runs(), 3, "{kind}");
    }
}

#[tokio::test]
async fn full_burst_adds_to_the_rate() {
    for (config, first, later) in [
        (Rate::per_minute(60), 119, 60),
        (Rate::per_minute(60).burst(10), 69, 60),
        (Rate::per_minute(60).burst(1), 60, 60),
    ] {
        let (limiter, clock) = limiter(&config);
        let service = Limited {
            script: Script::default(),
            limiter,
        };
        let channel = serve(Routes::new(UserServiceServer::new(service))).await;
        let caller = Caller::new(&channel);
        for expected in [first, later, later] {
            let mut passed = 0;
            // The caller calls until it is rejected.
            for _second in 0..60 {
                while caller.call(Kind::Unary).await.code() == Code::Ok {
                    passed += 1;
                }
                clock.advance(Duration::from_secs(1));
            }
            assert_eq!(passed, expected, "{config:?}");
        }
    }
}

#[tokio::test]
async fn methods_of_a_service_share_its_limit_and_streams_count_once() {
    let (limiter, _clock) = limiter(&Rate::per_second(1).burst(4));
    let script = Script::default();
    let service = Limited {
        script: script.clone(),
        limiter,
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel).told(Behaviour::Answer(10));
    for kind in KINDS {
        let reply = caller.call(kind).await;
        assert_eq!(reply.code(), Code::Ok, "{kind}");
        let messages = if kind.response_is_stream() { 10 } else { 1 };
        assert_eq!(reply.messages.len(), messages, "{kind}");
    }
    for kind in KINDS {
        assert_refused(&caller.call(kind).await, MS(1000));
    }
    assert_eq!(script.runs(), 4);
}

#[derive(Clone, Default)]
struct Configured {
    script: Script,
}

#[intercept(rate_limit(per_minute = 1))]
#[tonic::async_trait]
impl UserService for Configured {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

    #[intercept(rate_limit(per_minute = 1, burst = 3))]
    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
        self.script.login(request).await
    }

    async fn get_user(&self, request: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        self.script.get_user(request).await
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<Self::ListUsersStream>, Status> {
        self.script.list_users(request).await
    }

    async fn import_users(
        &self,
        request: Request<Streaming<User>>,
    ) -> Result<Response<ImportSummary>, Status> {
        self.script.import_users(request).await
    }

    async fn chat(
        &self,
        request: Request<Streaming<ChatMessage>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        self.script.chat(request).await
    }

    #[intercept(skip(rate_limit))]
    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

#[tokio::test]
async fn method_limit_is_separate_and_instances_share_the_block_limit() {
    let services = [Configured::default(), Configured::default()];
    let [first, second] = services.clone();
    let first = serve(Routes::new(UserServiceServer::new(first))).await;
    let second = serve(Routes::new(UserServiceServer::new(second))).await;
    let (first, second) = (Caller::new(&first), Caller::new(&second));
    let login = async |caller: &Caller| {
        let reply = caller.client().login(LoginRequest::default()).await;
        reply.map_or_else(|status| status.code(), |_| Code::Ok)
    };
    for caller in [&first, &second, &first] {
        assert_eq!(login(caller).await, Code::Ok);
    }
    for caller in [&first, &second] {
        assert_eq!(login(caller).await, Code::ResourceExhausted);
    }
    assert_eq!(first.call(Kind::Unary).await.code(), Code::Ok);
    for kind in KINDS {
        let refused = second.call(kind).await;
        assert_eq!(refused.code(), Code::ResourceExhausted, "{kind}");
        let wait = refused.status.get_details_retry_info().unwrap().retry_delay;
        assert!(wait.unwrap() <= Duration::from_secs(60));
    }
    for _ in 0..3 {
        second
            .client()
            .flaky(FlakyRequest::default())
            .await
            .unwrap();
    }
    let runs = services.map(|service| service.script.runs());
    assert_eq!(runs, [3, 4]);
}

#[derive(Clone)]
struct ByPeer {
    script: Script,
    limiter: Arc<Limiter<FakeRelativeClock>>,
}

scripted!(self: ByPeer, #[intercept(rate_limit(limiter = self.limiter, key = peer))]);

#[tokio::test]
async fn peers_are_limited_by_address_regardless_of_port() {
    let (limiter, _clock) = limiter(&Rate::per_second(1));
    let service = ByPeer {
        script: Script::default(),
        limiter: Arc::clone(&limiter),
    };
    let address = listen(Routes::new(UserServiceServer::new(service))).await;
    let from = async |last: u8| {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let local = IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
        let channel = endpoint.local_address(Some(local)).connect().await.unwrap();
        Caller::new(&channel).call(Kind::Unary).await.code()
    };
    assert_eq!(from(1).await, Code::Ok);
    assert_eq!(from(1).await, Code::ResourceExhausted);
    assert_eq!(from(2).await, Code::Ok);
    assert_eq!(from(2).await, Code::ResourceExhausted);
    assert_eq!(limiter.keys(), 2);
}

/// Makes a call from this address, or without one.
async fn unary_from(service: &ByPeer, address: Option<&str>) -> Code {
    let mut request = Request::new(GetUserRequest { id: 1 });
    if let Some(address) = address {
        request.extensions_mut().insert(TcpConnectInfo {
            local_addr: None,
            remote_addr: Some(SocketAddr::new(address.parse().unwrap(), 7)),
        });
    }
    let reply = service.get_user(request).await;
    reply.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[tokio::test]
async fn ipv6_network_is_one_peer_and_unknown_addresses_share_a_limit() {
    let (limiter, _clock) = limiter(&Rate::per_second(1));
    let service = ByPeer {
        script: Script::default(),
        limiter: Arc::clone(&limiter),
    };
    for (address, code) in [
        (Some("2001:db8:1:2::1"), Code::Ok),
        (Some("2001:db8:1:2:ffff::9"), Code::ResourceExhausted),
        (Some("2001:db8:1:3::1"), Code::Ok),
        (Some("192.0.2.1"), Code::Ok),
        (Some("::ffff:192.0.2.1"), Code::ResourceExhausted),
        (None, Code::Ok),
        (None, Code::ResourceExhausted),
    ] {
        assert_eq!(unary_from(&service, address).await, code, "{address:?}");
    }
    assert_eq!(limiter.keys(), 4);
}

/// A generic service, with a limit in its attribute.
struct Generic<T>(T);

#[intercept(rate_limit(per_minute = 1))]
#[tonic::async_trait]
impl<T: Send + Sync + 'static> Stubs for Generic<T> {
    async fn unary(&self, request: Request<Item>) -> Result<Response<Item>, Status> {
        let _ = &self.0;
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn instances_of_a_generic_service_share_a_limit() {
    let request = || Request::new(Item::default());
    Generic(1_u8).unary(request()).await.unwrap();
    let refused = Generic("a").unary(request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
}

#[derive(Clone)]
struct ByKey {
    script: Script,
    limiter: Arc<Limiter<FakeRelativeClock>>,
}

scripted!(self: ByKey, #[intercept(
    rate_limit(limiter = self.limiter, key = metadata("x-api-key")),
)]);

#[tokio::test]
async fn each_metadata_value_has_a_limit_and_calls_without_it_share_one() {
    let (limiter, _clock) = limiter(&Rate::per_second(1));
    let service = ByKey {
        script: Script::default(),
        limiter: Arc::clone(&limiter),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let without = Caller::new(&channel);
    let callers = [
        without.clone(),
        without.with("x-api-key", ""),
        without.with("x-api-key", "a"),
        without.with("x-api-key", "b"),
        without.with("x-api-key", "ab"),
        without.with("x-api-key", "ä"),
    ];
    for expected in [Code::Ok, Code::ResourceExhausted] {
        for (caller, kind) in callers.iter().zip(KINDS.into_iter().cycle()) {
            assert_eq!(caller.call(kind).await.code(), expected, "{caller:?}");
        }
    }
    let others = without.with("x-other", "c");
    let refused = others.call(Kind::Unary).await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let several = without.with("x-api-key", "a").with("x-api-key", "c");
    let refused = several.call(Kind::Unary).await;
    assert_eq!(
        refused.code(),
        Code::ResourceExhausted,
        "the same as without a value"
    );
    assert_eq!(limiter.keys(), callers.len());
}

#[tokio::test]
async fn flood_of_keys_is_bounded_and_recovers() {
    let (limiter, clock) = limiter(&Rate::per_second(1).max_keys(64));
    let script = Script::default();
    let service = ByKey {
        script: script.clone(),
        limiter: Arc::clone(&limiter),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    let known = caller.with("x-api-key", "known");
    assert_eq!(known.call(Kind::Unary).await.code(), Code::Ok);
    let mut passed = 1;
    for n in 0..600 {
        let reply = caller
            .with("x-api-key", n.to_string())
            .call(Kind::Unary)
            .await;
        passed += u32::from(reply.code() == Code::Ok);
    }
    assert!(limiter.keys() <= 64, "{} keys", limiter.keys());
    // Each key with its own limit passed once. The other keys shared a few limits.
    assert!((64..=64 + 16).contains(&passed), "{passed} passed");
    assert_eq!(script.runs(), passed);
    clock.advance(Duration::from_secs(1));
    let refilled = known.call(Kind::Unary).await;
    assert_eq!(refilled.code(), Code::Ok, "the key still has its own limit");

    clock.advance(Duration::from_secs(2));
    for key in ["x", "y", "z"] {
        let caller = caller.with("x-api-key", key);
        caller.call(Kind::Unary).await;
    }
    assert!(limiter.keys() <= 3, "refilled keys are removed");
    clock.advance(Duration::from_secs(2));
    for key in ["x", "y", "z"] {
        let caller = caller.with("x-api-key", key);
        assert_eq!(caller.call(Kind::Unary).await.code(), Code::Ok);
        assert_eq!(
            caller.call(Kind::Unary).await.code(),
            Code::ResourceExhausted
        );
    }
}

#[derive(Clone)]
struct ByIdentity {
    script: Script,
    limiter: Arc<Limiter<FakeRelativeClock>>,
}

impl Verifier for ByIdentity {
    type Identity = String;

    /// A token has the form `name-number`.
    async fn verify(&self, token: &str, _: &CallDetails) -> Result<String, Status> {
        match token.split_once('-') {
            Some((name, _)) => Ok(name.to_owned()),
            None => Err(Status::unauthenticated("unknown token")),
        }
    }
}

scripted!(self: ByIdentity, #[intercept(
    auth(public = [login]),
    rate_limit(limiter = self.limiter, key = identity, except = [login]),
)]);

#[tokio::test]
async fn each_identity_has_a_limit_and_unknown_callers_use_none() {
    let (limiter, clock) = limiter(&Rate::per_second(1));
    let script = Script::default();
    let service = ByIdentity {
        script: script.clone(),
        limiter: Arc::clone(&limiter),
    };
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    for kind in KINDS {
        let call = async |token: &str| {
            let caller = caller.with("authorization", format!("Bearer {token}"));
            caller.call(kind).await.code()
        };
        assert_eq!(call("stranger").await, Code::Unauthenticated);
        assert_eq!(call("ann-1").await, Code::Ok);
        assert_eq!(call("ann-2").await, Code::ResourceExhausted);
        assert_eq!(call("bob-1").await, Code::Ok);
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(limiter.keys(), 2);
    assert_eq!(script.runs(), 8);
}
