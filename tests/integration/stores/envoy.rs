//! Limits in Envoy's Rate Limit Service, and a service that hangs, fails or sends false responses.

use std::time::{Duration, Instant};

use interceptors::intercept;
use interceptors::rate_limit::Envoy;
use interceptors_proto::guide::user_service_client::UserServiceClient;
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, LoginReply, LoginRequest, User};
use interceptors_tests::serve;
use prost_types::Duration as Reset;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

use super::rls::{self, DescriptorStatus, HeaderValue, Mood, RateLimitResponse, Rls};

macro_rules! service {
    ($name:ident: $($settings:tt)*) => {
        struct $name(Envoy<Channel>);

        #[intercept(service = "demo.v1.UserService", rate_limit(store = self.0, store_timeout = "150ms", $($settings)*))]
        #[tonic::async_trait]
        impl UserService for $name {
            async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User::default()))
            }

            #[intercept(rate_limit(store = self.0, on_error = deny, key = metadata("x-api-key")))]
            async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
                Ok(Response::new(LoginReply::default()))
            }
        }
    };
}

async fn rls() -> (Rls, Envoy<Channel>) {
    let rls = Rls::default();
    let channel = serve(Routes::new(rls.clone())).await;
    (rls, Envoy::new(channel, "shop"))
}

async fn get(service: &impl UserService) -> Result<Response<User>, Status> {
    service
        .get_user(Request::new(GetUserRequest::default()))
        .await
}

fn pushback(status: &Status) -> Option<&str> {
    let value = status.metadata().get("grpc-retry-pushback-ms")?;
    value.to_str().ok()
}

/// The descriptors of the only request, each as `key=value` pairs and its limit.
fn descriptors(rls: &Rls) -> Vec<(String, Option<(u32, i32)>)> {
    let asked = rls.asked();
    let [request] = &asked[..] else {
        panic!("expected one request, not {}", asked.len());
    };
    assert_eq!((&*request.domain, request.hits_addend), ("shop", 1));
    let each = request.descriptors.iter().map(|descriptor| {
        let entries = descriptor.entries.iter();
        let entries: Vec<_> = entries
            .map(|it| format!("{}={}", it.key, it.value))
            .collect();
        let limit = descriptor.limit.map(|it| (it.requests_per_unit, it.unit));
        (entries.join(" "), limit)
    });
    each.collect()
}

service!(ByPeer: per_minute = 3, burst = 1, key = peer);
service!(Named: on_error = deny, name = "customers");
service!(Everyone: on_error = deny);

#[tokio::test]
async fn descriptors_contain_service_method_and_key() {
    let (rls, envoy) = rls().await;
    let channel = serve(Routes::new(UserServiceServer::new(ByPeer(envoy.clone())))).await;
    let mut client = UserServiceClient::new(channel);
    client.get_user(GetUserRequest::default()).await.unwrap();
    let minute = rls::Unit::Minute.into();
    assert_eq!(
        descriptors(&rls),
        [
            (
                "service=demo.v1.UserService remote_address=127.0.0.1".to_owned(),
                Some((3, minute))
            ),
            (
                "service=demo.v1.UserService method=GetUser remote_address=127.0.0.1".to_owned(),
                None
            ),
        ]
    );
    let mut request = Request::new(LoginRequest::default());
    request
        .metadata_mut()
        .insert("x-api-key", "abc".parse().unwrap());
    client.login(request).await.unwrap();
    let of_method = "service=demo.v1.UserService method=Login x-api-key=";
    assert_eq!(descriptors(&rls), [(format!("{of_method}abc"), None)]);
    client.login(LoginRequest::default()).await.unwrap();
    assert_eq!(descriptors(&rls), [(format!("{of_method}-"), None)]);
    get(&Named(envoy.clone())).await.unwrap();
    assert_eq!(
        descriptors(&rls),
        [("generic_key=customers".to_owned(), None)]
    );
    get(&Everyone(envoy)).await.unwrap();
    assert_eq!(
        descriptors(&rls),
        [
            ("service=demo.v1.UserService".to_owned(), None),
            (
                "service=demo.v1.UserService method=GetUser".to_owned(),
                None
            ),
        ]
    );
}

struct Behind(Envoy<Channel>);

