//! `cargo run`: a server and a client in one process, on a free port of loopback.

use std::time::Duration;

use examples::tally::{Counts, Table, Tally};
use examples::users::{Inbound, Users};
use examples::{Error, scenes, serve, story};
use interceptors::Intercepted;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const HELP: &str = "\
Examples of interceptors for tonic. You need only Rust.

  cargo run                                 a server and a client in one process; prints 40 lines that explain each call
  RUST_LOG=info cargo run                   the same, with the complete log events
  cargo run -p examples --bin server        the same server on 127.0.0.1:50051, until ctrl-c; takes an address
  cargo run -p examples --bin client        the same client, in a second terminal; takes an address
  cargo run -p examples --bin clients       clients that retry, hedge and keep deadlines, against a server that fails
  cargo run -p examples --bin production    the recommended policies, with metrics for Prometheus and spans for OpenTelemetry
  cargo run -p examples --bin replicas      two replicas behind a proxy that share their limits in Redis
  cargo run -p examples --bin custom        an interceptor of your own that reads the message
  cargo run -p examples --bin policy        writes the policies as a document beside the protos
  cargo run -p examples --features otlp --bin otlp    OpenTelemetry's exporter over a channel with interceptors
  cargo run -p examples --features otlp --bin traces  a server that exports its spans to a collector on localhost:4317

RUST_LOG sets what is logged; NO_COLOR=1 turns colours off.
";

#[tokio::main]
async fn main() -> Result<(), Error> {
    if let Some(argument) = std::env::args().nth(1) {
        print!("{HELP}");
        return match argument.as_str() {
            "--help" | "-h" | "help" => Ok(()),
            unknown => Err(format!(
                "`{unknown}` is not an option; the lines above show what to run"
            )
            .into()),
        };
    }
    story::init();
    story::line(format_args!(
        "A server and a client in one process; `cargo run -- --help` lists the other examples.{}",
        story::legend()
    ));
    let (calls, runs) = (Tally::default(), Tally::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let users = Users::new(runs.clone());
    let inbound = Inbound::new(&users, calls.clone());
    let server = tokio::spawn(serve(listener, inbound, users, async {
        _ = stopped.await;
    }));

    scenes::play(&address).await?;
    let as_expected = tokio::time::timeout(Duration::from_secs(5), expected(&calls, &runs)).await;
    drop(stop);
    server.await??;

    story::line("What happened, as counted by an interceptor that the example defines:");
    let table = Table {
        server: Inbound::PLAN,
        plan: Users::PLAN,
        calls: &calls,
        runs: &runs,
    };
    print!("{table}");
    as_expected.map_err(|_| "the server's counts differ from the expected ones".into())
}

/// Waits until the server has counted all calls: it notices a dropped stream a moment later.
async fn expected(calls: &Tally, runs: &Tally) {
    let ended = |ok, error, cancelled| Counts {
        ok,
        error,
        cancelled,
    };
    let expected = [
        (
            "/demo.v1.UserService/GetUser",
            ended(2, 2, 0),
            ended(2, 0, 0),
        ),
        (
            "/demo.v1.UserService/ListUsers",
            ended(1, 1, 1),
            ended(1, 1, 1),
        ),
        (
            "/demo.v1.UserService/ImportUsers",
            ended(1, 0, 0),
            ended(1, 0, 0),
        ),
        ("/demo.v1.UserService/Chat", ended(1, 0, 0), ended(1, 0, 0)),
        ("/demo.v1.UserService/Flaky", ended(1, 0, 0), ended(1, 2, 0)),
    ];
    for (path, arrived, reached_a_handler) in expected {
        calls.reaches(path, arrived).await;
        runs.reaches(path, reached_a_handler).await;
    }
}
