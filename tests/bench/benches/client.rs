//! Calls per second of a client on loopback, side by side: bare, with a policy by the attribute, and with the
//! same policy around its channel.
//!
//! Both ends share one thread, which is always busy, so that what a call costs is what its throughput loses. In
//! each round every client has its turn, in an order that chance decides, over a connection of its own, because
//! some connections have more luck than others; what it is compared with is the bare client of the same round.
//! The bare client has two turns, and the second says how far the figures can be trusted.
//!
//! With a deadline tonic keeps a timer on either side, whoever sets it. So what has one is compared with a bare
//! client that sets the same timeout, and a channel with a stack of tower's that does the same: a timeout, a
//! trace and an async interceptor.
//!
//! Says which promises are kept, and fails for none.

use std::env;
use std::fmt;
use std::time::{Duration, Instant};

use interceptors_bench::clients::{
    Bare, Error, LIMIT, LoggedRetried, OutboundLoggedRetried, OutboundStack, Policy, Users, serve,
    tower_stack,
};
use interceptors_bench::figures::{AT_LEAST, MEASURED, keep};
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tonic::{Request, Status};

const ROUNDS: usize = 300;
/// Of which the second fastest counts: what disturbs the machine makes the others slower.
const SLICES: usize = 5;
const CALLS: usize = 320;
const AT_ONCE: usize = 32;
const MESSAGES: u32 = 10_000;

/// In the order of the rows.
const NAMES: [&str; 8] = [
    "bare",
    "bare, once more",
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

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if !env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let server = serve().await?;
    let mut rates = [const { (Vec::new(), Vec::new()) }; NAMES.len()];
    let mut order: [usize; NAMES.len()] = std::array::from_fn(|i| i);
    for round in 0..=ROUNDS {
        fastrand::shuffle(&mut order);
        for i in order {
            let channel = server.connect().await?;
            let (calls, streamed) = match i {
                0 | 1 => measure(Bare::new(channel), None).await?,
                2 => measure(LoggedRetried::new(channel), None).await?,
                3 => measure(Bare::new(OutboundLoggedRetried.wrap(channel)), None).await?,
                4 => measure(Bare::new(channel), Some(LIMIT)).await?,
                5 => measure(Policy::new(channel), None).await?,
                6 => measure(Bare::new(OutboundStack.wrap(channel)), None).await?,
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
        println!("| {name} | {calls:.0} | {call_ratio} | {streamed:.0} | {message_ratio} |");
    }
    println!();
    for (i, of, least) in [
        (2, 0, OF_BARE),
        (3, 0, OF_BARE),
        (5, 4, OF_BARE),
        (6, 4, OF_BARE),
        (6, 7, OF_TOWER),
    ] {
        let measured = ratio(&rates[i].0, &rates[of].0);
        let what = format!("{} (of {})", NAMES[i], NAMES[of]);
        keep(&what, "ratio", measured.median);
        keep(&what, "error", measured.error);
        let bound = format!("calls per second, {what}");
        keep(&bound, MEASURED, measured.median);
        keep(&bound, AT_LEAST, least);
        let verdict = match measured {
            Ratio { median, error } if median - error >= least => "kept",
            Ratio { median, error } if median + error >= least => "undecided",
            _ => "BROKEN",
        };
        println!(
            "{verdict}: calls/s, {} of {}: {measured}, at least {least:.2}",
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
    let (mut calls, mut streamed) = (Vec::new(), Vec::new());
    for slice in 0..=SLICES {
        let measured = (
            unary(&client, timeout).await?,
            messages(client.clone(), timeout).await?,
        );
        // As above.
        if slice > 0 {
            calls.push(measured.0);
            streamed.push(measured.1);
        }
    }
    Ok((second_highest(calls), second_highest(streamed)))
}

fn second_highest(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() - 2]
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

struct Ratio {
    median: f64,
    /// Of the median, as it would differ from run to run.
    error: f64,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ± {:.3}", self.median, self.error)
    }
}

/// Compared round by round, because the machine may be slower in one than in another.
fn ratio(rates: &[f64], others: &[f64]) -> Ratio {
    let pairs = rates.iter().zip(others);
    let ratios: Vec<f64> = pairs.map(|(rate, other)| rate / other).collect();
    let median = median(ratios.clone());
    // Half of all ratios lie within two thirds of a standard deviation, and the median of n errs by 1.25/√n of
    // one.
    let spread = self::median(ratios.iter().map(|ratio| (ratio - median).abs()).collect());
    let error = 1.25 * spread / 0.6745 / (ratios.len() as f64).sqrt();
    Ratio { median, error }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
