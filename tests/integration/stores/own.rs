//! A custom store: its requests, the handling of its decisions, and its failures.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interceptors::intercept;
use interceptors::rate_limit::{Bucket, Configured, Decision, Local, Store, StoreError};
use interceptors_proto::guide::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::guide::{GetUserRequest, LoginReply, LoginRequest, User};
use interceptors_tests::{Event, Events, Field, serve};
use tokio::time::{Instant, advance};
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};
use tracing_subscriber::filter::LevelFilter;

/// Gives the decision that the test has set.
#[derive(Clone, Default)]
struct Told(Arc<Inner>);

#[derive(Default)]
struct Inner {
    answer: Mutex<Option<Result<Decision, StoreError>>>,
    asked: AtomicUsize,
    ids: Mutex<Vec<String>>,
}

impl Told {
    fn to(&self, answer: Result<Decision, StoreError>) {
        *self.0.answer.lock().unwrap() = Some(answer);
    }

    fn to_hang(&self) {
        *self.0.answer.lock().unwrap() = None;
    }

    fn asked(&self) -> usize {
        self.0.asked.swap(0, Ordering::Relaxed)
    }

    fn last_id(&self) -> String {
        self.0.ids.lock().unwrap().pop().unwrap()
    }
}

impl Store for Told {
    async fn take(&self, bucket: &Bucket<'_>) -> Result<Decision, StoreError> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        self.0.ids.lock().unwrap().push(bucket.id().to_owned());
        let answer = self.0.answer.lock().unwrap().clone();
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

impl Configured for Told {}

fn broken() -> Result<Decision, StoreError> {
    Err(StoreError::new("it is broken"))
}

/// Each test uses a separate type, because entries keep their state until the process ends.
macro_rules! service {
    ($name:ident: $($settings:tt)*) => {
        struct $name(Told);

        #[intercept(service = "demo.v1.UserService", rate_limit(store = self.0, $($settings)*))]
        #[tonic::async_trait]
        impl UserService for $name {
            async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
                Ok(Response::new(User::default()))
            }

            async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginReply>, Status> {
                Err(Status::not_found("nobody"))
            }
        }
    };
}

async fn get(service: &impl UserService) -> Result<Response<User>, Status> {
    service
        .get_user(Request::new(GetUserRequest::default()))
        .await
}

async fn code(service: &impl UserService) -> Code {
    get(service)
        .await
        .map_or_else(|status| status.code(), |_| Code::Ok)
}

fn pushback(status: &Status) -> Option<&str> {
    let value = status.metadata().get("grpc-retry-pushback-ms")?;
    value.to_str().ok()
}

service!(Denies: on_error = deny);

#[tokio::test(start_paused = true)]
async fn denials_are_cached_until_they_expire() {
    let store = Told::default();
    let service = Denies(store.clone());
    store.to(Ok(Decision::denied(Duration::from_millis(80))));
    let status = get(&service).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(pushback(&status), Some("80"));
    assert_eq!(store.asked(), 1);
    assert_eq!(store.last_id(), "demo.v1.UserService");
    store.to(Ok(Decision::allowed()));
    advance(Duration::from_millis(79)).await;
    let status = get(&service).await.unwrap_err();
    assert_eq!(pushback(&status), Some("1"));
    assert_eq!(store.asked(), 0);
    advance(Duration::from_millis(1)).await;
    assert_eq!(code(&service).await, Code::Ok);
    assert_eq!(store.asked(), 1);
    // A denial without a time is not cached.
    store.to(Ok(Decision::denied(None)));
    for _ in 0..2 {
        let status = get(&service).await.unwrap_err();
        assert_eq!(
            (status.code(), pushback(&status)),
            (Code::ResourceExhausted, None)
        );
    }
    assert_eq!(store.asked(), 2);
}

service!(Refuses: on_error = deny, store_timeout = "30ms");

#[tokio::test(start_paused = true)]
async fn on_error_deny_rejects_without_details() {
    let store = Told::default();
    let service = Refuses(store.clone());
    store.to(broken());
    for late in [false, true] {
        let began = Instant::now();
        let status = get(&service).await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.message(), "rate limit cannot be checked");
        assert_eq!(pushback(&status), Some("1000"));
        let took = if late { 30 } else { 0 };
        assert_eq!(began.elapsed().as_millis(), took);
        store.to_hang();
    }
}

service!(Allows: on_error = allow);

#[tokio::test(start_paused = true)]
async fn on_error_allow_lets_calls_pass() {
    let store = Told::default();
    let service = Allows(store.clone());
    store.to(broken());
    for _ in 0..1_000 {
        assert_eq!(code(&service).await, Code::Ok);
    }
    store.to_hang();
    let began = Instant::now();
    assert_eq!(code(&service).await, Code::Ok);
    assert_eq!(began.elapsed(), Duration::from_millis(100), "the default");
}

