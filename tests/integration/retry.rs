//! Retries: when, how often, after which delay, and with which request.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interceptors::{Call, Interceptor, Kind, Next, Outcome};
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{FlakyReply, FlakyRequest, GetUserRequest, ListUsersRequest};
use interceptors_tests::{
    Behaviour, Caller, Ended, Ends, KINDS, Script, WatchEnds, scripted, serve,
};
use tokio::time::Instant;
use tonic::metadata::MetadataMap;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// An attempt as an inner interceptor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Attempt {
    number: u32,
    /// The time since the service was created.
    at: Duration,
    /// The values of `x-trace`.
    trace: Vec<String>,
    mark: Option<Mark>,
}

/// An extension that an outer interceptor adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark(u32);

struct AddMark;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for AddMark {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        call.extensions_mut().insert(Mark(7));
        next.run(call).await
    }
}

/// Records each attempt. Adds the request's metadata `x-push` as pushback to the status, for the attempt
/// `x-push-at` or for all.
#[derive(Debug, Clone)]
struct Attempts {
    started: Instant,
    seen: Arc<Mutex<Vec<Attempt>>>,
}

impl<Req: Send, Res: Send> Interceptor<Req, Res> for Attempts {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let trace = call.metadata().get_all("x-trace").iter();
        let attempt = Attempt {
            number: call.attempt(),
            at: self.started.elapsed(),
            trace: trace
                .map(|value| value.to_str().unwrap().to_owned())
                .collect(),
            mark: call.extensions().get().copied(),
        };
        self.seen.lock().unwrap().push(attempt);
        let metadata = call.metadata();
        let at = metadata.get("x-push-at").map(|at| at.to_str().unwrap());
        let here = at.is_none_or(|at| at == call.attempt().to_string());
        let push = metadata.get("x-push").filter(|_| here).cloned();
        // Changes of one attempt must not reach the next one.
        call.metadata_mut()
            .append("x-trace", "used".parse().unwrap());
        call.extensions_mut().insert(Mark(8));
        let result = next.run(call).await;
        result.map_err(|mut status| {
            if let Some(push) = push {
                status.metadata_mut().insert("grpc-retry-pushback-ms", push);
            }
            status
        })
    }
}

/// A service under the policy `P`.
struct Service<P> {
    script: Script,
    attempts: Attempts,
    ends: WatchEnds,
    policy: PhantomData<P>,
}

impl<P> Service<P> {
    fn new() -> Self {
        Self::watched(Ends::new().0)
    }

    fn watched(ends: WatchEnds) -> Self {
        let attempts = Attempts {
            started: Instant::now(),
            seen: Arc::default(),
        };
        Self {
            script: Script::default(),
            attempts,
            ends,
            policy: PhantomData,
        }
    }

    fn attempts(&self) -> Vec<Attempt> {
        std::mem::take(&mut *self.attempts.seen.lock().unwrap())
    }

    /// When the attempts were made, in milliseconds.
    fn times(&self) -> Vec<u128> {
        let attempts = self.attempts();
        attempts
            .iter()
            .map(|attempt| attempt.at.as_millis())
            .collect()
    }
}

