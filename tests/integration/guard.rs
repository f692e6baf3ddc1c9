//! Promises that keep unknown callers out, or keep work from being done twice.

use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::OriginalUri;
use interceptors::auth::Verifier;
use interceptors::{Call, CallDetails, End, Interceptor, Next, Outcome, intercept};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::echo_server::Echo;
use interceptors_proto::stubs::Item;
use interceptors_proto::stubs::stubs_server::Stubs;
use interceptors_tests::{Ends, WatchEnds};
use tonic::{Code, Request, Response, Status};

fn word() -> Request<Word> {
    Request::new(Word::default())
}

fn with_metadata(key: &'static str, value: &'static str) -> Request<Word> {
    let mut request = word();
    request.metadata_mut().insert(key, value.parse().unwrap());
    request
}

/// Knows one token.
struct Tokens(&'static str);

impl Verifier for Tokens {
    type Identity = ();

    async fn verify(&self, token: &str, _: &CallDetails) -> Result<(), Status> {
        if token == self.0 {
            Ok(())
        } else {
            Err(Status::unauthenticated("unknown token"))
        }
    }
}

trait Tenant: Send + Sync + 'static {
    const TOKEN: &'static str;
}

struct Guests;

impl Tenant for Guests {
    const TOKEN: &'static str = "guest";
}

struct Admins;

impl Tenant for Admins {
    const TOKEN: &'static str = "admin";
}

struct PerTenant<T>(PhantomData<T>);