service!(Falls: per_second = 10, burst = 3);

#[tokio::test(start_paused = true)]
async fn on_error_local_keeps_the_limit_in_the_process() {
    let store = Told::default();
    let service = Falls(store.clone());
    store.to(broken());
    for _ in 0..3 {
        assert_eq!(code(&service).await, Code::Ok);
    }
    let status = get(&service).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(pushback(&status), Some("100"));
    assert_eq!(store.last_id(), "demo.v1.UserService:10/1s:3");
    assert_eq!(store.asked(), 4, "only denials by the store are cached");
    store.to(Ok(Decision::allowed()));
    assert_eq!(code(&service).await, Code::Ok, "the store decides again");
}

service!(Tells: on_error = deny);

#[tokio::test]
async fn metadata_of_a_decision_is_in_the_response() {
    let store = Told::default();
    let mut metadata = MetadataMap::new();
    metadata.append("x-ratelimit-remaining", "7".parse().unwrap());
    metadata.append("x-ratelimit-policy", "a".parse().unwrap());
    metadata.append("x-ratelimit-policy", "b".parse().unwrap());
    let decision = Decision::allowed().remaining(7).metadata(metadata.clone());
    assert_eq!(decision.remaining_calls(), Some(7));
    store.to(Ok(decision));
    let channel = serve(Routes::new(UserServiceServer::new(Tells(store.clone())))).await;
    let mut client =
        interceptors_proto::guide::user_service_client::UserServiceClient::new(channel);
    let told = |metadata: &MetadataMap| {
        let policies = metadata.get_all("x-ratelimit-policy").iter().count();
        assert_eq!(policies, 2);
        assert_eq!(metadata.as_ref()["x-ratelimit-remaining"], "7");
    };
    let answer = client.get_user(GetUserRequest::default()).await.unwrap();
    told(answer.metadata());
    let status = client.login(LoginRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    told(status.metadata());
    store.to(Ok(Decision::denied(None).metadata(metadata)));
    let status = client.login(LoginRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    told(status.metadata());
}

service!(Flaps: per_second = 1_000, burst = 2);

fn events(events: &Events) -> Vec<Event> {
    let all = events.take().into_iter();
    all.filter(|event| event.target.contains("rate_limit"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn start_and_end_of_an_outage_are_logged_once() {
    let (log, _guard) = Events::listen(LevelFilter::INFO);
    let store = Told::default();
    let service = Flaps(store.clone());
    store.to(broken());
    for _ in 0..5 {
        let _ = get(&service).await;
    }
    // The store answers sometimes, and the outage continues.
    for answer in [Ok(Decision::allowed()), broken(), Ok(Decision::allowed())] {
        store.to(answer);
        let _ = get(&service).await;
    }
    let [began] = &events(&log)[..] else {
        panic!("one event");
    };
    assert_eq!(began.level, tracing::Level::WARN);
    assert_eq!(began.get("limit"), Some(&"demo.v1.UserService".into()));
    assert_eq!(began.get("on_error"), Some(&"local".into()));
    assert_eq!(
        began.get("error"),
        Some(&Field::Text("it is broken".into()))
    );
    advance(Duration::from_secs(2)).await;
    for _ in 0..5 {
        assert_eq!(code(&service).await, Code::Ok);
    }
    let [ended] = &events(&log)[..] else {
        panic!("one event");
    };
    assert_eq!(ended.level, tracing::Level::INFO);
    assert_eq!(ended.get("calls"), Some(&Field::U64(6)));
    assert_eq!(ended.get("refused"), Some(&Field::U64(4)));
    // A new outage is logged again.
    store.to(broken());
    let _ = get(&service).await;
    assert_eq!(events(&log).len(), 1);
}

struct Customers(Local);
struct Orders(Arc<Local>);

#[intercept(rate_limit(per_minute = 1, burst = 3, store = self.0, name = "customers"))]
#[tonic::async_trait]
impl UserService for Customers {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

#[intercept(rate_limit(per_minute = 1, burst = 3, store = self.0, name = "customers"))]
#[tonic::async_trait]
impl UserService for Orders {
    async fn get_user(&self, _: Request<GetUserRequest>) -> Result<Response<User>, Status> {
        Ok(Response::new(User::default()))
    }
}

#[tokio::test(start_paused = true)]
async fn entries_with_one_name_share_a_limit() {
    let local = Local::new();
    let (customers, orders) = (Customers(local.clone()), Orders(Arc::new(local)));
    assert_eq!(code(&customers).await, Code::Ok);
    assert_eq!(code(&orders).await, Code::Ok);
    assert_eq!(code(&customers).await, Code::Ok);
    assert_eq!(code(&orders).await, Code::ResourceExhausted);
    assert_eq!(code(&customers).await, Code::ResourceExhausted);
}