impl<P> Service<P>
where
    Self: UserService,
{
    async fn flaky(&self, failures: u32, code: Code) -> Result<FlakyReply, Status> {
        let request = FlakyRequest {
            failures,
            code: code.into(),
            ..Default::default()
        };
        let reply = UserService::flaky(self, Request::new(request)).await;
        reply.map(Response::into_inner)
    }

    async fn told(&self, behaviour: Behaviour, metadata: &[(&'static str, &str)]) -> Status {
        let request = told(GetUserRequest::default(), behaviour, metadata);
        let reply = self.get_user(request).await;
        reply.err().unwrap_or_else(|| Status::new(Code::Ok, ""))
    }
}

fn told<M>(message: M, behaviour: Behaviour, metadata: &[(&'static str, &str)]) -> Request<M> {
    let mut request = Request::new(message);
    let map: &mut MetadataMap = request.metadata_mut();
    map.insert(Behaviour::KEY, behaviour.to_string().parse().unwrap());
    for (key, value) in metadata {
        map.insert(*key, value.parse().unwrap());
    }
    request
}

const UNAVAILABLE: Behaviour = Behaviour::Fail(Code::Unavailable);

/// Retries three times on the default codes.
struct Three;

scripted!(self: Service<Three>, #[intercept(
    with(self.ends.named("outer")),
    with(AddMark),
    retry(max = 3, base_delay = "100ms", multiplier = 2.0, max_delay = "300ms", jitter = 0.0),
    with(self.ends.named("inner")),
    with(self.attempts),
)]);

#[tokio::test(start_paused = true)]
async fn calls_succeed_after_up_to_max_failures() {
    for failures in 0..=3 {
        let service = Service::<Three>::new();
        let reply = service.flaky(failures, Code::Unavailable).await.unwrap();
        assert_eq!(reply.attempts, failures + 1);
        assert_eq!(service.script.runs(), failures + 1);
        let numbers: Vec<_> = service
            .attempts()
            .iter()
            .map(|attempt| attempt.number)
            .collect();
        assert_eq!(numbers, Vec::from_iter(1..=failures + 1));
    }
}

#[tokio::test(start_paused = true)]
async fn caller_gets_the_status_of_the_last_attempt() {
    let service = Service::<Three>::new();
    let status = service.flaky(4, Code::Unavailable).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "failure 4");
    assert_eq!(service.script.runs(), 4);
}

#[tokio::test(start_paused = true)]
async fn delays_grow_and_are_capped() {
    let service = Service::<Three>::new();
    service.flaky(9, Code::Unavailable).await.unwrap_err();
    assert_eq!(service.times(), [0, 100, 300, 600]);
    assert_eq!(service.attempts.started.elapsed(), MS(600));
}

#[tokio::test(start_paused = true)]
async fn only_the_codes_of_the_policy_are_retried() {
    for code in (1..=16).map(Code::from_i32) {
        let service = Service::<Three>::new();
        let result = service.flaky(1, code).await;
        if matches!(code, Code::Unavailable | Code::DeadlineExceeded) {
            assert_eq!(result.unwrap().attempts, 2, "{code:?}");
        } else {
            assert_eq!(result.unwrap_err().code(), code);
            assert_eq!(service.script.runs(), 1, "{code:?}");
        }
    }
}

/// Sets `max_attempts` and its own codes.
struct TwoAttempts;

scripted!(self: Service<TwoAttempts>, #[intercept(
    retry(max_attempts = 2, base_delay = "1s", jitter = 1.0, codes = [Aborted]),
    with(self.attempts),
)]);

#[tokio::test(start_paused = true)]
async fn max_attempts_includes_the_first_attempt() {
    let service = Service::<TwoAttempts>::new();
    let status = service.flaky(5, Code::Aborted).await.unwrap_err();
    assert_eq!(status.message(), "failure 2");
    assert_eq!(service.script.runs(), 2);

    let service = Service::<TwoAttempts>::new();
    service.flaky(5, Code::Unavailable).await.unwrap_err();
    assert_eq!(service.script.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn jitter_lengthens_and_shortens_the_delay() {
    let mut delays = Vec::new();
    for _ in 0..100 {
        let service = Service::<TwoAttempts>::new();
        service.flaky(1, Code::Aborted).await.unwrap();
        delays.push(service.attempts.started.elapsed());
    }
    assert!(delays.iter().all(|delay| *delay <= MS(2001)));
    assert!(delays.iter().any(|delay| *delay < MS(900)));
    assert!(delays.iter().any(|delay| *delay > MS(1100)));
}

#[tokio::test(start_paused = true)]
async fn each_attempt_gets_the_original_request() {
    let service = Service::<Three>::new();
    let metadata = [("x-trace", "abc")];
    assert_eq!(
        service.told(UNAVAILABLE, &metadata).await.code(),
        Code::Unavailable,
        "each attempt has the metadata"
    );
    let attempts = service.attempts();
    assert_eq!(attempts.len(), 4);
    for attempt in attempts {
        assert_eq!(attempt.trace, ["abc"], "{attempt:?}");
        assert_eq!(attempt.mark, Some(Mark(7)), "{attempt:?}");
    }
}

#[tokio::test]
async fn request_streams_and_opened_response_streams_are_not_retried() {
    let service = Service::<Quick>::new();
    let script = service.script.clone();
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel);
    let mut before = 0;
    for kind in KINDS {
        for (behaviour, runs, messages) in [
            (UNAVAILABLE, 3, 0),
            (Behaviour::FailAfter(0, Code::Unavailable), 1, 0),
            (Behaviour::FailAfter(2, Code::Unavailable), 1, 2),
        ] {
            if !kind.response_is_stream() && behaviour != UNAVAILABLE {
                continue;
            }
            let reply = caller.told(behaviour).call(kind).await;
            assert_eq!(reply.code(), Code::Unavailable);
            assert_eq!(reply.messages.len(), messages, "{kind} {behaviour:?}");
            let runs = if kind.request_is_stream() { 1 } else { runs };
            assert_eq!(script.runs() - before, runs, "{kind} {behaviour:?}");
            before = script.runs();
        }
    }
}

/// Retries twice without a delay.
struct Quick;

scripted!(self: Service<Quick>, #[intercept(
    retry(max = 2, base_delay = "1ns", jitter = 0.0),
    with(self.attempts),
)]);

