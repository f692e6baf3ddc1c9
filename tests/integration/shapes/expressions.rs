//! Expressions in the attribute: fields, references to fields, results of methods, and statics.
//! They are evaluated at the entry's position, so a panic in them is a panic of the call.
#![allow(clippy::clone_on_copy, clippy::explicit_auto_deref)] // each form of an expression is tested

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use interceptors::auth::{StaticTokens, TokenSource, Verifier};
use interceptors::authorize::Policy;
use interceptors::catch_panic::Panic;
use interceptors::circuit_breaker::CircuitBreaker;
use interceptors::metrics::Recorder;
use interceptors::{CallDetails, Outcome, circuit_breaker, concurrency, intercept, rate_limit};
use interceptors_proto::shapes::Word;
use interceptors_proto::shapes::echo_client::EchoClient;
use interceptors_proto::shapes::echo_server::{Echo, EchoServer};
use interceptors_tests::{Ends, WatchEnds, serve};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};

use crate::common::{Record, answered, ask, calls, text};

#[derive(Clone)]
struct Source(&'static str);

impl TokenSource for Source {
    async fn token(&self, _: &CallDetails) -> Result<String, Status> {
        Ok(self.0.to_owned())
    }
}

#[derive(Clone)]
struct Anybody;

impl Policy<&'static str> for Anybody {
    fn allows(&self, _: &&'static str, _: &CallDetails) -> bool {
        true
    }
}

/// Everything that the attribute accepts as a value.
#[derive(Clone)]
struct Parts {
    tokens: StaticTokens<&'static str>,
    source: Source,
    policy: Anybody,
    rates: Arc<rate_limit::Limiter>,
    places: concurrency::Limiter,
    breaker: CircuitBreaker,
    recorder: Recorder,
    hook: fn(&Panic<'_>),
    record: Arc<Record>,
}

impl Parts {
    fn new() -> Self {
        Self {
            tokens: StaticTokens::new([("t", "ann")]).unwrap(),
            source: Source("t"),
            policy: Anybody,
            rates: Arc::new(rate_limit::Limiter::new(&rate_limit::Rate::per_second(
                1000,
            ))),
            places: concurrency::Limiter::new(&concurrency::Capacity::max(10)),
            breaker: CircuitBreaker::new(&circuit_breaker::Thresholds::new()),
            recorder: Recorder::global().clone(),
            hook: |_| {},
            record: Arc::new(Record),
        }
    }

    fn parts(&self) -> &Self {
        self
    }
}

static PARTS: LazyLock<Parts> = LazyLock::new(Parts::new);

struct Nested {
    inner: Arc<Parts>,
    list: Vec<Parts>,
}

impl Nested {
    fn new() -> Self {
        Self {
            inner: Arc::new(Parts::new()),
            list: vec![Parts::new()],
        }
    }

    fn inner(&self) -> Arc<Parts> {
        Arc::clone(&self.inner)
    }
}

/// A service, a hand-written client and a channel that take the parts from the same expressions.
macro_rules! found {
    ($($name:ident: $ty:ty = $new:expr; $self:ident => {
        tokens: $tokens:expr, source: $source:expr, policy: $policy:expr, rates: $rates:expr, places: $places:expr,
        breaker: $breaker:expr, recorder: $recorder:expr, hook: $hook:expr, record: $record:expr,
    })*) => {
        $(mod $name {
            use super::*;

            pub(super) struct Service($ty);

            #[intercept(
                metrics(recorder = $recorder),
                catch_panic(hook = $hook),
                auth(verifier = $tokens),
                authorize(with = $policy),
                rate_limit(limiter = $rates),
                concurrency(limiter = $places),
                with($record),
            )]
            #[tonic::async_trait]
            impl Echo for Service {
                async fn say(&$self, request: Request<Word>) -> Result<Response<Word>, Status> {
                    Ok(Response::new(request.into_inner()))
                }
            }

            pub(super) struct Client($ty, EchoClient<Channel>);

            #[intercept(
                service = "shapes.v1.Echo",
                metrics(recorder = $recorder),
                circuit_breaker(breaker = $breaker),
                auth(token = $source),
                load_shed(limiter = $places),
                with($record),
            )]
            impl Client {
                async fn say(&$self, request: Request<Word>) -> Result<Response<Word>, Status> {
                    $self.1.clone().say(request).await
                }
            }

            #[intercept(
                metrics(recorder = $recorder),
                circuit_breaker(breaker = $breaker),
                auth(token = $source),
                load_shed(limiter = $places),
                with($record),
                with($record, only = ["/shapes.v1.Echo/Other"]),
            )]
            struct Outbound($ty);

            #[tokio::test]
            async fn works_on_all_mounts() {
                let server = serve(Routes::new(EchoServer::new(Service($new)))).await;
                assert_eq!(Service($new).say(ask("a")).await.unwrap_err().code(), Code::Unauthenticated);
                let client = Client($new, EchoClient::new(server.clone()));
                assert_eq!(text(client.say(ask("a")).await), "a");
                let mut client = EchoClient::new(Outbound($new).wrap(server));
                assert_eq!(text(client.say(ask("a")).await), "a");
                assert_eq!(calls().len(), 8);
            }
        })*
    };
}

