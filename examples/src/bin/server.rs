//! `cargo run -p examples --bin server [ADDRESS]`: serves until ctrl-c.

use examples::logs::{self, heading};
use examples::tally::{Table, Tally};
use examples::users::{Inbound, Users};
use examples::{Error, address, serve};
use interceptors::Intercepted;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let (calls, runs) = (Tally::default(), Tally::default());
    let address = address();
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let text = format!("On {}, until ctrl-c.", listener.local_addr()?);
    heading("Listening", text);
    let users = Users::new(runs.clone());
    let inbound = Inbound::new(&users, calls.clone());
    serve(listener, inbound, users, async {
        _ = tokio::signal::ctrl_c().await
    })
    .await?;

    heading(
        "What happened",
        "As counted by an interceptor that the example defines.",
    );
    let table = Table {
        server: Inbound::PLAN,
        plan: Users::PLAN,
        calls: &calls,
        runs: &runs,
    };
    print!("{table}");
    Ok(())
}