#[intercept(
    service = "demo.v1.UserService",
    client_ip(trusted = ["127.0.0.0/8"]),
    rate_limit(per_minute = 3, burst = 1, key = client_ip, store = self.0, store_timeout = "5s"),
)]
#[tonic::async_trait]
impl UserService for Behind {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

struct BehindWidely(Envoy<Channel>);

#[intercept(
    service = "demo.v1.UserService",
    client_ip(trusted = ["127.0.0.0/8"], ipv6_prefix = 56),
    rate_limit(per_minute = 3, burst = 1, key = client_ip, store = self.0, store_timeout = "5s"),
)]
#[tonic::async_trait]
impl UserService for BehindWidely {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

async fn get_for(
    client: &UserServiceClient<Channel>,
    address: &'static str,
) -> Result<Response<User>, Status> {
    let mut request = Request::new(GetUserRequest::default());
    let address = address.parse().unwrap();
    request.metadata_mut().insert("x-forwarded-for", address);
    client.clone().get_user(request).await
}

#[tokio::test]
async fn descriptors_have_the_client_ip_and_the_network_of_ipv6() {
    let (rls, envoy) = rls().await;
    let channel = serve(Routes::new(UserServiceServer::new(Behind(envoy.clone())))).await;
    let client = UserServiceClient::new(channel);
    let channel = serve(Routes::new(UserServiceServer::new(BehindWidely(envoy)))).await;
    let widely = UserServiceClient::new(channel);
    let minute = rls::Unit::Minute.into();
    for (client, address, entry) in [
        (&client, "192.0.2.1", "remote_address=192.0.2.1"),
        (&client, "::ffff:192.0.2.2", "remote_address=192.0.2.2"),
        (
            &client,
            "203.0.113.66, 192.0.2.3",
            "remote_address=192.0.2.3",
        ),
        (&client, "unknown", "remote_address=127.0.0.1"),
        (
            &client,
            "2001:db8:1:2:3::4",
            "masked_remote_address=2001:db8:1:2::/64",
        ),
        (
            &widely,
            "2001:db8:1:2ff:3::4",
            "masked_remote_address=2001:db8:1:200::/56",
        ),
    ] {
        get_for(client, address).await.unwrap();
        let service = "service=demo.v1.UserService";
        let expected = [
            (format!("{service} {entry}"), Some((3, minute))),
            (format!("{service} method=GetUser {entry}"), None),
        ];
        assert_eq!(descriptors(&rls), expected, "{address}");
    }

    // All addresses of a network share one limit.
    for n in 0..4 {
        let address = ["2001:db8:7::1", "2001:db8:7::ffff:2"][n % 2];
        let code = get_for(&client, address).await.err();
        let code = code.map_or(Code::Ok, |status| status.code());
        let expected = if n < 3 {
            Code::Ok
        } else {
            Code::ResourceExhausted
        };
        assert_eq!(code, expected, "{n}");
    }
    rls.asked();
    // The denial is cached for this network only.
    let status = get_for(&client, "2001:db8:7::3").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(rls.asked().len(), 0);
    get_for(&client, "2001:db8:7:1::1").await.unwrap();
    assert_eq!(rls.asked().len(), 1);
}

service!(Counted: on_error = deny);

#[tokio::test]
async fn over_limit_calls_are_rejected_and_the_denial_is_cached() {
    let (rls, envoy) = rls().await;
    let service = Counted(envoy);
    for _ in 0..3 {
        get(&service).await.unwrap();
    }
    rls.asked();
    let status = get(&service).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(pushback(&status), Some("40500"));
    for _ in 0..100 {
        get(&service).await.unwrap_err();
    }
    assert_eq!(rls.asked().len(), 1);
}

service!(Added: on_error = deny);

#[tokio::test]
async fn response_headers_are_added_except_protocol_headers() {
    let (rls, envoy) = rls().await;
    let header = |key: &str, value: &str, raw: &[u8]| HeaderValue {
        key: key.to_owned(),
        value: value.to_owned(),
        raw_value: raw.to_vec(),
    };
    let headers = vec![
        header("X-RateLimit-Remaining", "7", b""),
        header("x-raw", "", b"raw"),
        header("grpc-status", "0", b""),
        header("grpc-retry-pushback-ms", "1", b""),
        header("content-type", "text/html", b""),
        header("x-token-bin", "AAAA", b""),
        header("not a header", "a", b""),
        header("x-newline", "a\r\nb: c", b""),
        header("", "a", b""),
    ];
    let say = |code: rls::Code| RateLimitResponse {
        overall_code: code.into(),
        response_headers_to_add: headers.clone(),
        ..RateLimitResponse::default()
    };
    let service = Added(envoy);
    let told = |metadata: &tonic::metadata::MetadataMap| {
        let mut keys: Vec<_> = metadata.as_ref().keys().map(|key| key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["x-ratelimit-remaining", "x-raw"]);
        assert_eq!(metadata.as_ref()["x-ratelimit-remaining"], "7");
        assert_eq!(metadata.as_ref()["x-raw"], "raw");
    };
    rls.says(say(rls::Code::Ok));
    told(get(&service).await.unwrap().metadata());
    rls.says(say(rls::Code::OverLimit));
    told(get(&service).await.unwrap_err().metadata());
}

service!(Lied: on_error = deny);

#[tokio::test]
async fn malformed_responses_are_store_errors_or_harmless() {
    let (rls, envoy) = rls().await;
    let service = Lied(envoy);
    for code in [0, 3, -1, i32::MAX] {
        rls.says(RateLimitResponse {
            overall_code: code,
            ..RateLimitResponse::default()
        });
        assert_eq!(
            get(&service).await.unwrap_err().code(),
            Code::Unavailable,
            "{code}"
        );
    }
    let resets = [
        (-1, 0),
        (i64::MAX, 999_999_999),
        (1, -5),
        (0, i32::MAX),
        (i64::MIN, i32::MIN),
    ];
    for (seconds, nanos) in resets {
        rls.says(RateLimitResponse {
            overall_code: rls::Code::OverLimit.into(),
            statuses: vec![DescriptorStatus {
                code: rls::Code::OverLimit.into(),
                duration_until_reset: Some(Reset { seconds, nanos }),
                ..DescriptorStatus::default()
            }],
            ..RateLimitResponse::default()
        });
        let status = get(&service).await.unwrap_err();
        assert_eq!(
            (status.code(), pushback(&status)),
            (Code::ResourceExhausted, None)
        );
    }
    // A response without statuses.
    rls.says(RateLimitResponse {
        overall_code: rls::Code::Ok.into(),
        ..RateLimitResponse::default()
    });
    get(&service).await.unwrap();
}

service!(Denied: on_error = deny);
service!(Allowed: on_error = allow);
service!(Local: per_minute = 1, burst = 2, on_error = local);

#[tokio::test]
async fn on_error_decides_failures() {
    let (rls, envoy) = rls().await;
    rls.is(Mood::Fails);
    let denied = Denied(envoy.clone());
    let status = get(&denied).await.unwrap_err();
    assert_eq!(status.message(), "rate limit cannot be checked");
    assert_eq!(pushback(&status), Some("1000"));
    get(&Allowed(envoy.clone())).await.unwrap();
    let local = Local(envoy);
    get(&local).await.unwrap();
    get(&local).await.unwrap();
    assert_eq!(
        get(&local).await.unwrap_err().code(),
        Code::ResourceExhausted
    );

    let nobody = Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
    let status = get(&Denied(Envoy::new(nobody, "shop"))).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

service!(Hung: on_error = deny);

#[tokio::test]
async fn hanging_service_delays_only_five_calls() {
    let (rls, envoy) = rls().await;
    let service = Hung(envoy);
    get(&service).await.unwrap();
    rls.is(Mood::Hangs);
    rls.asked();
    for _ in 0..5 {
        assert_eq!(get(&service).await.unwrap_err().code(), Code::Unavailable);
    }
    assert_eq!(rls.asked().len(), 5);
    // The service is not asked, so the calls do not wait.
    for _ in 0..100 {
        assert_eq!(get(&service).await.unwrap_err().code(), Code::Unavailable);
    }
    assert!(rls.asked().len() <= 1);
    rls.is(Mood::Counts);
    let began = Instant::now();
    while get(&service).await.is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "the service does not recover"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
