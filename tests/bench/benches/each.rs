//! What each interceptor adds to a unary call that it lets through: instructions, counted by callgrind as
//! `instructions` does it, and allocations, counted in the place of the global allocator (which takes a few
//! instructions of each).
//!
//! The handler's messages are a number, the handler gives it back, and there is no transport, so that what is
//! left is the interceptor. Each is compared with the same method under an empty chain, or under the chain that
//! it needs around it. The program `report` writes the table into BENCHMARKS.md.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::{LazyLock, Once};

use interceptors::auth::jwt::{Algorithm, DecodingKey, JwtVerifier};
use interceptors::auth::{StaticTokens, Token, TokenCache};
use interceptors::intercept;
use interceptors::metrics::Recorder;
use interceptors::validate::{Validate, Violations};
use interceptors_bench::callgrind::{self, Case, case};
use interceptors_bench::figures::keep;
use interceptors_bench::{BEARER, Listening, NoOp, Requests, Tokens, UserId, ready};
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use serde::{Deserialize, Serialize};
use tonic::{Request, Response, Status};
use tracing_subscriber::layer::SubscriberExt;

#[path = "../tests/counting/mod.rs"]
mod counting;

#[derive(Debug, Clone)]
struct Number(u64);

impl Validate for Number {
    fn validate(&self) -> Result<(), Violations> {
        let mut violations = Violations::new();
        if self.0 == 0 {
            violations.add("number", "must not be 0");
        }
        violations.into_result()
    }
}

#[tonic::async_trait]
trait Echo: Send + Sync {
    async fn echo(&self, request: Request<Number>) -> Result<Response<Number>, Status>;
}

macro_rules! services {
    ($($name:ident: [$($entries:tt)*];)*) => {$(
        struct $name;

        #[intercept(service = "bench.v1.Echo", $($entries)*)]
        #[tonic::async_trait]
        impl Echo for $name {
            async fn echo(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }
    )*};
}

services! {
    Empty: [];
    Idle: [with(NoOp)];
    Logged: [logging];
    Authenticated: [auth(verifier = Tokens)];
    Listed: [auth(verifier = static_tokens())];
    Signed: [auth(verifier = jwt())];
    Authorized: [auth(verifier = Tokens), authorize(with = |UserId(id)| *id == 42)];
    Limited: [rate_limit(per_second = 1_000_000)];
    LimitedByPeer: [rate_limit(per_second = 1_000_000, key = peer)];
    Retried: [retry];
    Timed: [timeout("5s")];
    Caught: [catch_panic];
    Concurrent: [concurrency(max = 100)];
    Shed: [load_shed(max = 100)];
    Validated: [validate];
    Identified: [request_id];
    Measured: [metrics];
    Counted: [metrics(recorder = prometheus_recorder())];
    Traced: [trace];
    Written: [payload(redact = [])];
}

fn static_tokens() -> StaticTokens<UserId> {
    let token = BEARER.trim_start_matches("Bearer ");
    StaticTokens::new([(token, UserId(42))]).expect("a usable token")
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    sub: String,
    iss: String,
    aud: String,
    exp: u64,
}

/// No secret: it signs what this program makes for itself.
const KEY: &[u8] = b"a key of thirty-two bytes or more";

fn jwt() -> JwtVerifier<Claims> {
    JwtVerifier::builder([Algorithm::HS256])
        .issuer(["https://id.example.com"])
        .audience(["bench"])
        .keys(DecodingKey::from_secret(KEY))
        .build()
        .expect("a usable key")
}

fn token() -> String {
    let claims = Claims {
        sub: "ann".to_owned(),
        iss: "https://id.example.com".to_owned(),
        aud: "bench".to_owned(),
        exp: get_current_timestamp() + 3600,
    };
    encode(&Header::default(), &claims, &EncodingKey::from_secret(KEY)).expect("a token")
}

fn prometheus_recorder() -> Recorder {
    Recorder::prometheus(&Registry::new()).expect("the names are free")
}

/// Instruments stay with the provider that there is when they are made.
fn measure() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        let reader = PeriodicReader::builder(InMemoryMetricExporter::default()).build();
        global::set_meter_provider(SdkMeterProvider::builder().with_reader(reader).build());
    });
}

/// Spans are made, and nobody is given them.
fn traced(calls: impl FnOnce()) {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, calls);
}

fn listening(calls: impl FnOnce()) {
    tracing::subscriber::with_default(Listening, calls);
}

trait Client {
    fn echo(
        &self,
        request: Request<Number>,
    ) -> impl Future<Output = Result<Response<Number>, Status>> + Send;
}

macro_rules! clients {
    ($($name:ident: [$($entries:tt)*];)*) => {$(
        struct $name;

        #[intercept(service = "bench.v1.Echo", $($entries)*)]
        impl $name {
            async fn send(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
                Ok(Response::new(request.into_inner()))
            }
        }

        impl Client for $name {
            async fn echo(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
                self.send(request).await
            }
        }
    )*};
}

static TOKENS: LazyLock<TokenCache> =
    LazyLock::new(|| TokenCache::new(|| async { Ok(Token::new("c2VydmljZS1hY2NvdW50")) }));

