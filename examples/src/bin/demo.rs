//! `cargo run`: a server and a client in one process, on a free port of loopback.

use std::time::Duration;

use examples::logs::{self, heading};
use examples::tally::{Counts, Table, Tally};
use examples::users::{Inbound, Users};
use examples::{Error, scenes, serve};
use interceptors::Intercepted;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> Result<(), Error> {
    logs::init();
    let (calls, runs) = (Tally::default(), Tally::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let users = Users::new(runs.clone());
    let inbound = Inbound::new(&users, calls.clone());
    let server = tokio::spawn(serve(listener, inbound, users, async {
        _ = stopped.await;
    }));

    heading(
        "The policy",
        "`Inbound::PLAN` and `Users::PLAN`: constants, ready for a snapshot test.",
    );
    print!("{}\n{}", Inbound::PLAN, Users::PLAN);
    scenes::play(&address).await?;
    let as_expected = tokio::time::timeout(Duration::from_secs(5), expected(&calls, &runs)).await;
    drop(stop);
    server.await??;

    heading(
        "What happened",
        "As an interceptor of the example's own has counted it.",
    );
    let plan = Users::PLAN;
    let (calls, runs) = (&calls, &runs);
    print!("{}", Table { plan, calls, runs });
    as_expected.map_err(|_| "the server counted something else than the client did".into())
}

/// Waits until the server has noticed what the scenes came to: a dropped stream takes a moment.
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
