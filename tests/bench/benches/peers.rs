//! One policy over loopback, by each of the ways to have it: what it costs beyond bare tonic, in
//! instructions per call, and how many calls pass in a second.
//!
//! The policy of a server is logging, auth with a bearer token, and a rate limit that no call reaches.
//! "Off" is without a subscriber to `tracing`; "on" is with one that writes each event of `INFO` as JSON to
//! nowhere. The columns:
//!
//! - by hand: the work is written in the methods, for this policy and no other; the event has the method, the
//!   code and the duration;
//! - by hand, all fields: the event has all the fields that the attribute's event has;
//! - tower: `TraceLayer::new_for_grpc`, and tonic's `InterceptorLayer` for auth and for the limit, since
//!   tower's own limit cannot be cloned for each connection;
//! - `tonic-middleware`: a `Middleware` for logging as its documentation shows it, which sees the headers of a
//!   response but not its trailers: neither the end of a stream nor the code of a call that succeeds; and a
//!   `RequestInterceptor` each for auth and the limit;
//! - attribute: `#[intercept(…)]` as the guide spells it;
//! - server struct: the same policy in front of the whole server;
//! - on the server too: as by the attribute, with `#[intercept]` on the generated server, so that the policy runs before decoding.
//!
//! A call without a token, whose message is 100,000 short strings, is refused. There the fourth column is tonic's own `Interceptor` alone,
//! which runs before decoding as the server struct does; the attribute on the `impl` decodes first. How much of the message arrives before
//! the refusal depends on time, so these figures are without a connection: the service is given the request, with its whole message in
//! frames of 16 KiB, and what is counted begins there and ends when the answer has been read and the request is dropped.
//!
//! The policy of a client is retries that no call needs, and two keys of metadata. By hand it is a loop around
//! the call; with tower it is tower's `Retry`, and an async `Filter` that collects the message, since tonic's
//! body cannot be cloned. `tonic-middleware` has nothing for clients.
//!
//! Instructions are counted by callgrind in the process of the server alone, or of the client alone; the
//! other side is another process. All that the process does for a call is counted. How much arrives at once
//! depends on time, and what arrives apart only adds to the work: each figure is the least of
//! a few runs. They differ by a hundred or two.
//!
//! A name after `--` measures only the rows that contain it: `-- "stream of 100"`.
//!
//! A bound that is broken is reported and no failure; a figure that could not be measured is one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use interceptors_bench::BEARER;
use interceptors_bench::callgrind::{self, Process};
use interceptors_bench::clients::{Bare, Error};
use interceptors_bench::figures::{AT_MOST, MEASURED, keep};
use interceptors_bench::peers::{self, START, STOP, listen, serve, zero_counts};
use interceptors_proto::demo::{FlakyRequest, GetUserRequest, ListUsersRequest, LoginRequest};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

type Client = Bare<Channel>;

/// Messages of a response stream.
const MESSAGES: u32 = 100;
/// The size of a message that is refused.
const MIB: usize = 1024 * 1024;
/// How long the calls of one round are made.
const ROUND: Duration = Duration::from_millis(50);
const ROUNDS: usize = 15;
const AT_ONCE: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Unary,
    Stream,
    /// A unary call, of which the client is measured.
    Client,
    /// A unary call of 1 MB without a token.
    Refused,
}

impl Kind {
    /// How many calls come before those that are counted, and how many are counted.
    fn calls(self) -> (u32, u32) {
        match self {
            Self::Unary | Self::Client => (100, 500),
            Self::Stream => (50, 200),
            Self::Refused => (10, 50),
        }
    }

    fn runs(self) -> usize {
        match self {
            Self::Unary | Self::Stream => 3,
            // Nothing of it depends on time.
            Self::Refused => 1,
            // A channel has tasks of its own, and more of it depends on time.
            Self::Client => 5,
        }
    }
}

#[derive(Clone, Copy)]
enum Most {
    Instructions(f64),
    ByHandAnd(f64),
    /// All that the service takes for a call, of what it takes with tonic's own `Interceptor`, which runs before decoding too.
    OfInterceptor(f64),
}

