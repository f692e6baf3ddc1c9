//! Calls per second through tonic's server and client on loopback: rounds of each service in turn,
//! so that whatever else the machine does falls on all of them.

use std::env;
use std::net::SocketAddr;
use std::time::Instant;

use interceptors_bench::figures::keep;
use interceptors_bench::{Attribute, BEARER, Bare, ByHand, Tokens};
use interceptors_proto::demo::user_service_client::UserServiceClient;
use interceptors_proto::demo::user_service_server::{UserService, UserServiceServer};
use interceptors_proto::demo::{GetUserRequest, ListUsersRequest};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Status};

type Error = Box<dyn std::error::Error + Send + Sync>;
type Client = UserServiceClient<Channel>;

const ROUNDS: usize = 101;
const CALLS: usize = 3_200;
const AT_ONCE: usize = 32;
const MESSAGES: u32 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Error> {
    if !env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let services = [
        ("bare", serve(Bare).await?),
        ("by hand", serve(ByHand { tokens: Tokens }).await?),
        ("attribute", serve(Attribute { tokens: Tokens }).await?),
    ];
    let mut rates = [const { (Vec::new(), Vec::new()) }; 3];
    for round in 0..=ROUNDS {
        for turn in 0..services.len() {
            // Nobody always comes first.
            let i = (round + turn) % services.len();
            // A connection may have luck with its threads; a new one each time evens that out.
            let client = &Client::new(services[i].1.connect().await?);
            let calls = unary(client).await?;
            let streamed = messages(client.clone()).await?;
            // The first round warms up.
            if round > 0 {
                rates[i].0.push(calls);
                rates[i].1.push(streamed);
            }
        }
    }
    println!("| service | calls/s | of bare | messages/s | of bare |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for ((name, _), (calls, streamed)) in services.iter().zip(&rates) {
        let (call_ratio, message_ratio) = (ratio(calls, &rates[0].0), ratio(streamed, &rates[0].1));
        let (calls, streamed) = (median(calls.clone()), median(streamed.clone()));
        println!("| {name} | {calls:.0} | {call_ratio:.3} | {streamed:.0} | {message_ratio:.3} |");
        for (column, figure) in [
            ("calls", calls),
            ("calls, of bare", call_ratio),
            ("messages", streamed),
            ("messages, of bare", message_ratio),
        ] {
            keep(name, column, figure);
        }
    }
    Ok(())
}

async fn serve<S: UserService>(service: S) -> Result<Endpoint, Error> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let address = listener.local_addr()?;
    let server = Server::builder().add_service(UserServiceServer::new(service));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(Endpoint::from_shared(format!("http://{address}"))?)
}

fn request<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = MetadataValue::from_static(BEARER);
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// Calls per second.
async fn unary(client: &Client) -> Result<f64, Error> {
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let mut client = client.clone();
        callers.spawn(async move {
            for id in 1..=(CALLS / AT_ONCE) as u64 {
                client.get_user(request(GetUserRequest { id })).await?;
            }
            Ok::<_, Status>(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    Ok(CALLS as f64 / started.elapsed().as_secs_f64())
}

/// Messages of one response stream per second.
async fn messages(mut client: Client) -> Result<f64, Error> {
    let request = request(ListUsersRequest {
        limit: MESSAGES,
        ..Default::default()
    });
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
fn ratio(rates: &[f64], bare: &[f64]) -> f64 {
    median(
        rates
            .iter()
            .zip(bare)
            .map(|(rate, bare)| rate / bare)
            .collect(),
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
