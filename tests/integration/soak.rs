//! Two hundred thousand calls of all kinds. At random they succeed, fail, hang, panic, are cancelled, or leave their stream
//! unread. Afterwards no permit, gauge value, task or memory may be left over.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::time::Duration;

use interceptors::catch_panic::Panic;
use interceptors::concurrency::{Capacity, Limiter};
use interceptors::intercept;
use interceptors::metrics::Recorder;
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{
    ChatMessage, FlakyReply, FlakyRequest, GetUserRequest, ImportSummary, ListUsersRequest,
    LoginReply, LoginRequest, User,
};
use interceptors_tests::{Behaviour, Caller, Counted, KINDS, Script, UserStream, start};
use prometheus::Registry;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status, Streaming};

const CALLS: u64 = 200_000;
const WORKERS: u64 = 64;
/// The calls before the first measurement of memory, so that lazily created state exists already.
const WARM_UP: u64 = 20_000;
/// The allowed growth of memory, in bytes: less than 120 for each call.
const SLACK: u64 = 20 << 20;

#[derive(Clone)]
struct Users {
    script: Script,
    recorder: Recorder,
    limiter: Limiter,
    ends: Counted,
}

#[intercept(
    catch_panic(hook = |_: &Panic<'_>| {}),
    metrics(recorder = self.recorder),
    with(self.ends),
    timeout("30ms", idle = "20ms"),
    concurrency(limiter = self.limiter),
)]
#[tonic::async_trait]
impl UserService for Users {
    type ListUsersStream = UserStream<User>;
    type ChatStream = UserStream<ChatMessage>;

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

    async fn flaky(&self, request: Request<FlakyRequest>) -> Result<Response<FlakyReply>, Status> {
        self.script.flaky(request).await
    }
}

fn behaviour(random: &mut fastrand::Rng) -> Behaviour {
    match random.u32(0..100) {
        0..70 => Behaviour::Answer(3),
        70..78 => Behaviour::Fail(Code::NotFound),
        78..84 => Behaviour::FailAfter(1, Code::DataLoss),
        84..90 => Behaviour::Panic,
        90..96 => Behaviour::PanicAfter(1),
        96..98 => Behaviour::Hang,
        _ => Behaviour::HangAfter(1),
    }
}

/// Makes one call, which the caller may abandon.
async fn call(caller: &Caller, random: &mut fastrand::Rng) {
    let kind = KINDS[random.usize(0..KINDS.len())];
    let caller = caller.told(behaviour(random));
    match random.u32(0..10) {
        // The caller cancels early or a little later.
        0 => {
            let patience = Duration::from_micros(random.u64(0..1_500));
            let _ = timeout(patience, caller.call(kind)).await;
        }
        // The caller reads one message and drops the stream.
        1 => {
            if let Ok(mut messages) = caller.open(kind).await {
                let _ = messages.next().await;
            }
        }
        _ => _ = caller.call(kind).await,
    }
}

async fn calls(caller: &Caller, calls: u64, seed: u64) {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let caller = caller.clone();
        workers.spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed + worker);
            for _ in 0..calls / WORKERS {
                call(&caller, &mut random).await;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
}

/// The resident memory of the process in bytes, or 0 if the system does not report it.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kilobytes.unwrap_or(0_u64) * 1024
}

/// The sum of a metric over all its series.
fn total(registry: &Registry, name: &str) -> f64 {
    let families = registry.gather();
    let family = families.iter().find(|family| family.name() == name);
    let family = family.unwrap_or_else(|| panic!("there is no {name}"));
    let metrics = family.get_metric().iter();
    metrics
        .map(|metric| metric.get_counter().get_value() + metric.get_gauge().get_value())
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_thousand_calls_leak_nothing() {
    // Hides the output of twenty thousand panics.
    std::panic::set_hook(Box::new(|_| {}));
    let tasks = Handle::current().metrics().num_alive_tasks();
    let registry = Registry::new();
    let users = Users {
        script: Script::default(),
        recorder: Recorder::prometheus(&registry).unwrap(),
        limiter: Limiter::new(&Capacity::max(48).queue(WORKERS as u32)),
        ends: Counted::default(),
    };
    let server = start(Routes::new(UserServiceServer::new(users.clone()))).await;
    let caller = Caller::new(&server.channel);
    calls(&caller, WARM_UP, 0).await;
    let before = memory();
    calls(&caller, CALLS - WARM_UP, 1_000).await;
    let after = memory();
    drop(caller);
    server.stop().await;
    let _ = std::panic::take_hook();

    let begun = users.ends.0.begun();
    assert_eq!(users.ends.0.ended(), begun, "each call ends once");
    assert!(begun > CALLS * 9 / 10, "only {begun} calls arrived");
    assert_eq!((users.limiter.in_use(), users.limiter.waiting()), (0, 0));
    assert_eq!(total(&registry, "grpc_server_in_flight"), 0.0);
    let started = total(&registry, "grpc_server_started_total");
    assert_eq!(total(&registry, "grpc_server_handled_total"), started);
    assert_eq!(started, begun as f64);
    for _ in 0..1_000 {
        if Handle::current().metrics().num_alive_tasks() <= tasks {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(Handle::current().metrics().num_alive_tasks() <= tasks);
    assert!(
        after < before + SLACK,
        "{} KiB before, {} KiB after",
        before / 1024,
        after / 1024
    );
}
