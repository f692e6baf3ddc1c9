//! Instructions per call, side by side, counted by callgrind.
//!
//! Runs itself under valgrind once for each case and number of calls. What is counted is the
//! service's method alone: the request is made before, outside of what callgrind collects. The
//! difference between many calls and half of them leaves out what happens once.
//!
//! Exits with a failure where a promise is broken.

use std::hint::black_box;
use std::process::ExitCode;

use interceptors_bench::callgrind::{self, Case, case};
use interceptors_bench::figures::{at_most, keep};
use interceptors_bench::{
    Attribute, Bare, ByHand, Five, Logged, Named, NoOp0, NoOp1, NoOp2, NoOp4, NoOp8, NoOp16,
    Observed, Requests, Three, Tokens, drain, ready,
};
use interceptors_proto::demo::user_service_server::UserService;
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest, User};
use tonic::{Request, Response, Status};

/// The most that the attribute may take of what the code by hand takes. One of its three entries is typed: such a call
/// is lent from the part of the policy that looks at no message to the part that does, and its future is larger than what
/// malloc keeps at hand.
const RATIO: f64 = 1.35;
/// The most that one more interceptor may take that does nothing.
const PER_NO_OP: f64 = 60.0;
/// Messages of a response stream for each call of the others.
const MESSAGES: u32 = 10;

#[derive(Clone, Copy, PartialEq)]
enum Name {
    Carried,
    Absent,
}

const CASES: &[Case] = &[
    case("bare", |n| unary(&Bare, n, Name::Carried)),
    case("bare_nameless", |n| unary(&Bare, n, Name::Absent)),
    case("by_hand", |n| unary(&BY_HAND, n, Name::Carried)),
    case("attribute", |n| unary(&ATTRIBUTE, n, Name::Carried)),
    case("attribute_nameless", |n| unary(&ATTRIBUTE, n, Name::Absent)),
    case("inheriting", |n| {
        interceptors::deadline::inherit();
        unary(&ATTRIBUTE, n, Name::Carried);
    }),
    case("named", |n| unary(&NAMED, n, Name::Carried)),
    case("three", |n| unary(&THREE, n, Name::Carried)),
    case("five", |n| unary(&FIVE, n, Name::Carried)),
    case("observed", |n| unary(&Observed, n, Name::Carried)),
    case("no_op_0", |n| unary(&NoOp0, n, Name::Carried)),
    case("no_op_1", |n| unary(&NoOp1, n, Name::Carried)),
    case("no_op_2", |n| unary(&NoOp2, n, Name::Carried)),
    case("no_op_4", |n| unary(&NoOp4, n, Name::Carried)),
    case("no_op_8", |n| unary(&NoOp8, n, Name::Carried)),
    case("no_op_16", |n| unary(&NoOp16, n, Name::Carried)),
    case("stream_bare", |n| streaming(&Bare, n)),
    case("stream_logged", |n| streaming(&Logged, n)),
    case("stream_observed", |n| streaming(&Observed, n)),
    case("messages_bare", |n| messages(&Bare, n)),
    case("messages_logged", |n| messages(&Logged, n)),
    case("messages_observed", |n| messages(&Observed, n)),
];

static NAMED: Named = Named { tokens: Tokens };
static THREE: Three = Three { tokens: Tokens };
static FIVE: Five = Five { tokens: Tokens };
static BY_HAND: ByHand = ByHand { tokens: Tokens };
static ATTRIBUTE: Attribute = Attribute { tokens: Tokens };

fn unary<S: UserService>(service: &S, calls: u32, name: Name) {
    let requests = match name {
        Name::Carried => Requests::of("/demo.v1.UserService/GetUser"),
        Name::Absent => Requests::without_name(),
    };
    for id in 1..=calls {
        let request = requests.make(GetUserRequest { id: id.into() });
        drop(black_box(measured_unary(service, request)));
    }
}

fn streaming<S: UserService>(service: &S, calls: u32) {
    let requests = Requests::of("/demo.v1.UserService/ListUsers");
    for _ in 1..=calls {
        let request = requests.make(ListUsersRequest::default());
        measured_stream(service, request);
    }
}

fn messages<S: UserService>(service: &S, calls: u32) {
    let requests = Requests::of("/demo.v1.UserService/ListUsers");
    let request = requests.make(ListUsersRequest {
        limit: calls * MESSAGES,
        ..Default::default()
    });
    measured_stream(service, request);
}

