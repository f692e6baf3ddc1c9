//! The callers: many at once, patient and impatient, quick and slow.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interceptors::Kind;
use interceptors_tests::{Behaviour, KINDS};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_stream::StreamExt;
use tonic::{CancellationHandle, Code, Status};

use crate::clients::{Cancellable, Client, Sending};
use crate::network::Way;

const WORKERS: u64 = 64;

/// How the calls ended for their callers, and how many did so.
pub(crate) type Ends = BTreeMap<String, u64>;

/// What [`Ends`] call a caller's panic.
pub(crate) const PANICKED: &str = "panicked";

/// Makes calls for some time. Gives what their callers were told.
pub(crate) async fn blow(clients: &Arc<[Client]>, time: Duration, seed: u64) -> Ends {
    let until = Instant::now() + time;
    let ends = Arc::new(Mutex::new(Ends::new()));
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let (clients, ends) = (Arc::clone(clients), Arc::clone(&ends));
        let mut random = fastrand::Rng::with_seed(seed * WORKERS + worker);
        workers.spawn(async move {
            while Instant::now() < until {
                let client = choose(&clients, &mut random).clone();
                let mut random = random.fork();
                let call = tokio::spawn(async move { call(&client, &mut random).await });
                let end = call.await.unwrap_or_else(|_| PANICKED.to_owned());
                *ends.lock().unwrap().entry(end).or_default() += 1;
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker.unwrap();
    }
    std::mem::take(&mut ends.lock().unwrap())
}

/// Half of the calls have a good connection, most others one that dies.
fn choose<'a>(clients: &'a [Client], random: &mut fastrand::Rng) -> &'a Client {
    let way = match random.u8(..10) {
        0..5 => Way::Steady,
        5..8 => Way::Dying,
        _ => Way::Hostile,
    };
    let of_way: Vec<&Client> = clients
        .iter()
        .filter(|client| client.way() == way)
        .collect();
    of_way[random.usize(..of_way.len())]
}

fn behaviour(random: &mut fastrand::Rng) -> Behaviour {
    match random.u8(..100) {
        0..75 => Behaviour::Answer(3),
        75..80 => Behaviour::Fail(Code::from(random.i32(1..17))),
        80..84 => Behaviour::FailAfter(1, Code::DataLoss),
        84..88 => Behaviour::Panic,
        88..92 => Behaviour::PanicAfter(1),
        92..96 => Behaviour::Hang,
        _ => Behaviour::HangAfter(1),
    }
}

fn sending(random: &mut fastrand::Rng) -> Sending {
    Sending {
        behaviour: behaviour(random),
        messages: random.u32(..6),
        pace: match random.u8(..10) {
            0 => Duration::from_millis(random.u64(..30)),
            _ => Duration::ZERO,
        },
        endless: random.u8(..20) == 0,
    }
}

fn name(end: Result<(), Status>) -> String {
    format!(
        "{:?}",
        end.map_or_else(|status| status.code(), |()| Code::Ok)
    )
}

/// One call, and what its caller was told.
async fn call(client: &Client, random: &mut fastrand::Rng) -> String {
    let kind = KINDS[random.usize(..KINDS.len())];
    let sending = sending(random);
    let patience = Duration::from_micros(random.u64(..20_000));
    match random.u8(..20) {
        // It loses patience at once or a little later.
        0..2 => match timeout(patience, read(client, kind, sending, Duration::ZERO)).await {
            Ok(end) => name(end),
            Err(_) => "left".to_owned(),
        },
        2 => cancel(client, kind, sending, patience).await,
        // It reads one message and lets go.
        3 => match client.open(kind, sending, Cancellable::default()).await {
            Ok(mut messages) => {
                let _ = messages.next().await;
                "left".to_owned()
            }
            Err(status) => name(Err(status)),
        },
        4 => name(
            read(
                client,
                kind,
                sending,
                Duration::from_millis(random.u64(..40)),
            )
            .await,
        ),
        5 => {
            let code = Code::from(random.i32(1..17));
            name(client.fail(code, 1 << random.u32(..16)).await)
        }
        _ => name(read(client, kind, sending, Duration::ZERO).await),
    }
}

/// Reads everything, with a pause before each message.
pub(crate) async fn read(
    client: &Client,
    kind: Kind,
    sending: Sending,
    pause: Duration,
) -> Result<(), Status> {
    let mut messages = client.open(kind, sending, Cancellable::default()).await?;
    while let Some(message) = messages.next().await {
        message?;
        if !pause.is_zero() {
            sleep(pause).await;
        }
    }
    Ok(())
}

/// Cancels through the request's handle, and waits for the end.
async fn cancel(client: &Client, kind: Kind, sending: Sending, patience: Duration) -> String {
    let handle = Arc::new(Mutex::new(None::<CancellationHandle>));
    let open = client.open(kind, sending, Cancellable(Some(Arc::clone(&handle))));
    let mut open = pin!(open);
    let end = match timeout(patience, &mut open).await {
        Ok(end) => end,
        Err(_) => {
            let handle = handle.lock().unwrap().take();
            if let Some(handle) = handle {
                handle.cancel();
            }
            open.await
        }
    };
    name(end.map(drop))
}
