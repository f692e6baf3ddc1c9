//! `cargo run -p examples --bin replicas`: two replicas behind a proxy share one Redis. A caller has one limit for both.

use examples::Error;
use examples::replicas::{BURST, Limits, RedisServer, call, start};
use interceptors::rate_limit::{Local, Redis};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let server = RedisServer::start().await?;
    let limits = match &server {
        Some(server) => {
            println!("limits are kept in Redis, at {}", server.url());
            Limits::Redis(Redis::new(&server.url())?)
        }
        None => {
            println!("`redis-server` is not installed, so the embedded store keeps the limits");
            Limits::Embedded(Local::new())
        }
    };
    let proxy = start(&limits).await?;
    for host in [2, 3] {
        let calls = call(&proxy, host, 3 * BURST).await?;
        let [first, second] = calls.answered;
        println!(
            "127.0.0.{host} made {} calls: the first replica answered {first}, the second {second}, and {} ended with RESOURCE_EXHAUSTED",
            3 * BURST,
            calls.limited
        );
        if first + second != BURST {
            return Err(format!("{BURST} calls should have passed").into());
        }
    }
    Ok(())
}