/// Callgrind collects while a function whose name begins with `measured` runs; no other may be
/// called so, nor may a closure be in one.
#[inline(never)]
fn measured_unary<S: UserService>(
    service: &S,
    request: Request<GetUserRequest>,
) -> Result<Response<User>, Status> {
    ready(service.get_user(black_box(request)))
}

#[inline(never)]
fn measured_stream<S: UserService>(service: &S, request: Request<ListUsersRequest>) {
    if let Ok(response) = ready(service.list_users(black_box(request))) {
        black_box(drain(response.into_inner()));
    }
}

fn main() -> ExitCode {
    callgrind::run(CASES, report)
}

fn report(of: &dyn Fn(&str) -> f64) -> ExitCode {
    let (bare, by_hand) = (of("bare"), of("by_hand"));

    println!("\nlogging (nobody listens), auth and validation around a trivial unary handler\n");
    println!("| one call | instructions | of by hand | future |");
    println!("| --- | ---: | ---: | ---: |");
    let row = |what: &str, instructions: f64, future: usize| {
        let ratio = instructions / by_hand;
        println!("| {what} | {instructions:.0} | {ratio:.3} | {future} B |");
        keep(what, "instructions", instructions);
        keep(what, "of by hand", ratio);
        keep(what, "future", future as f64);
    };
    row("bare handler", bare, future_size(&Bare));
    row("by hand in the method", by_hand, future_size(&BY_HAND));
    row("attribute", of("attribute"), future_size(&ATTRIBUTE));
    row(
        "logging, auth, rate limit",
        of("three"),
        future_size(&THREE),
    );
    row("five interceptors", of("five"), future_size(&FIVE));
    row(
        "attribute, `service` given",
        of("named"),
        future_size(&NAMED),
    );

    println!("\n| interceptors that do nothing | instructions | per interceptor | future |");
    println!("| ---: | ---: | ---: | ---: |");
    let no_ops = [
        (0, of("no_op_0"), future_size(&NoOp0)),
        (1, of("no_op_1"), future_size(&NoOp1)),
        (2, of("no_op_2"), future_size(&NoOp2)),
        (4, of("no_op_4"), future_size(&NoOp4)),
        (8, of("no_op_8"), future_size(&NoOp8)),
        (16, of("no_op_16"), future_size(&NoOp16)),
    ];
    println!("| 0 | {:.0} | | {} B |", no_ops[0].1, no_ops[0].2);
    let (mut best, mut worst) = (f64::MAX, f64::MIN);
    for pair in no_ops.windows(2) {
        let ((fewer, before, _), (n, instructions, future)) = (pair[0], pair[1]);
        let each = (instructions - before) / f64::from(n - fewer);
        (best, worst) = (best.min(each), worst.max(each));
        println!("| {n} | {instructions:.0} | {each:.1} | {future} B |");
    }

    let name = (of("attribute") - of("attribute_nameless")) - (bare - of("bare_nameless"));
    let chain = no_ops[0].1 - bare;
    let observer = of("observed") - no_ops[0].1;
    println!("\n| what | instructions |");
    println!("| --- | ---: |");
    let inheriting = of("inheriting") - of("attribute");
    for (what, instructions) in [
        ("the chain itself, with nothing in it", chain),
        ("one more interceptor that does nothing, at least", best),
        ("one more interceptor that does nothing, at most", worst),
        (
            "an observer of a unary call, which reads the clock twice",
            observer,
        ),
        (
            "a deadline of the caller, in a process whose handlers make intercepted calls",
            inheriting,
        ),
        (
            "the name from the wire, where the attribute expects another",
            name,
        ),
    ] {
        println!("| {what} | {instructions:.0} |");
        keep(what, "more", instructions);
    }
    for (what, key) in [
        ("a response stream that nobody observes", "logged"),
        ("a response stream, observed", "observed"),
    ] {
        let call = of(&format!("stream_{key}")) - of("stream_bare");
        let message = of(&format!("messages_{key}")) - of("messages_bare");
        let message = message / f64::from(MESSAGES);
        println!("| {what}: the call | {call:.0} |");
        println!("| {what}: each message | {message:.1} |");
        keep(what, "more", call);
        keep(what, "each message", message);
    }

    let ratio = of("attribute") / by_hand;
    println!();
    let kept = [
        at_most("attribute, of by hand", ratio, RATIO),
        at_most("instructions of one more interceptor", worst, PER_NO_OP),
    ];
    if kept.contains(&false) {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What `async_trait` boxes.
fn future_size<S: UserService>(service: &S) -> usize {
    size_of_val(&*service.get_user(Request::new(GetUserRequest::default())))
}
