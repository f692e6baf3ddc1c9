//! Instructions per call of a client, counted by callgrind as `instructions` does it: the call of a
//! generated client over a transport without a wire, which reads the request and answers at once. What
//! tonic itself takes is in all of them; the first row is that alone.
//!
//! Exits with a failure where a promise is broken.

use std::hint::black_box;
use std::process::ExitCode;

use interceptors_bench::callgrind::{self, Case, case};
use interceptors_bench::clients::{
    Authenticated, Bare, Empty, Idle, InMemory, Limited, Logged, Marked, OutboundIdle,
    OutboundPolicy, OutboundRetried, Policy, Retried, Users,
};
use interceptors_bench::ready;
use interceptors_proto::demo::{GetUserRequest, User};
use tonic::{Request, Response, Status};

/// The most that `retry` may take that has nothing to do.
const RETRY: f64 = 300.0;

const CASES: &[Case] = &[
    case("bare", |n| calls(&mut Bare::new(InMemory), n)),
    case("empty", |n| calls(&mut Empty::new(InMemory), n)),
    case("idle", |n| calls(&mut Idle::new(InMemory), n)),
    case("logged", |n| calls(&mut Logged::new(InMemory), n)),
    case("retried", |n| calls(&mut Retried::new(InMemory), n)),
    case("limited", |n| calls(&mut Limited::new(InMemory), n)),
    case("marked", |n| calls(&mut Marked::new(InMemory), n)),
    case("authenticated", |n| {
        calls(&mut Authenticated::new(InMemory), n)
    }),
    case("policy", |n| calls(&mut Policy::new(InMemory), n)),
    case("channel_idle", |n| {
        calls(&mut Bare::new(OutboundIdle.wrap(InMemory)), n)
    }),
    case("channel_retried", |n| {
        calls(&mut Bare::new(OutboundRetried.wrap(InMemory)), n)
    }),
    case("channel_policy", |n| {
        calls(&mut Bare::new(OutboundPolicy.wrap(InMemory)), n)
    }),
];

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
    callgrind::run(CASES, report)
}

fn report(of: &dyn Fn(&str) -> f64) -> ExitCode {
    let (bare, empty) = (of("bare"), of("empty"));
    println!("\n| one call of a client, without a wire | instructions | more than bare |");
    println!("| --- | ---: | ---: |");
    for (key, what) in [
        ("bare", "bare generated client"),
        ("empty", "attribute: empty chain"),
        ("idle", "attribute: an interceptor that does nothing"),
        ("logged", "attribute: `logging`, nobody listens"),
        ("retried", "attribute: `retry`, nothing fails"),
        ("limited", "attribute: `deadline`"),
        ("marked", "attribute: `metadata`, one key"),
        ("authenticated", "attribute: `auth`, token of a cache"),
        ("policy", "attribute: `logging, retry, deadline`"),
        ("channel_idle", "channel: an interceptor that does nothing"),
        ("channel_retried", "channel: `retry`, nothing fails"),
        ("channel_policy", "channel: `logging, retry, deadline`"),
    ] {
        let (count, more) = (of(key), of(key) - bare);
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