struct Row {
    what: &'static str,
    kind: Kind,
    listens: bool,
    columns: [Option<&'static str>; 8],
    most: Most,
}

const COLUMNS: [&str; 8] = [
    "bare",
    "by hand",
    "by hand, all fields",
    "tower",
    "tonic-middleware",
    "attribute",
    "server struct",
    "on the server too",
];

const fn servers(all_fields: Option<&'static str>) -> [Option<&'static str>; 8] {
    [
        Some("bare"),
        Some("by_hand"),
        all_fields,
        Some("tower"),
        Some("tonic_middleware"),
        Some("attribute"),
        Some("server"),
        Some("module"),
    ]
}

const fn clients(attribute: &'static str) -> [Option<&'static str>; 8] {
    [
        Some("bare"),
        Some("by_hand"),
        None,
        Some("tower"),
        None,
        Some(attribute),
        None,
        None,
    ]
}

const ROWS: [Row; 7] = [
    Row {
        what: "unary, logging off",
        kind: Kind::Unary,
        listens: false,
        columns: servers(None),
        most: Most::Instructions(2_500.0),
    },
    Row {
        what: "unary, logging on",
        kind: Kind::Unary,
        listens: true,
        columns: servers(Some("by_hand_all_fields")),
        most: Most::ByHandAnd(1_500.0),
    },
    Row {
        what: "stream of 100, logging off",
        kind: Kind::Stream,
        listens: false,
        columns: servers(None),
        most: Most::Instructions(5_000.0),
    },
    Row {
        what: "stream of 100, logging on",
        kind: Kind::Stream,
        listens: true,
        columns: servers(Some("by_hand_all_fields")),
        most: Most::ByHandAnd(5_000.0),
    },
    Row {
        what: "generated client, retry and two keys",
        kind: Kind::Client,
        listens: false,
        columns: clients("generated"),
        most: Most::Instructions(2_700.0),
    },
    Row {
        what: "wrapped channel, retry and two keys",
        kind: Kind::Client,
        listens: false,
        columns: clients("channel"),
        most: Most::Instructions(4_500.0),
    },
    Row {
        what: "refused, 100,000 strings",
        kind: Kind::Refused,
        listens: false,
        columns: [
            Some("bare"),
            None,
            None,
            Some("interceptor"),
            None,
            Some("attribute"),
            Some("server"),
            Some("module"),
        ],
        most: Most::OfInterceptor(1.1),
    },
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Error> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["serve", name, listens] => {
            if listens == "on" {
                listen()?;
            }
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            println!("{}", listener.local_addr()?);
            serve(name, listener).await?;
            Ok(ExitCode::SUCCESS)
        }
        ["call", name, address] => {
            let channel = Endpoint::from_shared(address.to_owned())?.connect().await?;
            let (warm_up, calls) = Kind::Client.calls();
            peers::call(name, channel.clone(), warm_up).await?;
            zero_counts();
            peers::call(name, channel, calls).await?;
            // The connection's end is no part of a call.
            std::process::exit(0)
        }
        ["refuse", name] => {
            let (warm_up, calls) = Kind::Refused.calls();
            peers::refuse(name, warm_up, calls)?;
            // What ends with the process is no part of a call.
            std::process::exit(0)
        }
        // Without it, this was not built for measuring: `cargo test --benches`.
        _ if !args.contains(&"--bench") => Ok(ExitCode::SUCCESS),
        _ => {
            // As cargo's own harness: what is no option says which rows are wanted.
            let filter = args.iter().find(|arg| !arg.starts_with('-'));
            let rows = ROWS.iter();
            let rows = rows.filter(|row| filter.is_none_or(|filter| row.what.contains(filter)));
            Ok(measure(&rows.collect::<Vec<_>>()).await)
        }
    }
}

async fn measure(rows: &[&Row]) -> ExitCode {
    let mut report = Report { failed: false };
    if callgrind::has_valgrind() {
        let mut instructions = Vec::new();
        // Some clients are in two rows.
        let mut known = BTreeMap::new();
        for row in rows {
            let mut counts = Vec::new();
            for name in row.columns {
                let Some(name) = name else {
                    counts.push(None);
                    continue;
                };
                let count = match known.entry((name, row.kind, row.listens)) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => {
                        *new.insert(report.measured(row, name, least(name, row).await))
                    }
                };
                counts.push(count);
            }
            instructions.push(counts);
        }
        report.instructions(rows, &instructions);
    } else {
        println!("instructions: skipped, valgrind is not installed");
    }
    let mut rates = Vec::new();
    for row in rows {
        rates.push(calls_per_second(&mut report, row).await);
    }
    report.rates(rows, &rates);
    match report.failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

struct Report {
    failed: bool,
}

