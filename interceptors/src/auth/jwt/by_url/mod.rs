//! Keys that are fetched from their issuer and refreshed. Feature `jwks-url`.

mod fetch;
mod settings;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

pub(super) use self::fetch::Fetching;
pub(super) use self::settings::Settings;

use super::keys::Keys;
use super::rules::Rules;
use crate::auth::pause::Pause;
use crate::auth::remote::{Asked, Counts, GRACE};
use crate::auth::{FetchCounts, FetchError};

/// The minimum time between two fetches that calls cause. Callers with made-up `kid`s cannot cause more.
const COOL_DOWN: Duration = Duration::from_secs(30);

/// The longest pause after a failed scheduled fetch.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often a call waits again after the runtime of the fetching task was dropped.
const TRIES: u32 = 3;

/// The keys of an issuer. A task fetches them until this is dropped.
pub(super) struct ByUrl(Arc<Shared>);

struct Shared {
    fetching: Fetching,
    rules: Arc<Rules>,
    state: RwLock<State>,
    /// The number of ended fetches. Also sent when a fetch was lost.
    ended: watch::Sender<u64>,
    /// Notified when a call needs a fetch before it is due.
    wanted: Notify,
    counts: Counts,
}

struct State {
    fetched: Option<Fetched>,
    /// When the last fetch began.
    begun: Option<Instant>,
    /// The error of the last fetch, if it failed.
    failed: Option<FetchError>,
    pause: Pause,
    /// When the next fetch is due.
    due: Instant,
    /// A fetch is running or begins at once.
    is_requested: bool,
    task: Option<Task>,
    /// The number of tasks so far.
    tasks: u64,
}

struct Fetched {
    keys: Arc<Keys>,
    /// `None` if the keys do not expire.
    usable_until: Option<Instant>,
}

/// The fetching task.
struct Task {
    id: u64,
    handle: AbortHandle,
    /// When the task counts as dead if it has not reported by then.
    alive_until: Option<Instant>,
}

/// A fetch to wait for.
struct Running {
    ended: watch::Receiver<u64>,
    /// The number of fetches that ended before it.
    ended_before: u64,
    /// When the fetch counts as lost.
    until: Option<Instant>,
}

impl ByUrl {
    /// Begins to fetch at once if there is a runtime, otherwise on the first call.
    pub(super) fn new(fetching: Fetching, rules: Arc<Rules>) -> Self {
        let shared = Arc::new(Shared {
            fetching,
            rules,
            state: RwLock::new(State {
                fetched: None,
                begun: None,
                failed: None,
                pause: Pause::default(),
                due: Instant::now(),
                is_requested: false,
                task: None,
                tasks: 0,
            }),
            ended: watch::channel(0).0,
            wanted: Notify::new(),
            counts: Counts::new(Asked::Keys),
        });
        // Without a runtime, the first call begins.
        let _ = shared.begin_task(Instant::now());
        Self(shared)
    }

    /// The keys. `None` if there are none yet, or if they are too old.
    pub(super) fn keys(&self) -> Option<Arc<Keys>> {
        let now = Instant::now();
        let state = self.0.read();
        let is_fetching = state.task.as_ref().is_some_and(|task| task.is_alive(now));
        let keys = state.usable(now);
        drop(state);
        if !is_fetching {
            // Without a runtime, the current keys stay in use.
            let _ = self.0.begin_task(now);
        }
        keys
    }

