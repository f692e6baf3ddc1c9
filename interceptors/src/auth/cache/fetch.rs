use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tonic::Status;

use super::waits::{self, Id, RUNNING};
use super::{Shared, Times, Token};
use crate::auth::flight::{Flight, ResultSender};

pub(super) type Fetching = Pin<Box<dyn Future<Output = Result<Token, Status>> + Send>>;

/// The result of a fetch for the waiting calls: the token.
pub(super) type Answer = Option<Result<String, Status>>;

/// A fetch counts as lost this long after its timeout. Without the limit, a fetch in a stopped runtime would never end.
const GRACE: Duration = Duration::from_secs(1);

/// A running fetch.
pub(super) struct Fetch {
    id: Id,
    flight: Flight<Result<String, Status>>,
}

impl Fetch {
    pub(super) fn begin(shared: &Arc<Shared>, times: Times) -> Result<Self, Status> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(shared);
        let fetch = |tell| async move {
            let end = End {
                shared,
                id,
                times,
                tell,
            };
            let fetched = RUNNING.scope(id, async {
                match timeout(times.fetch, (end.shared.fetch)()).await {
                    Ok(fetched) => fetched,
                    Err(_) => Err(too_slow(times.fetch)),
                }
            });
            let fetched = fetched.await;
            end.tell(fetched);
        };
        let over = Instant::now().checked_add(times.fetch.saturating_add(GRACE));
        match Flight::begin(over, fetch) {
            Some(flight) => Ok(Self { id, flight }),
            None => Err(Status::internal(
                "a `TokenCache` fetches tokens in a task, but this call is not made inside a tokio runtime",
            )),
        }
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// Whether the fetch may still end.
    pub(super) fn is_running(&self, now: Instant) -> bool {
        self.flight.is_running(now)
    }

    /// The token. `None` if the fetch was lost.
    pub(super) fn answer(&self) -> impl Future<Output = Answer> + Send + use<> {
        let (id, answer) = (self.id, self.flight.wait());
        async move {
            let _waiting = match waits::wait_for(id) {
                Ok(waiting) => waiting,
                Err(status) => return Some(Err(status)),
            };
            answer.await
        }
    }

    /// Stops the fetch, because nothing needs it any more.
    pub(super) fn stop(&self) {
        self.flight.stop();
    }
}

fn too_slow(time: Duration) -> Status {
    Status::unavailable(format!("the token was not fetched within {time:?}"))
}

/// Passes the result of a fetch to the cache and to the waiting calls.
struct End {
    shared: Arc<Shared>,
    id: Id,
    times: Times,
    tell: ResultSender<Result<String, Status>>,
}

impl End {
    fn tell(&self, fetched: Result<Token, Status>) {
        let answer = self.shared.end(self.id, self.times, fetched);
        self.tell.send_replace(Some(answer));
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Otherwise the result was sent already, or the runtime was dropped and the result is unknown.
        if std::thread::panicking() {
            self.tell(Err(Status::internal("the fetch of the token panicked")));
        }
    }
}