impl Report {
    fn measured<T>(&mut self, row: &Row, name: &str, figure: Result<T, Error>) -> Option<T> {
        match figure {
            Ok(figure) => Some(figure),
            Err(error) => {
                self.failed = true;
                eprintln!("not measured: {}, {name}: {error}", row.what);
                None
            }
        }
    }

    /// Each row has a figure for each column, or none.
    fn instructions(&self, rows: &[&Row], instructions: &[Vec<Option<f64>>]) {
        print_head("instructions per call beyond bare (of bare, all)");
        let mut verdicts = Vec::new();
        for (row, counts) in rows.iter().zip(instructions) {
            let bare = counts[0].unwrap_or(f64::NAN);
            let beyond: Vec<_> = counts.iter().map(|it| it.map(|it| it - bare)).collect();
            keep(row.what, COLUMNS[0], bare);
            for (column, beyond) in COLUMNS.iter().zip(&beyond).skip(1) {
                keep(row.what, column, beyond.unwrap_or(f64::NAN));
            }
            print!("| {} | {bare:.0} |", row.what);
            for beyond in &beyond[1..] {
                print_cell(*beyond);
            }
            println!();
            let [.., tower, _, attribute, server, _] = beyond[..] else {
                continue;
            };
            if let Most::OfInterceptor(most) = row.most {
                let [server, interceptor] = [counts[6], counts[3]].map(|it| it.unwrap_or(f64::NAN));
                let ratio = server / interceptor;
                let verdict = if ratio <= most { "kept" } else { "BROKEN" };
                let what = format!("{}: server struct, of tonic's `Interceptor`", row.what);
                keep(&what, MEASURED, ratio);
                keep(&what, AT_MOST, most);
                verdicts.push(format!(
                    "{verdict}: {}, server struct: {ratio:.2} of tonic's own `Interceptor`, at most {most:.2}",
                    row.what
                ));
                continue;
            }
            let most = match row.most {
                Most::Instructions(most) => most,
                // The event has the same fields.
                Most::ByHandAnd(more) => beyond[2].unwrap_or(f64::NAN) + more,
                Most::OfInterceptor(_) => f64::NAN,
            };
            let mut promise = |of: &str, measured: f64, most: f64| {
                // Written so that what could not be measured is no promise kept.
                let kept = measured <= most;
                let verdict = if kept { "kept" } else { "BROKEN" };
                let what = format!("{}: instructions beyond bare{of}", row.what);
                keep(&what, MEASURED, measured);
                keep(&what, AT_MOST, most);
                verdicts.push(format!(
                    "{verdict}: {}{of}: {measured:.0} instructions beyond bare, at most {most:.0}",
                    row.what
                ));
            };
            promise("", attribute.unwrap_or(f64::NAN), most);
            if let (Some(server), Some(tower)) = (server, tower) {
                promise(", server struct", server, most.min(tower));
            }
        }
        println!("\n{}", verdicts.join("\n"));
    }

    fn rates(&self, rows: &[&Row], rates: &[BTreeMap<&str, Vec<f64>>]) {
        print_head("calls per second");
        for (row, rates) in rows.iter().zip(rates) {
            print!("| {} |", row.what);
            for name in row.columns {
                let rates = name.and_then(|name| rates.get(name));
                print_cell(rates.map(|rates| median(rates.clone())));
            }
            println!();
        }
    }
}

fn print_head(what: &str) {
    println!("\n| {what} | {} |", COLUMNS.join(" | "));
    println!("| --- |{}", " ---: |".repeat(COLUMNS.len()));
}

fn print_cell(figure: Option<f64>) {
    match figure {
        Some(figure) => print!(" {figure:.0} |"),
        None => print!(" – |"),
    }
}

/// A server in a process of its own, which ends with this.
struct Running {
    child: Child,
    address: String,
    client: Client,
}

impl Running {
    async fn start(mut command: Command, name: &str, row: &Row) -> Result<Self, Error> {
        // Where the client is measured, the server is bare.
        let name = if row.kind == Kind::Client {
            "bare"
        } else {
            name
        };
        let listens = if row.listens { "on" } else { "off" };
        let mut child = command
            .args(["serve", name, listens])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        let address = format!("http://{}", address.trim());
        let client = Client::new(Endpoint::from_shared(address.clone())?.connect().await?);
        Ok(Self {
            child,
            address,
            client,
        })
    }