#[intercept(auth(verifier = Tokens(T::TOKEN)))]
#[tonic::async_trait]
impl<T: Tenant> Echo for PerTenant<T> {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn instances_of_a_generic_service_do_not_share_a_verifier() {
    let guest = || with_metadata("authorization", "Bearer guest");
    let admin = || with_metadata("authorization", "Bearer admin");
    let (guests, admins) = (
        PerTenant::<Guests>(PhantomData),
        PerTenant::<Admins>(PhantomData),
    );
    assert!(guests.say(guest()).await.is_ok());
    assert!(admins.say(guest()).await.is_err());
    assert!(admins.say(admin()).await.is_ok());
    assert!(guests.say(admin()).await.is_err());
}

/// Two RPCs that differ in case alone, as tonic writes `Setup` and `SetUp`.
#[tonic::async_trait]
trait Accounts {
    async fn setup(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
    async fn set_up(&self, request: Request<Word>) -> Result<Response<Word>, Status>;
}

struct Open;

#[intercept(auth(verifier = Tokens("t"), public = ["Setup"]))]
#[tonic::async_trait]
impl Accounts for Open {
    async fn setup(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn set_up(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn public_matches_the_exact_rpc_name_only() {
    assert!(Open.setup(word()).await.is_ok());
    assert_eq!(
        Open.set_up(word()).await.unwrap_err().code(),
        Code::Unauthenticated
    );
}

/// Allows this many calls.
struct Quota(AtomicU32);

impl Quota {
    fn new(calls: u32) -> Self {
        Self(AtomicU32::new(calls))
    }
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Quota {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let take = |left: u32| left.checked_sub(1);
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        left.map_err(|_| Status::resource_exhausted("used up"))?;
        next.run(call).await
    }
}

struct Limited;

impl Limited {
    const CALLS: u32 = 2;
}

#[intercept(with(Quota::new(Self::CALLS)))]
#[tonic::async_trait]
impl Echo for Limited {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn interceptor_made_from_an_associated_const_is_kept() {
    let mut passed = 0;
    for _ in 0..10 {
        passed += u32::from(Limited.say(word()).await.is_ok());
    }
    assert_eq!(passed, 2);
}

/// Writes down the paths it sees.
#[derive(Default)]
struct Paths(Mutex<Vec<String>>);

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Paths {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        self.0.lock().unwrap().push(call.path().to_owned());
        next.run(call).await
    }
}

#[derive(Default)]
struct Inner {
    paths: Paths,
}

#[intercept(service = "shapes.v2.Echo", with(self.paths))]
#[tonic::async_trait]
impl Echo for Inner {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[derive(Default)]
struct Outer {
    paths: Paths,
    inner: Inner,
}

#[intercept(service = "shapes.v1.Echo", with(self.paths))]
#[tonic::async_trait]
impl Echo for Outer {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        self.inner.say(request).await
    }
}

#[tokio::test]
async fn forwarded_request_uses_the_inner_services_name() {
    let routed = || {
        let mut request = word();
        let uri = "http://localhost/shapes.v1.Echo/Say".parse().unwrap();
        request.extensions_mut().insert(OriginalUri(uri));
        request
    };
    let outer = Outer::default();
    outer.say(routed()).await.unwrap();
    assert_eq!(*outer.paths.0.lock().unwrap(), ["/shapes.v1.Echo/Say"]);
    assert_eq!(
        *outer.inner.paths.0.lock().unwrap(),
        ["/shapes.v2.Echo/Say"]
    );

    // The same if the outer service is not annotated.
    let inner = Inner::default();
    inner.say(routed()).await.unwrap();
    assert_eq!(*inner.paths.0.lock().unwrap(), ["/shapes.v2.Echo/Say"]);
}

struct Keyed;

#[intercept(
    auth(header = "x-api-key", scheme = "", verifier = Tokens("abc")),
    rate_limit(per_minute = 1, burst = 1, key = metadata("x-api-key")),
)]
#[tonic::async_trait]
impl Echo for Keyed {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn keys_with_extra_spaces_share_one_limit() {
    let mut passed = 0;
    for key in ["abc", " abc", "abc ", "  abc  ", "abc"] {
        passed += u32::from(Keyed.say(with_metadata("x-api-key", key)).await.is_ok());
    }
    assert_eq!(passed, 1);
}

/// Replaces every answer with a failure.
struct Broken;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Broken {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.run(call).await?;
        Err(Status::unavailable("the audit log is down"))
    }
}

#[derive(Default)]
struct Payments {
    paid: AtomicU32,
}

#[intercept(retry(max = 3, base_delay = "1ms"), with(Broken))]
#[tonic::async_trait]
impl Echo for Payments {
    async fn say(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        self.paid.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn retry_does_not_repeat_a_handler_that_succeeded() {
    let payments = Payments::default();
    assert_eq!(
        payments.say(word()).await.unwrap_err().code(),
        Code::Unavailable
    );
    assert_eq!(payments.paid.load(Ordering::SeqCst), 1);
}

#[derive(Default)]
struct Patient {
    runs: AtomicU32,
}

#[intercept(retry(max = 3, base_delay = "1ms", max_delay = "1s"))]
#[tonic::async_trait]
impl Echo for Patient {
    async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        let mut status = Status::unavailable("come back in 24 days");
        let forever = "2147483647".parse().unwrap();
        status
            .metadata_mut()
            .insert("grpc-retry-pushback-ms", forever);
        Err(status)
    }
}

#[tokio::test(start_paused = true)]
async fn pushback_over_max_delay_ends_the_call() {
    let patient = Patient::default();
    let started = tokio::time::Instant::now();
    assert_eq!(
        patient.say(word()).await.unwrap_err().code(),
        Code::Unavailable
    );
    assert_eq!(patient.runs.load(Ordering::SeqCst), 1);
    assert_eq!(started.elapsed(), std::time::Duration::ZERO);
}

/// Its observer panics.
struct PanicsAtTheEnd;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for PanicsAtTheEnd {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        next.observe(call, |_: &End<'_>| panic!("an observer panics"))
            .await
    }
}

struct Observed {
    ends: WatchEnds,
}

#[intercept(with(self.ends), with(PanicsAtTheEnd))]
#[tonic::async_trait]
impl Stubs for Observed {
    async fn unary(&self, _: Request<Item>) -> Result<Response<Item>, Status> {
        panic!("the handler panics");
    }

    async fn server_stream(
        &self,
        request: Request<Item>,
    ) -> Result<Response<tonic::codegen::BoxStream<Item>>, Status> {
        let item = request.into_inner();
        Ok(Response::new(Box::pin(tokio_stream::once(Ok(item)))))
    }
}

#[tokio::test]
async fn observer_panic_does_not_silence_outer_observers() {
    let (watch, mut ends) = Ends::new();
    let service = Observed { ends: watch };
    let call = service.server_stream(Request::new(Item::default()));
    let stream = call.await.unwrap().into_inner();
    let read = tokio::spawn(tokio_stream::StreamExt::collect::<Vec<_>>(stream));
    assert!(read.await.unwrap_err().is_panic());
    assert_eq!(ends.next().await.outcome, Outcome::Ok);
}

#[tokio::test]
async fn observer_panic_during_handler_panic_does_not_abort() {
    let (watch, mut ends) = Ends::new();
    let service = Observed { ends: watch };
    let call = tokio::spawn(async move { service.unary(Request::new(Item::default())).await });
    assert!(call.await.unwrap_err().is_panic());
    assert_eq!(ends.next().await.outcome, Outcome::Panicked);
}
