use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::Status;

use super::waits::{self, Id, RUNNING};
use super::{Shared, Times, Token};

pub(super) type Fetching = Pin<Box<dyn Future<Output = Result<Token, Status>> + Send>>;

/// The result for the calls that wait: the token.
type Answer = Option<Result<String, Status>>;

/// How much later than its time a fetch ends at the latest. One whose runtime does not run any more ends never.
const GRACE: Duration = Duration::from_secs(1);

/// A fetch under way.
///
/// It is a task of its own. In the task of the call that needs the token it would have only the time that this call has,
/// end with it, and be a part of its trace; and be stuck in a runtime that others wait for.
pub(super) struct Fetch {
    id: Id,
    answer: watch::Receiver<Answer>,
    over: Option<Instant>,
    task: AbortHandle,
}

impl Fetch {
    pub(super) fn begin(shared: &Arc<Shared>, times: Times) -> Result<Self, Status> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Ok(runtime) = Handle::try_current() else {
            return Err(Status::internal(
                "a `TokenCache` fetches tokens in a task, and this call is made where no runtime of tokio is",
            ));
        };
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (tell, answer) = watch::channel(None);
        let shared = Arc::clone(shared);
        let fetch = async move {
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
        Ok(Self {
            id,
            answer,
            over,
            task: runtime.spawn(fetch).abort_handle(),
        })
    }

    pub(super) fn id(&self) -> Id {
        self.id
    }

    /// Whether it may still end. A runtime that is dropped takes the fetch with it.
    pub(super) fn is_running(&self, now: Instant) -> bool {
        self.answer.has_changed().is_ok() && self.over.is_none_or(|over| now < over)
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting {
            id: self.id,
            answer: self.answer.clone(),
            over: self.over,
        }
    }

    /// Nobody needs it any more.
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

fn too_slow(time: Duration) -> Status {
    Status::unavailable(format!("the token was not fetched within {time:?}"))
}

/// Somebody waits for a fetch.
pub(super) struct Waiting {
    id: Id,
    answer: watch::Receiver<Answer>,
    over: Option<Instant>,
}

impl Waiting {
    /// The token; `None` where the fetch is gone without one.
    pub(super) async fn answer(mut self) -> Answer {
        let _waiting = match waits::wait_for(self.id) {
            Ok(waiting) => waiting,
            Err(status) => return Some(Err(status)),
        };
        let answered = self.answer.wait_for(Option::is_some);
        let answered = match self.over {
            Some(over) => timeout_at(over, answered).await.ok()?,
            None => answered.await,
        };
        answered.ok()?.clone()
    }
}

/// Gives the result of a fetch to the cache and to the calls that wait.
struct End {
    shared: Arc<Shared>,
    id: Id,
    times: Times,
    tell: watch::Sender<Answer>,
}

impl End {
    fn tell(&self, fetched: Result<Token, Status>) {
        let answer = self.shared.end(self.id, self.times, fetched);
        self.tell.send_replace(Some(answer));
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Otherwise it has told already, or its runtime is gone and nobody knows how it would have ended.
        if std::thread::panicking() {
            self.tell(Err(Status::internal("the fetch of the token panicked")));
        }
    }
}