found! {
    fields: Parts = Parts::new(); self => {
        tokens: self.0.tokens, source: self.0.source, policy: self.0.policy, rates: self.0.rates, places: self.0.places,
        breaker: self.0.breaker, recorder: self.0.recorder, hook: self.0.hook, record: self.0.record,
    }
    references: Parts = Parts::new(); self => {
        tokens: &self.0.tokens, source: &self.0.source, policy: &self.0.policy, rates: &self.0.rates,
        places: &self.0.places, breaker: &self.0.breaker, recorder: &self.0.recorder, hook: &self.0.hook,
        record: &self.0.record,
    }
    parenthesized: Parts = Parts::new(); self => {
        tokens: (&(self.0).tokens), source: &&self.0.source, policy: (self.0.policy), rates: &(self.0.rates),
        places: &&self.0.places, breaker: (&self.0.breaker), recorder: &&self.0.recorder, hook: (self.0.hook),
        record: &*self.0.record,
    }
    clones: Parts = Parts::new(); self => {
        tokens: self.0.tokens.clone(), source: self.0.source.clone(), policy: self.0.policy.clone(),
        rates: self.0.rates.clone(), places: &self.0.places.clone(), breaker: self.0.breaker.clone(),
        recorder: &self.0.recorder.clone(), hook: self.0.hook.clone(), record: Arc::clone(&self.0.record),
    }
    lent: Parts = Parts::new(); self => {
        tokens: self.0.parts().tokens, source: &self.0.parts().source, policy: self.0.parts().policy,
        rates: &self.0.parts().rates, places: self.0.parts().places, breaker: &self.0.parts().breaker,
        recorder: self.0.parts().recorder, hook: &self.0.parts().hook, record: &self.0.parts().record,
    }
    nested: Nested = Nested::new(); self => {
        tokens: self.0.inner.tokens, source: &self.0.list[0].source, policy: self.0.inner().policy,
        rates: &self.0.inner().rates, places: (*self.0.inner).places, breaker: &(*self.0.inner()).breaker,
        recorder: self.0.list[0].recorder, hook: self.0.inner.hook, record: self.0.inner().record,
    }
    statics: () = (); self => {
        tokens: &PARTS.tokens, source: &PARTS.source, policy: &PARTS.policy, rates: &PARTS.rates,
        places: &PARTS.places, breaker: &PARTS.breaker, recorder: &PARTS.recorder, hook: &PARTS.hook,
        record: &PARTS.record,
    }
    made_once: () = (); self => {
        tokens: PARTS.tokens.clone(), source: Source("t"), policy: Anybody, rates: PARTS.rates.clone(),
        places: PARTS.places.clone(), breaker: PARTS.breaker.clone(), recorder: PARTS.recorder.clone(),
        hook: |_: &Panic<'_>| {}, record: Record,
    }
}

static PANICS: AtomicU32 = AtomicU32::new(0);

/// An expression of any type that panics when it is evaluated.
fn panics<T>() -> T {
    PANICS.fetch_add(1, Ordering::Relaxed);
    panic!("nothing here")
}

static EMPTY: LazyLock<StaticTokens<&'static str>> = LazyLock::new(panics);
static NO_SOURCE: LazyLock<Source> = LazyLock::new(panics);

#[derive(Clone)]
struct Fails(WatchEnds, ());

impl Fails {
    fn make<T>(&self) -> T {
        panics()
    }
}

/// The same mounts with one entry whose expression panics.
macro_rules! panicking {
    (services $self:ident { $($name:ident: [$($policy:tt)*];)* }) => {
        $(mod $name {
            use super::*;

            #[derive(Clone)]
            pub(super) struct Service(pub(super) Fails);

            #[intercept(with($self.0.0), catch_panic, $($policy)*)]
            #[tonic::async_trait]
            impl Echo for Service {
                async fn say(&$self, request: Request<Word>) -> Result<Response<Word>, Status> {
                    Ok(Response::new(request.into_inner()))
                }
            }

            #[tokio::test]
            async fn is_caught() {
                let (ends, mut told) = Ends::new();
                let service = Service(Fails(ends, ()));
                let server = serve(Routes::new(EchoServer::new(service))).await;
                let mut client = EchoClient::new(server);
                for _ in 0..2 {
                    let mut request = ask("a");
                    request.metadata_mut().insert("authorization", "Bearer t".parse().unwrap());
                    let status = client.say(request).await.unwrap_err();
                    assert_eq!(status.code(), Code::Internal, "{status}");
                    assert_eq!(told.next().await.outcome, Outcome::Panicked);
                }
            }
        })*
    };
    (clients $self:ident { $($name:ident: [$($policy:tt)*];)* }) => {
        $(mod $name {
            use super::*;

            struct Client(Fails);

            #[intercept(service = "shapes.v1.Echo", with($self.0.0), $($policy)*)]
            impl Client {
                async fn say(&$self, request: Request<Word>) -> Result<Response<Word>, Status> {
                    Ok(Response::new(request.into_inner()))
                }
            }

            #[intercept(with($self.0.0), $($policy)*)]
            struct Outbound(Fails);

            #[tokio::test]
            async fn is_caught() {
                let (ends, mut told) = Ends::new();
                let client = Client(Fails(ends.clone(), ()));
                let channel = tonic::transport::Endpoint::from_static("http://[::1]:1").connect_lazy();
                let mut channel = EchoClient::new(Outbound(Fails(ends, ())).wrap(channel));
                let panic = tokio::spawn(async move { client.say(ask("a")).await });
                assert!(panic.await.unwrap_err().is_panic());
                assert_eq!(told.next().await.outcome, Outcome::Panicked);
                let panic = tokio::spawn(async move { channel.say(ask("a")).await });
                assert!(panic.await.unwrap_err().is_panic());
                assert_eq!(told.next().await.outcome, Outcome::Panicked);
            }
        })*
    };
}

