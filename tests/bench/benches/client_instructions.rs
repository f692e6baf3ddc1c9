//! Instructions per call of a client, counted by callgrind as `instructions` does it: the call of a
//! generated client over a transport without a wire, which reads the request and answers at once. What
//! tonic itself takes is in all of them; the first row is that alone.
//!
//! Exits with a failure where a promise is broken.

use std::hint::black_box;
use std::process::ExitCode;

use interceptors_bench::callgrind::{self, Case, case};
use interceptors_bench::clients::{
    Authenticated, Bare, Empty, Error, Idle, InMemory, Limited, Logged, Marked, OutboundIdle,
    OutboundPolicy, OutboundRetried, OutboundRetriedMarked, OutboundStack, Policy, Retried,
    RetriedMarked, Users, serve, tower_stack,
};
use interceptors_bench::figures::{at_most, keep};
use interceptors_bench::ready;
use interceptors_proto::demo::{GetUserRequest, User};
use tokio::runtime::Runtime;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

/// The most that `retry` may take that has nothing to do.
const RETRY: f64 = 305.0;
/// The most that a wrapped channel may take of what a stack of tower's layers takes that does the same. Hash
/// tables have their luck: both differ by a thousandth from run to run.
const OF_TOWER: f64 = 1.005;

const CASES: &[Case] = &[
    case("bare", |n| calls(&mut Bare::new(InMemory), n)),
    case("empty", |n| calls(&mut Empty::new(InMemory), n)),
    case("idle", |n| calls(&mut Idle::new(InMemory), n)),
    case("logged", |n| calls(&mut Logged::new(InMemory), n)),
    case("retried", |n| calls(&mut Retried::new(InMemory), n)),
    case("limited", |n| calls(&mut Limited::new(InMemory), n)),
    case("marked", |n| calls(&mut Marked::new(InMemory), n)),
    case("retried_marked", |n| {
        calls(&mut RetriedMarked::new(InMemory), n)
    }),
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
    case("channel_retried_marked", |n| {
        calls(&mut Bare::new(OutboundRetriedMarked.wrap(InMemory)), n)
    }),
    case("channel_policy", |n| {
        calls(&mut Bare::new(OutboundPolicy.wrap(InMemory)), n)
    }),
    case("loopback", |n| loopback(n, Bare::new)),
    case("loopback_stack", |n| {
        loopback(n, |channel| Bare::new(OutboundStack.wrap(channel)))
    }),
    case("loopback_tower", |n| {
        loopback(n, |channel| Bare::new(tower_stack(channel)))
    }),
];

/// Both ends of a connection on one thread, and all that either does for a call.
fn loopback<C: Users>(calls: u32, client: impl FnOnce(Channel) -> C) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut client = runtime.block_on(async {
        let channel = serve().await?.connect().await?;
        Ok::<_, Error>(client(channel))
    });
    let client = client.as_mut().expect("a connection on loopback");
    for id in 1..=calls {
        let request = Request::new(GetUserRequest { id: id.into() });
        measured_round_trip(&runtime, client, request).expect("an answer");
    }
}

#[inline(never)]
fn measured_round_trip(
    runtime: &Runtime,
    client: &mut impl Users,
    request: Request<GetUserRequest>,
) -> Result<Response<User>, Status> {
    runtime.block_on(client.get_user(black_box(request)))
}

fn calls(client: &mut impl Users, calls: u32) {
    // A deadline wants a timer.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    // The first call may wait: a token is fetched in a task.
    let first = client.get_user(Request::new(GetUserRequest { id: 0 }));
    let _ = runtime.block_on(first);
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
        (
            "retried_marked",
            "attribute: `logging, retry, metadata`, two keys",
        ),
        ("authenticated", "attribute: `auth`, token of a cache"),
        ("policy", "attribute: `logging, retry, deadline`"),
        ("channel_idle", "channel: an interceptor that does nothing"),
        ("channel_retried", "channel: `retry`, nothing fails"),
        (
            "channel_retried_marked",
            "channel: `logging, retry, metadata`, two keys",
        ),
        ("channel_policy", "channel: `logging, retry, deadline`"),
    ] {
        let (count, more) = (of(key), of(key) - bare);
        println!("| {what} | {count:.0} | {more:.0} |");
        keep(what, "instructions", count);
        if key != "bare" {
            keep(what, "more than bare", more);
        }
    }
    println!();
    println!("| one call over loopback, both ends | instructions |");
    println!("| --- | ---: |");
    for (key, what) in [
        ("loopback", "bare client"),
        ("loopback_stack", "channel: `logging, deadline, with(…)`"),
        ("loopback_tower", "tower: trace, timeout, async interceptor"),
    ] {
        println!("| {what} | {:.0} |", of(key));
        keep(what, "both ends", of(key));
    }
    println!();
    let retry = of("retried") - empty;
    let of_tower = of("loopback_stack") / of("loopback_tower");
    let kept = [
        at_most("instructions of `retry` that does nothing", retry, RETRY),
        at_most("instructions of a channel, of tower's", of_tower, OF_TOWER),
    ];
    match kept.contains(&false) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