#[tokio::test(start_paused = true)]
async fn pushback_sets_the_delay_and_negative_pushback_stops_retries() {
    for (push, times) in [
        ("50", vec![0, 50, 100, 150]),
        ("0", vec![0, 0, 0, 0]),
        // Longer than `max_delay`.
        ("7000", vec![0]),
        ("-1", vec![0]),
        ("soon", vec![0]),
    ] {
        let service = Service::<Three>::new();
        let status = service.told(UNAVAILABLE, &[("x-push", push)]).await;
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(service.times(), times, "{push}");
    }
    let service = Service::<Three>::new();
    let once = [("x-push", "50"), ("x-push-at", "2")];
    service.told(UNAVAILABLE, &once).await;
    assert_eq!(
        service.times(),
        [0, 100, 150, 250],
        "after pushback the delays start again"
    );
    let service = Service::<Three>::new();
    let not_retryable = Behaviour::Fail(Code::NotFound);
    service.told(not_retryable, &[("x-push", "50")]).await;
    assert_eq!(
        service.times(),
        [0],
        "pushback does not make a code retryable"
    );
}

struct Throttled;

scripted!(self: Service<Throttled>, #[intercept(
    retry(max = 3, base_delay = "1ms", jitter = 0.0, throttle(tokens = 4, ratio = 0.5)),
    with(self.attempts),
)]);

#[tokio::test(start_paused = true)]
async fn throttle_stops_retries_while_too_many_calls_fail() {
    let service = Service::<Throttled>::new();
    let runs = async |behaviour| {
        service.told(behaviour, &[]).await;
        service.times().len()
    };
    // The tokens go from 4 to 3 to 2, and 2 of 4 is too few.
    assert_eq!(runs(UNAVAILABLE).await, 2);
    assert_eq!(runs(UNAVAILABLE).await, 1);
    assert_eq!(runs(Behaviour::Fail(Code::NotFound)).await, 1);
    // One token is left. Each success adds half a token, up to four.
    for _ in 0..3 {
        assert_eq!(runs(Behaviour::Answer(1)).await, 1);
    }
    assert_eq!(runs(UNAVAILABLE).await, 1, "1.5 of 4 left");
    for _ in 0..20 {
        assert_eq!(runs(Behaviour::Answer(1)).await, 1);
    }
    assert_eq!(runs(UNAVAILABLE).await, 2, "refilled up to the maximum");
}

struct Timed;

scripted!(self: Service<Timed>, #[intercept(
    with(self.ends.named("outer")),
    retry(max = 2, base_delay = "50ms", jitter = 0.0, attempt_timeout = "100ms"),
    with(self.ends.named("inner")),
    with(self.attempts),
)]);

