//! Runs servers and clients of all four kinds under production policies for some seconds, while connections die, callers leave,
//! senders and readers are slow, servers send nonsense and token endpoints hang. Then it counts what is left over.
//!
//! ```sh
//! cargo run -p interceptors-tests --release --bin soak -- 20
//! ```
//!
//! It exits with 1 when a call did not end exactly once, when something is left over, or when a client does not work any more.
#![allow(clippy::unwrap_used)] // a test

mod clients;
mod hostile;
mod leftovers;
mod network;
mod service;
mod storm;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use interceptors::metrics::Recorder;
use interceptors_tests::clients::{REGISTRIES, SOAKED, SOAKED_LIMITER, SOAKED_TOKEN};
use interceptors_tests::{Behaviour, KINDS, start};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use tonic::service::Routes;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use clients::{Client, Sending, Shared};
use leftovers::{Leftovers, memory};
use network::{Network, Way};
use service::Users;

/// What the memory may grow by after the first quarter of the time, in bytes.
const SLACK: u64 = 48 << 20;

fn main() -> ExitCode {
    let seconds = std::env::args().nth(1).map_or(Ok(20), |text| text.parse());
    let Ok(seconds) = seconds else {
        eprintln!("usage: soak [SECONDS]");
        return ExitCode::from(2);
    };
    std::panic::set_hook(Box::new(|panic| {
        // Handlers are told to panic, and tonic panics in hand-written clients on details that are not base64.
        let payload = panic.payload();
        let of_handler = payload.downcast_ref() == Some(&"told to");
        let of_tonic = payload
            .downcast_ref::<String>()
            .is_some_and(|message| message.starts_with("Invalid status header"));
        if !of_handler && !of_tonic {
            eprintln!("{panic}");
        }
    }));
    let logged = listen();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let failures = runtime.block_on(soak(Duration::from_secs(seconds), &logged));
    for failure in &failures {
        println!("FAILED: {failure}");
    }
    match failures.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Counts the events of `logging`.
#[derive(Clone, Default)]
struct Logged(Arc<AtomicU64>);

impl<S: Subscriber> Layer<S> for Logged {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let is_end = metadata.fields().field("grpc.code").is_some();
        if metadata.target() == "interceptors::logging" && is_end {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Subscribes as in production: JSON lines, which go nowhere here, and spans of OpenTelemetry, which nobody exports.
fn listen() -> Logged {
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let logged = Logged::default();
    let tracer = SdkTracerProvider::builder().build().tracer("soak");
    tracing_subscriber::registry()
        .with(logged.clone())
        .with(fmt::layer().json().with_writer(std::io::sink))
        .with(tracing_opentelemetry::layer().with_tracer(tracer))
        .with(
            Targets::new()
                .with_default(Level::INFO)
                .with_target("interceptors::logging", Level::TRACE),
        )
        .init();
    logged
}

async fn soak(time: Duration, logged: &Logged) -> Vec<String> {
    SOAKED_TOKEN.set(service::token()).unwrap();
    let at_start = Leftovers::now();
    let memory_at_start = memory();

    let registries = [Registry::new(), Registry::new()];
    let [of_server, of_clients] = registries
        .each_ref()
        .map(|registry| Recorder::prometheus(registry).unwrap());
    let users = Users::new(of_server);
    let (server_ends, server_limiter) = (users.ends.clone(), users.limiter.clone());
    let server = start(Routes::new(service::UserServiceServer::new(users))).await;
    let network = Network::start(server.address).await;
    let shared = Shared::new(of_clients);
    let clients = Client::all(&network, &shared).into();

    let started = Instant::now();
    let mut told = storm::blow(&clients, time / 4, 0).await;
    let memory_warm = memory();
    for (end, calls) in storm::blow(&clients, time - time / 4, 1).await {
        *told.entry(end).or_default() += calls;
    }
    let mut failures = calm(&clients, &mut told).await;
    drop(clients);
    network.stop().await;
    server.stop().await;
    let left = at_start.left_over().await;
    let memory_at_end = memory();

    let calls: u64 = told.values().sum();
    let ok = told.get("Ok").copied().unwrap_or_default();
    let tallies = [&shared.ends.0, &SOAKED.0];
    let begun: u64 = tallies.iter().map(|tally| tally.begun()).sum();
    let ended: u64 = tallies.iter().map(|tally| tally.ended()).sum();
    let (served, server_ended) = (server_ends.0.begun(), server_ends.0.ended());
    let [of_server, of_clients] = &registries;
    let registries = [of_server, of_clients, &REGISTRIES[0]];
    let in_flight: f64 = registries.into_iter().map(in_flight).sum();
    let limiters = [&server_limiter, &shared.limiter, &*SOAKED_LIMITER];
    let places = limiters.map(|limiter| limiter.in_use() + limiter.waiting());
    let places: u32 = places.iter().sum();
    let events = logged.0.load(Ordering::Relaxed);

    println!(
        "seconds            {:>12.1}",
        started.elapsed().as_secs_f64()
    );
    println!("calls              {calls:>12}  {told:?}");
    println!("  of clients       {begun:>12}");
    println!("  ends             {ended:>12}");
    println!("  at the server    {served:>12}");
    println!("  ends             {server_ended:>12}");
    println!("log events         {events:>12}");
    println!("places left over   {places:>12}");
    println!("calls in flight    {in_flight:>12}");
    println!("tasks left over    {:>12}", left.tasks);
    println!("files left over    {:>12}", left.files);
    println!(
        "connections        {:>12}  killed by the network",
        network::killed()
    );
    println!(
        "memory in KiB      {:>12}  at the start, {} after a quarter of the time, {} at the end",
        memory_at_start / 1024,
        memory_warm / 1024,
        memory_at_end / 1024
    );

    let mut check = |holds: bool, failure: &str| {
        if !holds {
            failures.push(failure.to_owned());
        }
    };
    check(!told.contains_key(storm::PANICKED), "a call panicked");
    check(begun == ended, "a client's call did not end exactly once");
    check(begun == calls, "a call did not meet its client's policy");
    check(
        served == server_ended,
        "a server's call did not end exactly once",
    );
    check(
        events == ended + server_ended,
        "a call was not logged exactly once",
    );
    check(served > calls / 4, "few calls reached the server");
    check(ok > calls / 8, "few calls succeeded");
    check(places == 0, "places of a limiter are left over");
    check(in_flight == 0.0, "a gauge says that calls are in flight");
    check(left.tasks == 0, "tasks are left over");
    check(left.files == 0, "file descriptors are left over");
    check(memory_at_end < memory_warm + SLACK, "the memory has grown");
    failures
}

/// Calls on until each client succeeds whose server and the way to it are well: breakers close again, throttles fill up, and
/// tokens come. Names those that do not work any more.
async fn calm(clients: &[Client], told: &mut storm::Ends) -> Vec<String> {
    let sending = Sending {
        behaviour: Behaviour::Answer(3),
        messages: 3,
        pace: Duration::ZERO,
        endless: false,
    };
    let mut failures = Vec::new();
    for client in clients.iter().filter(|client| client.way() == Way::Steady) {
        for kind in KINDS {
            let started = Instant::now();
            loop {
                let end = storm::read(client, kind, sending, Duration::ZERO).await;
                *told.entry("afterwards".to_owned()).or_default() += 1;
                match end {
                    Ok(()) => break,
                    Err(status) if started.elapsed() > Duration::from_secs(30) => {
                        failures.push(format!("{client:?} is stuck, {kind:?}: {status}"));
                        break;
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        }
    }
    failures
}

fn in_flight(registry: &Registry) -> f64 {
    let families = registry.gather();
    let families = families
        .iter()
        .filter(|family| family.name().ends_with("_in_flight"));
    let metrics = families.flat_map(|family| family.get_metric());
    metrics
        .map(|metric| metric.get_gauge().get_value().abs())
        .sum()
}