panicking! { services self {
    verifier_once: [auth(verifier = &*EMPTY)];
    verifier: [auth(verifier = self.0.make::<StaticTokens<&'static str>>())];
    policy: [auth(verifier = Everybody), authorize(with = self.0.make::<Anybody>())];
    policy_once: [auth(verifier = Everybody), authorize(with = panics::<Anybody>())];
    rates: [rate_limit(limiter = self.0.make::<rate_limit::Limiter>())];
    rates_once: [rate_limit(limiter = panics::<rate_limit::Limiter>())];
    places: [concurrency(limiter = self.0.make::<concurrency::Limiter>())];
    places_once: [load_shed(limiter = panics::<concurrency::Limiter>())];
    recorder: [metrics(recorder = self.0.make::<Recorder>())];
    recorder_once: [metrics(recorder = panics::<Recorder>())];
    own: [with(self.0.make::<Record>())];
    own_once: [with(panics::<Record>())];
    lent_by_a_method: [with(self.0.make::<Arc<Parts>>().record)];
} }

panicking! { clients self {
    source_once: [auth(token = &*NO_SOURCE)];
    source: [auth(token = self.0.make::<Source>())];
    breaker: [circuit_breaker(breaker = self.0.make::<CircuitBreaker>())];
    breaker_once: [circuit_breaker(breaker = panics::<CircuitBreaker>())];
    recorder_of_a_client: [metrics(recorder = self.0.make::<Recorder>())];
    places_of_a_client: [concurrency(limiter = panics::<concurrency::Limiter>())];
    own_of_a_client: [with(self.0.make::<Record>())];
    own_of_a_client_once: [with(panics::<Record>(), only = ["/shapes.v1.Echo/Say"])];
} }

/// Accepts every token.
struct Everybody;

impl Verifier for Everybody {
    type Identity = &'static str;

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<&'static str, Status> {
        Ok("ann")
    }
}

/// A client whose methods take `&mut self`. Values are made from `self` before the method borrows it, and a panic
/// is still a panic of the call.
struct ByMut(Fails);

#[intercept(service = "shapes.v1.Echo", with(self.0.0.clone()), auth(token = self.0.make::<Source>()))]
impl ByMut {
    async fn say(&mut self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

struct ByMutAnswers(Record);

impl ByMutAnswers {
    fn record(&self) -> Record {
        let Record = self.0;
        Record
    }
}

#[intercept(service = "shapes.v1.Echo", with(self.record()))]
impl ByMutAnswers {
    async fn say(&mut self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn values_work_in_methods_with_mut_self() {
    let (ends, mut told) = Ends::new();
    let panic = tokio::spawn(async move { ByMut(Fails(ends, ())).say(ask("a")).await });
    assert!(panic.await.unwrap_err().is_panic());
    assert_eq!(told.next().await.outcome, Outcome::Panicked);
    assert_eq!(text(ByMutAnswers(Record).say(ask("a")).await), "a");
    assert_eq!(calls(), answered("Say"));
}

/// An expression is evaluated once for all attempts.
#[tokio::test]
async fn values_are_evaluated_once_per_call() {
    struct Counted(AtomicU32, Arc<Record>);

    impl Counted {
        fn record(&self) -> Arc<Record> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Arc::clone(&self.1)
        }
    }

    #[intercept(service = "shapes.v1.Echo", retry(max = 2, base_delay = "1ms"), with(self.record()))]
    impl Counted {
        async fn say(&self, _: Request<Word>) -> Result<Response<Word>, Status> {
            Err(Status::unavailable("always"))
        }
    }

    let counted = Counted(AtomicU32::new(0), Arc::new(Record));
    counted.say(ask("a")).await.unwrap_err();
    assert_eq!(calls().len(), 6);
    assert_eq!(counted.0.load(Ordering::Relaxed), 1);
}