    /// Waits for the running fetch. If none is running, begins one unless it is too early.
    pub(super) async fn fetch(&self) -> Result<(), FetchError> {
        for _ in 0..TRIES {
            let Some(Running {
                mut ended,
                ended_before,
                until,
            }) = self.0.request_fetch(Instant::now())?
            else {
                return Ok(());
            };
            let changed = ended.changed();
            match until {
                Some(until) => drop(timeout_at(until, changed).await),
                None => drop(changed.await),
            }
            if *ended.borrow() != ended_before {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The error of the last fetch, if it failed.
    pub(super) fn failed(&self) -> Option<FetchError> {
        self.0.read().failed.clone()
    }

    pub(super) fn counts(&self) -> FetchCounts {
        self.0.counts.read()
    }

    /// The number of keys.
    pub(super) fn len(&self) -> usize {
        let state = self.0.read();
        state.fetched.as_ref().map_or(0, |it| it.keys.len())
    }
}

impl Drop for ByUrl {
    fn drop(&mut self) {
        if let Some(task) = self.0.write().task.take() {
            task.handle.abort();
        }
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the task, unless one is alive.
    fn begin_task(self: &Arc<Self>, now: Instant) -> Result<(), FetchError> {
        let mut state = self.write();
        let lost = match state.task.take() {
            Some(task) if task.is_alive(now) => {
                state.task = Some(task);
                return Ok(());
            }
            lost => lost,
        };
        if let Some(lost) = lost {
            lost.handle.abort();
            state.mark_lost();
        }
        let runtime = Handle::try_current().map_err(|_| FetchError::no_runtime())?;
        state.tasks += 1;
        let id = state.tasks;
        let handle = runtime.spawn(Arc::clone(self).run(id)).abort_handle();
        state.task = Some(Task {
            id,
            handle,
            alive_until: None,
        });
        let time = self.fetching.http.timeout();
        state.report_alive(now, time);
        Ok(())
    }

    /// The running fetch, or a new one unless it is too early.
    fn request_fetch(self: &Arc<Self>, now: Instant) -> Result<Option<Running>, FetchError> {
        self.begin_task(now)?;
        let mut state = self.write();
        let is_due = state.due <= now;
        if !state.is_requested && !is_due && state.is_cooling_down(now) {
            return Ok(None);
        }
        let mut ended = self.ended.subscribe();
        let ended_before = *ended.borrow_and_update();
        if !state.is_requested {
            state.is_requested = true;
            state.report_alive(now, self.fetching.http.timeout());
            self.wanted.notify_one();
        }
        let until = state.task.as_ref().and_then(|task| task.alive_until);
        Ok(Some(Running {
            ended,
            ended_before,
            until,
        }))
    }

    /// Fetches until nothing needs the keys any more.
    async fn run(self: Arc<Self>, id: u64) {
        let _lost = NotifyOnDrop { shared: &self, id };
        loop {
            while let Some(due) = self.next_start(id) {
                let _ = timeout_at(due, self.wanted.notified()).await;
            }
            if !self.begin(id) {
                return;
            }
            let fetched = self.fetching.fetch(&self.rules).await;
            self.counts.count(&fetched);
            self.tell(&fetched);
            self.end(id, fetched);
        }
    }

    /// When to begin the next fetch, if not now.
    fn next_start(&self, id: u64) -> Option<Instant> {
        let mut state = self.write();
        let now = Instant::now();
        let is_early = state.is_of(id) && !state.is_requested && now < state.due;
        if is_early {
            state.report_alive(now, self.fetching.http.timeout());
        }
        is_early.then_some(state.due)
    }

    /// Whether this task may begin a fetch. Another task may have replaced it.
    fn begin(&self, id: u64) -> bool {
        let mut state = self.write();
        let now = Instant::now();
        let may = state.is_of(id);
        if may {
            state.is_requested = true;
            state.begun = Some(now);
            state.report_alive(now, self.fetching.http.timeout());
        }
        may
    }

    fn end(&self, id: u64, fetched: Result<(Keys, Duration), FetchError>) {
        let mut state = self.write();
        if !state.is_of(id) {
            return;
        }
        let now = Instant::now();
        state.is_requested = false;
        match fetched {
            Ok((keys, life)) => {
                let usable = life.checked_add(self.fetching.max_stale);
                state.fetched = Some(Fetched {
                    keys: Arc::new(keys),
                    usable_until: usable.and_then(|usable| now.checked_add(usable)),
                });
                state.failed = None;
                state.pause = Pause::default();
                // Before the keys expire, and with jitter so that replicas do not fetch at the same time.
                state.due = now + life.mul_f64(0.7 + 0.1 * fastrand::f64());
            }
            Err(error) => {
                state.failed = Some(error);
                // A fetch that a call caused does not change when the next one is due.
                if state.due <= now {
                    state.pause.begin(now);
                    let pause = state.pause.left(now).unwrap_or_default();
                    state.due = now + pause.min(LONGEST_PAUSE);
                }
            }
        }
        state.report_alive(now, self.fetching.http.timeout());
        // Updated before anything can request another fetch and mistake the end of this one for the end of that.
        self.ended.send_modify(|ended| *ended += 1);
    }

    fn tell(&self, fetched: &Result<(Keys, Duration), FetchError>) {
        let url = self.fetching.place.url();
        let has_failed = self.read().failed.is_some();
        match fetched {
            Err(error) => tracing::warn!(
                %url,
                %error,
                "the keys of an issuer cannot be fetched; the old keys stay in use until they are too old"
            ),
            Ok((keys, _)) if has_failed => {
                tracing::info!(%url, keys = keys.len(), "the keys of an issuer are fetched again");
            }
            Ok((keys, _)) => {
                tracing::debug!(%url, keys = keys.len(), "the keys of an issuer are fetched");
            }
        }
    }
}

impl State {
    fn usable(&self, now: Instant) -> Option<Arc<Keys>> {
        let fetched = self.fetched.as_ref()?;
        let is_usable = fetched.usable_until.is_none_or(|until| now < until);
        is_usable.then(|| Arc::clone(&fetched.keys))
    }

    fn is_cooling_down(&self, now: Instant) -> bool {
        self.begun.is_some_and(|begun| now < begun + COOL_DOWN)
    }

    fn is_of(&self, id: u64) -> bool {
        self.task.as_ref().is_some_and(|task| task.id == id)
    }

    /// Records that the task is alive, and when it has to report again: when a fetch has ended or is due.
    fn report_alive(&mut self, now: Instant, time: Duration) {
        let next = match self.is_requested || self.due <= now {
            true => now.checked_add(time),
            false => Some(self.due),
        };
        if let Some(task) = &mut self.task {
            task.alive_until = next.and_then(|next| next.checked_add(GRACE));
        }
    }

    /// Records that the task was lost. If it was fetching, the next task fetches at once.
    fn mark_lost(&mut self) {
        if self.is_requested {
            self.is_requested = false;
            self.begun = None;
            self.due = Instant::now();
        }
    }
}

impl Task {
    fn is_alive(&self, now: Instant) -> bool {
        !self.handle.is_finished() && self.alive_until.is_none_or(|until| now <= until)
    }
}

/// Notifies the waiting calls if the task is lost, for example with its runtime.
struct NotifyOnDrop<'a> {
    shared: &'a Shared,
    id: u64,
}

impl Drop for NotifyOnDrop<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.write();
        if state.is_of(self.id) {
            state.task = None;
            state.mark_lost();
        }
        self.shared.ended.send_modify(|_| ());
    }
}