clients! {
    EmptyClient: [];
    IdleClient: [with(NoOp)];
    LoggedClient: [logging];
    AuthenticatedClient: [auth(token = &*TOKENS)];
    Marked: [metadata("x-key" = "value")];
    Hurried: [deadline("5s")];
    RetriedClient: [retry];
    Hedged: [hedge(delay = "1s")];
    Broken: [circuit_breaker];
    ConcurrentClient: [concurrency(max = 100)];
    ShedClient: [load_shed(max = 100)];
    IdentifiedClient: [request_id];
    MeasuredClient: [metrics];
    CountedClient: [metrics(recorder = prometheus_recorder())];
    TracedClient: [trace];
    WrittenClient: [payload(redact = [])];
}

const CASES: &[Case] = &[
    case("empty", |n| service(&Empty, n)),
    case("idle", |n| service(&Idle, n)),
    case("logging", |n| service(&Logged, n)),
    case("logging_heard", |n| listening(|| service(&Logged, n))),
    case("auth", |n| service(&Authenticated, n)),
    case("auth_static", |n| service(&Listed, n)),
    case("auth_jwt", |n| {
        serve(&Signed, n, &requests().with_token(&token()))
    }),
    case("authorize", |n| service(&Authorized, n)),
    case("rate_limit", |n| service(&Limited, n)),
    case("rate_limit_peer", |n| service(&LimitedByPeer, n)),
    case("retry", |n| service(&Retried, n)),
    case("timeout", |n| service(&Timed, n)),
    case("catch_panic", |n| service(&Caught, n)),
    case("concurrency", |n| service(&Concurrent, n)),
    case("load_shed", |n| service(&Shed, n)),
    case("validate", |n| service(&Validated, n)),
    case("request_id", |n| service(&Identified, n)),
    case("metrics", |n| {
        measure();
        service(&Measured, n);
    }),
    case("metrics_prometheus", |n| service(&Counted, n)),
    case("payload", |n| service(&Written, n)),
    case("payload_heard", |n| listening(|| service(&Written, n))),
    case("trace", |n| service(&Traced, n)),
    case("trace_heard", |n| traced(|| service(&Traced, n))),
    case("client_empty", |n| client(&EmptyClient, n)),
    case("client_idle", |n| client(&IdleClient, n)),
    case("client_logging", |n| client(&LoggedClient, n)),
    case("client_logging_heard", |n| {
        listening(|| client(&LoggedClient, n));
    }),
    case("client_payload", |n| client(&WrittenClient, n)),
    case("client_payload_heard", |n| {
        listening(|| client(&WrittenClient, n));
    }),
    case("client_auth", |n| {
        fetch_token();
        client(&AuthenticatedClient, n);
    }),
    case("client_metadata", |n| client(&Marked, n)),
    case("client_deadline", |n| client(&Hurried, n)),
    case("client_retry", |n| client(&RetriedClient, n)),
    case("client_hedge", |n| client(&Hedged, n)),
    case("client_circuit_breaker", |n| client(&Broken, n)),
    case("client_concurrency", |n| client(&ConcurrentClient, n)),
    case("client_load_shed", |n| client(&ShedClient, n)),
    case("client_request_id", |n| client(&IdentifiedClient, n)),
    case("client_metrics", |n| {
        measure();
        client(&MeasuredClient, n);
    }),
    case("client_metrics_prometheus", |n| client(&CountedClient, n)),
    case("client_trace", |n| client(&TracedClient, n)),
    case("client_trace_heard", |n| {
        traced(|| client(&TracedClient, n));
    }),
];

