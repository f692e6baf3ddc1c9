//! Instructions per call of a client, counted by callgrind as `instructions` does it: the call of a
//! generated client over a transport without a wire, which reads the request and answers at once. What
//! tonic itself takes is in all of them; the first row is that alone.
//!
//! Exits with a failure where a promise is broken.

use std::env;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use interceptors_bench::clients::{
    Authenticated, Bare, Empty, Idle, InMemory, Limited, Logged, Marked, OutboundIdle,
    OutboundPolicy, OutboundRetried, Policy, Retried, Users,
};
use interceptors_bench::ready;
use interceptors_proto::demo::{GetUserRequest, User};
use tonic::{Request, Response, Status};

/// The most that `retry` may take that has nothing to do.
const RETRY: f64 = 300.0;
/// Calls in the shorter run of a case.
const CALLS: u32 = 500;

struct Case {
    key: &'static str,
    what: &'static str,
    run: fn(u32),
}

const CASES: &[Case] = &[
    case("bare", "bare generated client", |n| {
        calls(&mut Bare::new(InMemory), n)
    }),
    case("empty", "attribute: empty chain", |n| {
        calls(&mut Empty::new(InMemory), n)
    }),
    case("idle", "attribute: an interceptor that does nothing", |n| {
        calls(&mut Idle::new(InMemory), n)
    }),
    case("logged", "attribute: `logging`, nobody listens", |n| {
        calls(&mut Logged::new(InMemory), n)
    }),
    case("retried", "attribute: `retry`, nothing fails", |n| {
        calls(&mut Retried::new(InMemory), n)
    }),
    case("limited", "attribute: `deadline`", |n| {
        calls(&mut Limited::new(InMemory), n)
    }),
    case("marked", "attribute: `metadata`, one key", |n| {
        calls(&mut Marked::new(InMemory), n)
    }),
    case(
        "authenticated",
        "attribute: `auth`, token of a cache",
        |n| calls(&mut Authenticated::new(InMemory), n),
    ),
    case("policy", "attribute: `logging, retry, deadline`", |n| {
        calls(&mut Policy::new(InMemory), n)
    }),
    case(
        "channel_idle",
        "channel: an interceptor that does nothing",
        |n| calls(&mut Bare::new(OutboundIdle.wrap(InMemory)), n),
    ),
    case("channel_retried", "channel: `retry`, nothing fails", |n| {
        calls(&mut Bare::new(OutboundRetried.wrap(InMemory)), n)
    }),
    case(
        "channel_policy",
        "channel: `logging, retry, deadline`",
        |n| calls(&mut Bare::new(OutboundPolicy.wrap(InMemory)), n),
    ),
];

const fn case(key: &'static str, what: &'static str, run: fn(u32)) -> Case {
    Case { key, what, run }
}

fn calls(client: &mut impl Users, calls: u32) {
    // A deadline wants a timer.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let _entered = runtime.enter();
    for id in 1..=calls {
        let request = Request::new(GetUserRequest { id: id.into() });
        drop(black_box(measured_call(client, request)));
    }
}

/// Callgrind collects while a function whose name begins with `measured` runs; no other may be
/// called so, nor may a closure be in one.
#[inline(never)]
fn measured_call(
    client: &mut impl Users,
    request: Request<GetUserRequest>,
) -> Result<Response<User>, Status> {
    ready(client.get_user(black_box(request)))
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["count", key, calls] => {
            let case = CASES.iter().find(|case| case.key == key);
            let (Some(case), Ok(calls)) = (case, calls.parse()) else {
                return ExitCode::FAILURE;
            };
            (case.run)(calls);
            ExitCode::SUCCESS
        }
        // Without it, this was not built for measuring: `cargo test --benches`.
        _ if !args.contains(&"--bench") => ExitCode::SUCCESS,
        _ if !has_valgrind() => {
            println!("client_instructions: skipped, valgrind is not installed");
            ExitCode::SUCCESS
        }
        _ => report(),
    }
}

fn has_valgrind() -> bool {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// The instructions of one call.
fn count(key: &str) -> f64 {
    let (half, whole) = (total(key, CALLS), total(key, 2 * CALLS));
    (whole as f64 - half as f64) / f64::from(CALLS)
}

fn total(key: &str, calls: u32) -> u64 {
    let this = env::current_exe().expect("this program has a path");
    let file = this.with_extension(format!("{key}.callgrind"));
    let output = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--collect-atstart=no",
            "--toggle-collect=*::measured_*",
        ])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(&this)
        .args(["count", key, &calls.to_string()])
        .output()
        .expect("valgrind runs");
    let total = read_total(&file);
    if env::var_os("KEEP_CALLGRIND").is_none() {
        let _ = std::fs::remove_file(&file);
    }
    total.unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// The line `totals: 123456` of callgrind's output.
fn read_total(file: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("totals:"))?;
    line.trim().parse().ok().filter(|&total| total > 0)
}

fn report() -> ExitCode {
    let counts: Vec<f64> = CASES.iter().map(|case| count(case.key)).collect();
    let of = |key: &str| {
        let case = CASES.iter().zip(&counts).find(|(case, _)| case.key == key);
        case.map_or(f64::NAN, |(_, &count)| count)
    };
    let (bare, empty) = (of("bare"), of("empty"));
    println!("\n| one call of a client, without a wire | instructions | more than bare |");
    println!("| --- | ---: | ---: |");
    for (case, &count) in CASES.iter().zip(&counts) {
        let (what, more) = (case.what, count - bare);
        println!("| {what} | {count:.0} | {more:.0} |");
    }
    println!();
    let measured = of("retried") - empty;
    // Written so that what could not be measured is no promise kept.
    let kept = measured <= RETRY;
    let verdict = if kept { "kept" } else { "BROKEN" };
    println!(
        "{verdict}: instructions for `retry` that does nothing: {measured:.0}, at most {RETRY:.0}"
    );
    match kept {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