    async fn login(&mut self, name: &str) -> Result<(), Status> {
        let request = LoginRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        self.client.login(authorized(request)).await.map(drop)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn least(name: &str, row: &Row) -> Result<f64, Error> {
    let mut least = f64::INFINITY;
    for _ in 0..row.kind.runs() {
        least = least.min(count(name, row).await?);
    }
    Ok(least)
}

/// The instructions of one call, in the process of the side that is measured.
async fn count(name: &str, row: &Row) -> Result<f64, Error> {
    let (warm_up, calls) = row.kind.calls();
    let listens = if row.listens { "on" } else { "off" };
    // A file of its own for each, so that those that are kept can be compared.
    let process = Process::new(&format!("{name}.{:?}.{listens}", row.kind));
    if row.kind == Kind::Refused {
        if !process.command().args(["refuse", name]).status()?.success() {
            return Err("a call failed".into());
        }
    } else if row.kind == Kind::Client {
        let server = Running::start(Command::new(env::current_exe()?), name, row).await?;
        let status = process
            .command()
            .args(["call", name, &server.address])
            .status()?;
        if !status.success() {
            return Err("a call failed".into());
        }
    } else {
        let mut server = Running::start(process.command(), name, row).await?;
        for _ in 0..warm_up {
            call(&mut server.client, row.kind).await?;
        }
        server.login(START).await?;
        for _ in 0..calls {
            call(&mut server.client, row.kind).await?;
        }
        // The process ends before it answers.
        let _ = server.login(STOP).await;
        server.child.wait()?;
    }
    let total = process.total().ok_or("callgrind counted nothing")?;
    Ok(total as f64 / f64::from(calls))
}

/// Of each round. Every round has all columns in turn, so that whatever else the machine does affects
/// all of them.
async fn calls_per_second(report: &mut Report, row: &Row) -> BTreeMap<&'static str, Vec<f64>> {
    let mut servers = Vec::new();
    for name in row.columns.into_iter().flatten() {
        let server = match env::current_exe() {
            Ok(this) => Running::start(Command::new(this), name, row).await,
            Err(error) => Err(error.into()),
        };
        if let Some(server) = report.measured(row, name, server) {
            servers.push((name, server));
        }
    }
    let mut rates = BTreeMap::<_, Vec<f64>>::new();
    for round in 0..=ROUNDS {
        for (name, server) in &servers {
            let rate = rate(name, server, row.kind).await;
            // The first round warms up.
            if let Some(rate) = report.measured(row, name, rate).filter(|_| round > 0) {
                rates.entry(*name).or_default().push(rate);
            }
        }
    }
    rates
}

async fn rate(name: &'static str, server: &Running, kind: Kind) -> Result<f64, Error> {
    // A connection may have luck; a new one each time evens that out.
    let endpoint = Endpoint::from_shared(server.address.clone())?;
    let channel = endpoint.connect().await?;
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let channel = channel.clone();
        callers.spawn(async move {
            let mut calls = 0;
            while started.elapsed() < ROUND {
                if kind == Kind::Client {
                    peers::call(name, channel.clone(), 10).await?;
                    calls += 10;
                } else {
                    call(&mut Client::new(channel.clone()), kind).await?;
                    calls += 1;
                }
            }
            Ok::<_, Error>(calls)
        });
    }
    let mut calls = 0;
    while let Some(caller) = callers.join_next().await {
        calls += caller??;
    }
    Ok(f64::from(calls) / started.elapsed().as_secs_f64())
}

async fn call(client: &mut Client, kind: Kind) -> Result<(), Error> {
    match kind {
        Kind::Unary | Kind::Client => {
            client
                .get_user(authorized(GetUserRequest { id: 1 }))
                .await?;
        }
        Kind::Refused => {
            let request = FlakyRequest {
                key: "x".repeat(MIB),
                ..Default::default()
            };
            // Without a policy it comes to the handler, which does not have it.
            match client.flaky(request).await {
                Err(status) if status.code() == Code::Unauthenticated => {}
                Err(status) if status.code() == Code::Unimplemented => {}
                Err(status) => return Err(status.into()),
                Ok(_) => return Err("the call was let through".into()),
            }
        }
        Kind::Stream => {
            let request = authorized(ListUsersRequest {
                limit: MESSAGES,
                ..Default::default()
            });
            let mut stream = client.list_users(request).await?.into_inner();
            let mut messages = 0;
            while stream.message().await?.is_some() {
                messages += 1;
            }
            if messages != MESSAGES {
                return Err(format!("{messages} messages instead of {MESSAGES}").into());
            }
        }
    }
    Ok(())
}

fn authorized<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = MetadataValue::from_static(BEARER);
    request.metadata_mut().insert("authorization", bearer);
    request
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