#[tokio::test(start_paused = true)]
async fn attempts_beyond_the_attempt_timeout_are_dropped_and_retried() {
    let (watch, mut ends) = Ends::new();
    let service = Service::<Timed>::watched(watch);
    let told = tokio::time::timeout(MS(9999), service.told(Behaviour::Hang, &[]));
    let status = told.await.expect("attempts time out");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert_eq!(service.times(), [0, 150, 350]);
    assert_eq!(service.attempts.started.elapsed(), MS(450));
    let cancelled = ("inner", Outcome::Cancelled, Code::Cancelled);
    let outer = ("outer", Outcome::Error, Code::DeadlineExceeded);
    for expected in [cancelled, cancelled, cancelled, outer] {
        assert_eq!(end_summary(&ends.next().await), expected);
    }
    drop(service);
    assert_eq!(ends.rest().await, []);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_starts_after_the_callers_deadline() {
    for (timeout, times) in [
        ("50m", vec![0]),
        ("100m", vec![0]),
        ("101m", vec![0, 100]),
        ("250m", vec![0, 100]),
        ("1S", vec![0, 100, 300, 600]),
        ("unreadable", vec![0, 100, 300, 600]),
    ] {
        let service = Service::<Three>::new();
        let status = service
            .told(UNAVAILABLE, &[("grpc-timeout", timeout)])
            .await;
        assert_eq!(status.code(), Code::Unavailable, "{timeout}");
        let last = MS(*times.last().unwrap() as u64);
        assert_eq!(service.attempts.started.elapsed(), last, "{timeout}");
        assert_eq!(service.times(), times, "{timeout}");
    }
}

#[tokio::test]
async fn retries_respect_the_deadline_from_the_wire() {
    let service = Service::<Three>::new();
    let script = service.script.clone();
    let channel = serve(Routes::new(UserServiceServer::new(service))).await;
    let caller = Caller::new(&channel)
        .told(UNAVAILABLE)
        .with("x-push", "61000");
    let mut request = caller.request(GetUserRequest::default());
    request.set_timeout(Duration::from_secs(60));
    let status = caller.client().get_user(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "at once");
    assert_eq!(script.runs(), 1);
}

fn end_summary(end: &Ended) -> (&'static str, Outcome, Code) {
    (end.observer, end.outcome, end.code)
}

#[tokio::test(start_paused = true)]
async fn outer_observer_sees_one_end_and_inner_observer_one_per_attempt() {
    let (watch, mut ends) = Ends::new();
    let service = Service::<Three>::watched(watch);
    let failed = ("inner", Outcome::Error, Code::Unavailable);
    service.flaky(2, Code::Unavailable).await.unwrap();
    for expected in [
        failed,
        failed,
        ("inner", Outcome::Ok, Code::Ok),
        ("outer", Outcome::Ok, Code::Ok),
    ] {
        assert_eq!(end_summary(&ends.next().await), expected);
    }
    service.told(UNAVAILABLE, &[]).await;
    for expected in [
        failed,
        failed,
        failed,
        failed,
        ("outer", Outcome::Error, Code::Unavailable),
    ] {
        assert_eq!(end_summary(&ends.next().await), expected);
    }
    drop(service);
    assert_eq!(ends.rest().await, []);
}

/// Discards the first two responses and starts the next attempt.
struct NotGoodEnough;

impl<Req: Send, Res: Send> Interceptor<Req, Res> for NotGoodEnough {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        loop {
            let copy = call.copy_request();
            let response = next.run(call).await?;
            match copy {
                Some(copy) if call.attempt() < 3 => call.next_attempt(copy),
                _ => return Ok(response),
            }
        }
    }
}

struct Choosy;

scripted!(self: Service<Choosy>, #[intercept(
    with(self.ends.named("outer")),
    with(NotGoodEnough),
    with(self.ends.named("inner")),
)]);

#[tokio::test(start_paused = true)]
async fn streams_of_discarded_attempts_are_cancelled() {
    let (watch, mut ends) = Ends::new();
    let service = Service::<Choosy>::watched(watch);
    let request = told(ListUsersRequest::default(), Behaviour::Answer(2), &[]);
    let users = service.list_users(request).await.unwrap().into_inner();
    for _ in 0..2 {
        let end = ends.next().await;
        assert_eq!(
            end_summary(&end),
            ("inner", Outcome::Cancelled, Code::Cancelled)
        );
        assert_eq!(end.kind, Kind::ServerStreaming);
    }
    let users: Vec<_> = tokio_stream::StreamExt::collect(users).await;
    assert_eq!(users.len(), 2);
    for observer in ["inner", "outer"] {
        let end = ends.next().await;
        assert_eq!(end_summary(&end), (observer, Outcome::Ok, Code::Ok));
        assert_eq!(end.messages, 2);
    }
    drop(service);
    assert_eq!(ends.rest().await, []);
}