/// What a row says, what the service's case is called, and the client's.
type Row = (&'static str, Option<&'static str>, Option<&'static str>);

const ROWS: &[Row] = &[
    ("one that does nothing", Some("idle"), Some("client_idle")),
    (
        "`logging`, nobody listens",
        Some("logging"),
        Some("client_logging"),
    ),
    (
        "`logging`, into a subscriber that keeps nothing",
        Some("logging_heard"),
        Some("client_logging_heard"),
    ),
    (
        "`payload`, nobody listens",
        Some("payload"),
        Some("client_payload"),
    ),
    (
        "`payload`, into a subscriber that keeps nothing",
        Some("payload_heard"),
        Some("client_payload_heard"),
    ),
    ("`auth`, one token compared", Some("auth"), None),
    ("`auth`, `StaticTokens`: SHA-256", Some("auth_static"), None),
    ("`auth`, a JWT: HMAC with SHA-256", Some("auth_jwt"), None),
    ("`auth`, the token of a cache", None, Some("client_auth")),
    ("`authorize`, behind `auth`", Some("authorize"), None),
    ("`rate_limit`", Some("rate_limit"), None),
    ("`rate_limit(key = peer)`", Some("rate_limit_peer"), None),
    ("`retry`", Some("retry"), Some("client_retry")),
    ("`hedge`", None, Some("client_hedge")),
    ("`metadata`, one key", None, Some("client_metadata")),
    ("`deadline`", None, Some("client_deadline")),
    ("`timeout`", Some("timeout"), None),
    ("`catch_panic`", Some("catch_panic"), None),
    (
        "`concurrency`",
        Some("concurrency"),
        Some("client_concurrency"),
    ),
    ("`load_shed`", Some("load_shed"), Some("client_load_shed")),
    ("`circuit_breaker`", None, Some("client_circuit_breaker")),
    ("`validate`, one field", Some("validate"), None),
    (
        "`request_id`: the caller's on a service, a new one on a client",
        Some("request_id"),
        Some("client_request_id"),
    ),
    (
        "`metrics`, OpenTelemetry's SDK",
        Some("metrics"),
        Some("client_metrics"),
    ),
    (
        "`metrics`, Prometheus",
        Some("metrics_prometheus"),
        Some("client_metrics_prometheus"),
    ),
    (
        "`trace`, nobody listens",
        Some("trace"),
        Some("client_trace"),
    ),
    (
        "`trace`, OpenTelemetry's SDK without an exporter",
        Some("trace_heard"),
        Some("client_trace_heard"),
    ),
];

fn requests() -> Requests {
    Requests::of("/bench.v1.Echo/Echo")
}

fn service(service: &impl Echo, calls: u32) {
    serve(service, calls, &requests());
}

fn serve(service: &impl Echo, calls: u32, requests: &Requests) {
    with_a_timer(|| {
        for number in 1..=u64::from(calls) {
            let request = requests.make(Number(number));
            let before = counting::so_far();
            let answer = measured_service(service, request);
            counted(before, number, answer);
        }
    });
}

fn client(client: &impl Client, calls: u32) {
    with_a_timer(|| {
        for number in 1..=u64::from(calls) {
            let request = Request::new(Number(number));
            let before = counting::so_far();
            let answer = measured_client(client, request);
            counted(before, number, answer);
        }
    });
}

thread_local! {
    /// What calls have allocated.
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

fn counted(before: usize, number: u64, answer: Result<Response<Number>, Status>) {
    ALLOCATED.set(ALLOCATED.get() + counting::so_far() - before);
    let answer = black_box(answer).expect("they all let it through");
    assert_eq!(answer.get_ref().0, number);
}

fn with_a_timer(calls: impl FnOnce()) {
    let runtime = runtime();
    let _entered = runtime.enter();
    calls();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
}

/// The first call waits for a task that fetches the token.
fn fetch_token() {
    let call = AuthenticatedClient.echo(Request::new(Number(0)));
    runtime().block_on(call).expect("the token is fetched");
}

/// Callgrind collects while a function whose name begins with `measured` runs; no other may be
/// called so, nor may a closure be in one.
#[inline(never)]
fn measured_service(
    service: &impl Echo,
    request: Request<Number>,
) -> Result<Response<Number>, Status> {
    ready(service.echo(black_box(request)))
}

#[inline(never)]
fn measured_client(
    client: &impl Client,
    request: Request<Number>,
) -> Result<Response<Number>, Status> {
    ready(client.echo(black_box(request)))
}

fn main() -> ExitCode {
    callgrind::run(CASES, report)
}

fn report(instructions: &dyn Fn(&str) -> f64) -> ExitCode {
    println!(
        "\n| more than an empty chain | service: instructions | allocations | client: instructions | allocations |"
    );
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut missing = Vec::new();
    // Below a half it is none, and not minus none.
    let whole = |number: f64| number.round() + 0.0;
    for &(what, on_a_service, on_a_client) in ROWS {
        let mut row = format!("| {what} |");
        for (side, key, empty) in [
            ("service", on_a_service, "empty"),
            ("client", on_a_client, "client_empty"),
        ] {
            let Some(key) = key else {
                row += " | |";
                continue;
            };
            // What needs another around it.
            let around = if key == "authorize" { "auth" } else { empty };
            let more = instructions(key) - instructions(around);
            let allocations = allocations(key) - allocations(around);
            if !more.is_finite() || !allocations.is_finite() {
                missing.push(key);
            }
            row += &format!(" {} | {} |", whole(more), whole(allocations));
            keep(what, &format!("{side}: instructions"), whole(more));
            keep(what, &format!("{side}: allocations"), whole(allocations));
        }
        println!("{row}");
    }
    let empty = ["empty", "client_empty"].map(instructions);
    println!(
        "\nThe empty chain and the handler: {:.0} on a service, {:.0} on a client.",
        empty[0], empty[1]
    );
    match missing[..] {
        [] => ExitCode::SUCCESS,
        _ => {
            println!("BROKEN: not measured: {missing:?}");
            ExitCode::FAILURE
        }
    }
}

/// The allocations of one call: those of many less those of half of them.
fn allocations(key: &str) -> f64 {
    const CALLS: u32 = 500;
    let Some(case) = CASES.iter().find(|case| case.key() == key) else {
        return f64::NAN;
    };
    let of = |calls| {
        let before = ALLOCATED.get();
        case.run(calls);
        ALLOCATED.get() - before
    };
    // What is kept as long as the process lives is made now.
    case.run(1);
    let (half, whole) = (of(CALLS), of(2 * CALLS));
    (whole as f64 - half as f64) / f64::from(CALLS)
}
