//! Calls per second of a client on loopback, side by side: bare, with a policy by the attribute, and with the
//! same policy around its channel. Rounds of each in turn, as in `loopback`.
//!
//! With a deadline tonic keeps a timer on either side, whoever sets it. So what has one is compared with a bare
//! client that sets the same timeout, and a channel with a stack of tower's that does the same: a timeout, a
//! trace and an async interceptor.
//!
//! Says which promises are kept, and fails for none: what a single run measures differs too much.

use std::env;
use std::time::{Duration, Instant};

use interceptors_bench::clients::{
    Bare, Error, LIMIT, LoggedRetried, OutboundLoggedRetried, OutboundStack, Policy, Users, serve,
    tower_stack,
};
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::{Request, Status};

const ROUNDS: usize = 101;
const CALLS: usize = 1_600;
const AT_ONCE: usize = 32;
const MESSAGES: u32 = 50_000;

/// In the order of the rows.
const NAMES: [&str; 7] = [
    "bare",
    "generated client: `logging, retry`",
    "channel: `logging, retry`",
    "bare, `set_timeout`",
    "generated client: `logging, retry, deadline`",
    "channel: `logging, deadline, with(…)`",
    "tower: trace, timeout, async interceptor",
];

/// The least of the bare client's throughput that a policy may leave.
const OF_BARE: f64 = 0.97;
/// The least of the stack's throughput that a wrapped channel may have.
const OF_TOWER: f64 = 1.0;

#[tokio::main]
async fn main() -> Result<(), Error> {
    if !env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let server = serve().await?;
    let mut rates = [const { (Vec::new(), Vec::new()) }; NAMES.len()];
    for round in 0..=ROUNDS {
        for turn in 0..NAMES.len() {
            // Nobody always comes first.
            let i = (round + turn) % NAMES.len();
            // A connection may have luck with its threads; a new one each time evens that out.
            let channel = server.connect().await?;
            let (calls, streamed) = match i {
                0 => measure(Bare::new(channel), None).await?,
                1 => measure(LoggedRetried::new(channel), None).await?,
                2 => measure(Bare::new(OutboundLoggedRetried.wrap(channel)), None).await?,
                3 => measure(Bare::new(channel), Some(LIMIT)).await?,
                4 => measure(Policy::new(channel), None).await?,
                5 => measure(Bare::new(OutboundStack.wrap(channel)), None).await?,
                _ => measure(Bare::new(tower_stack(channel)), None).await?,
            };
            // The first round warms up.
            if round > 0 {
                rates[i].0.push(calls);
                rates[i].1.push(streamed);
            }
        }
    }
    println!("| client | calls/s | of bare | messages/s | of bare |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (name, (calls, streamed)) in NAMES.iter().zip(&rates) {
        let (call_ratio, message_ratio) = (ratio(calls, &rates[0].0), ratio(streamed, &rates[0].1));
        let (calls, streamed) = (median(calls.clone()), median(streamed.clone()));
        println!("| {name} | {calls:.0} | {call_ratio:.3} | {streamed:.0} | {message_ratio:.3} |");
    }
    println!();
    for (i, of, least) in [
        (1, 0, OF_BARE),
        (2, 0, OF_BARE),
        (4, 3, OF_BARE),
        (5, 3, OF_BARE),
        (5, 6, OF_TOWER),
    ] {
        let measured = ratio(&rates[i].0, &rates[of].0);
        let verdict = if measured >= least { "kept" } else { "BROKEN" };
        println!(
            "{verdict}: calls/s, {} of {}: {measured:.3}, at least {least:.2}",
            NAMES[i], NAMES[of]
        );
    }
    Ok(())
}

/// Calls and messages per second.
async fn measure<C: Users + Clone + Send + 'static>(
    client: C,
    timeout: Option<Duration>,
) -> Result<(f64, f64), Error> {
    let calls = unary(&client, timeout).await?;
    Ok((calls, messages(client, timeout).await?))
}

fn request<M>(message: M, timeout: Option<Duration>) -> Request<M> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    request
}

async fn unary<C: Users + Clone + Send + 'static>(
    client: &C,
    timeout: Option<Duration>,
) -> Result<f64, Error> {
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let mut client = client.clone();
        callers.spawn(async move {
            for id in 1..=(CALLS / AT_ONCE) as u64 {
                let request = request(GetUserRequest { id }, timeout);
                client.get_user(request).await?;
            }
            Ok::<_, Status>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(CALLS as f64 / started.elapsed().as_secs_f64())
}

/// Of one response stream.
async fn messages<C: Users>(mut client: C, timeout: Option<Duration>) -> Result<f64, Error> {
    let message = ListUsersRequest {
        limit: MESSAGES,
        ..Default::default()
    };
    let request = request(message, timeout);
    let started = Instant::now();
    let mut stream = client.list_users(request).await?.into_inner();
    let mut messages = 0;
    while stream.next().await.transpose()?.is_some() {
        messages += 1;
    }
    assert_eq!(messages, MESSAGES);
    Ok(f64::from(MESSAGES) / started.elapsed().as_secs_f64())
}

/// Compared round by round, because the machine may be slower in one than in another.
fn ratio(rates: &[f64], others: &[f64]) -> f64 {
    let pairs = rates.iter().zip(others);
    median(pairs.map(|(rate, other)| rate / other).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
