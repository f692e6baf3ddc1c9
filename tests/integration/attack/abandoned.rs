//! Callers may disconnect at any moment, and their calls leak nothing.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use interceptors::auth::Verifier;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::metrics::Recorder;
use interceptors::{CallDetails, Kind, Outcome};
use interceptors_proto::demo::user_service_server::{UserService as _, UserServiceServer};
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use interceptors_tests::{Behaviour, Caller, Ends, KINDS, Script, WatchEnds, scripted, serve};
use prometheus::Registry;
use tokio::task::yield_now;
use tokio_stream::Stream;
use tonic::service::Routes;
use tonic::{Request, Status};

/// Yields a few times.
#[derive(Clone)]
struct Hesitant;

impl Verifier for Hesitant {
    type Identity = ();

    async fn verify(&self, _: &str, _: &CallDetails) -> Result<(), Status> {
        for _ in 0..3 {
            yield_now().await;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct All {
    script: Script,
    ends: WatchEnds,
    recorder: Recorder,
    outer: Limiter,
    inner: Limiter,
}

scripted!(self: All, #[intercept(
    catch_panic,
    metrics(recorder = self.recorder),
    request_id,
    with(self.ends),
    timeout("1h", idle = "1m"),
    load_shed(limiter = self.outer),
    auth(verifier = Hesitant),
    concurrency(limiter = self.inner),
)]);

struct Watching {
    service: All,
    ends: Ends,
    registry: Registry,
}

impl Watching {
    fn new() -> Self {
        let (watch, ends) = Ends::new();
        let registry = Registry::new();
        let service = All {
            script: Script::default(),
            ends: watch,
            recorder: Recorder::prometheus(&registry).unwrap(),
            outer: Limiter::new(&Capacity::adaptive(5, 10, Duration::from_secs(1))),
            inner: Limiter::new(&Capacity::max(1)),
        };
        Self {
            service,
            ends,
            registry,
        }
    }

    /// The sum of a metric over all of its labels.
    fn sum(&self, name: &str) -> f64 {
        let families = self.registry.gather();
        let mut metrics = families
            .iter()
            .filter(|family| family.name() == name)
            .flat_map(|family| family.get_metric());
        let value = |metric: &prometheus::proto::Metric| {
            metric.get_counter().get_value() + metric.get_gauge().get_value()
        };
        metrics.by_ref().map(value).sum()
    }

    #[track_caller]
    fn assert_nothing_is_left(&self, what: &str) {
        let All { outer, inner, .. } = &self.service;
        assert_eq!((outer.in_use(), outer.waiting()), (0, 0), "{what}");
        assert_eq!((inner.in_use(), inner.waiting()), (0, 0), "{what}");
        assert_eq!(self.sum("grpc_server_in_flight"), 0.0, "{what}");
        let (started, handled) = (
            self.sum("grpc_server_started_total"),
            self.sum("grpc_server_handled_total"),
        );
        assert_eq!(started, handled, "{what}");
    }
}

fn told<M>(behaviour: Behaviour, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert(Behaviour::KEY, behaviour.to_string().parse().unwrap());
    metadata.insert("authorization", "Bearer abc".parse().unwrap());
    request
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

#[tokio::test(start_paused = true)]
async fn call_dropped_at_any_poll_leaks_nothing() {
    let mut watching = Watching::new();
    let service = watching.service.clone();
    for (behaviour, waits) in [
        (Behaviour::Hang, false),
        (Behaviour::Panic, false),
        (Behaviour::Answer(1), false),
        (Behaviour::Hang, true),
    ] {
        for polls in 0..8 {
            let what = format!("{behaviour:?} {polls} {waits}");
            // Another call holds the only permit already.
            let mut first = service.get_user(told(Behaviour::Hang, GetUserRequest { id: 7 }));
            if waits {
                for _ in 0..5 {
                    assert!(!poll(first.as_mut()));
                }
                assert_eq!(service.inner.in_use(), 1);
            }
            let mut call = service.get_user(told(behaviour, GetUserRequest { id: 7 }));
            let polls = (0..polls).take_while(|_| !poll(call.as_mut())).count();
            if waits && polls > 3 {
                assert_eq!(service.inner.waiting(), 1, "{what}");
            }
            drop(call);
            if waits {
                assert_eq!(
                    (service.inner.in_use(), service.inner.waiting()),
                    (1, 0),
                    "{what}"
                );
            }
            drop(first);
            watching.assert_nothing_is_left(&what);
            for _ in 0..usize::from(waits) {
                watching.ends.next().await;
            }
            if polls > 0 {
                watching.ends.next().await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn response_stream_dropped_at_any_poll_leaks_nothing() {
    let watching = Watching::new();
    let service = watching.service.clone();
    for behaviour in [
        Behaviour::Answer(2),
        Behaviour::HangAfter(2),
        Behaviour::PanicAfter(2),
    ] {
        for polls in 0..5 {
            let what = format!("{behaviour:?} {polls}");
            let answer = service.list_users(told(behaviour, ListUsersRequest::default()));
            let mut users = Box::pin(answer.await.unwrap().into_inner());
            assert_eq!(service.inner.in_use(), 1, "{what}");
            for _ in 0..polls {
                let polled = users
                    .as_mut()
                    .poll_next(&mut Context::from_waker(Waker::noop()));
                drop(polled);
            }
            drop(users);
            watching.assert_nothing_is_left(&what);
        }
    }
}

#[test]
fn runtime_shutdown_cancels_every_call() {
    let Watching {
        service,
        ends,
        registry,
    } = Watching::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (inner, outer) = (service.inner.clone(), service.outer.clone());
    runtime.block_on(async {
        let channel = serve(Routes::new(UserServiceServer::new(service))).await;
        let caller = Caller::new(&channel)
            .with("authorization", "Bearer abc")
            .told(Behaviour::HangAfter(1));
        for kind in KINDS {
            let caller = caller.clone();
            tokio::spawn(async move { caller.call(kind).await });
        }
        // One call holds the permit, and the others wait for it.
        while (inner.in_use(), inner.waiting()) != (1, 3) {
            yield_now().await;
        }
        assert_eq!(outer.in_use(), 4);
    });
    drop(runtime);
    assert_eq!((inner.in_use(), inner.waiting()), (0, 0));
    assert_eq!(outer.in_use(), 0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ends = runtime.block_on(ends.rest());
    let mut kinds: Vec<_> = ends.iter().map(|end| (end.kind, end.outcome)).collect();
    kinds.sort_by_key(|(kind, _)| KINDS.iter().position(|it| it == kind));
    assert_eq!(kinds, KINDS.map(|kind: Kind| (kind, Outcome::Cancelled)));
    let in_flight = registry.gather();
    let in_flight = in_flight
        .iter()
        .filter(|family| family.name() == "grpc_server_in_flight")
        .flat_map(|family| family.get_metric());
    for gauge in in_flight {
        assert_eq!(gauge.get_gauge().get_value(), 0.0);
    }
}
