use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tonic::{Code, Status};

use self::fetch::{Answer, Fetch, Fetching};
use super::TokenSource;
use super::pause::Pause;
use crate::CallDetails;
use crate::kit::code_names::code_name;

mod fetch;
mod waits;

/// A fetched token, with its time to live.
#[derive(Clone)]
pub struct Token {
    value: String,
    expires: Option<Instant>,
}

impl Token {
    /// A token that does not expire.
    pub fn new(value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            expires: None,
        }
    }

    /// The token expires after this time, such as `expires_in` of an OAuth 2 token response.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires = Instant::now().checked_add(time);
        self
    }
}

/// Prints only the time, because the value is a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Caches a token, and fetches the next one before it expires.
///
/// - The first call that needs a token fetches it. The next token is fetched one minute (see [`refresh_before`](Self::refresh_before)) before the
///   token expires, but not before half of its lifetime. While a token is valid, calls use it and do not wait for the next one.
/// - All calls that wait for a token share one fetch. Each call waits until its own deadline at most.
/// - A fetch runs in its own task, on the runtime of the call that starts it. It does not have the deadline or the span of that call, and continues
///   if that call ends. A fetch fails after 30 seconds (see [`fetch_timeout`](Self::fetch_timeout)).
/// - If a fetch fails or panics, the calls that wait for it end with its status. Then there is a pause without fetches. During the pause, calls
///   without a valid token end at once with `UNAVAILABLE`; the message says why the fetch failed, and when the next one may start. The pauses are
///   those of gRPC's connection backoff: 1 second, then each time 1.6 times as long, up to 2 minutes, each ± 20 %. After a successful fetch, the next
///   pause is 1 second again.
/// - If a server answers `UNAUTHENTICATED`, a new token is fetched and the call is sent once more. Then the same pauses follow. During such a pause,
///   calls use the current token, and `UNAUTHENTICATED` is returned to their callers. If no token was rejected for 2 minutes after a pause, the next
///   pause is 1 second again.
/// - If a fetch makes a call that needs the token that is being fetched, that call ends with `INTERNAL`. The same happens if the fetches of two
///   caches need each other's tokens. Calls through a channel made by `into_channel()` are not detected: such a fetch waits for itself, and fails
///   after its [`fetch_timeout`](Self::fetch_timeout).
/// - A fetch does not share the `concurrency` permit of a call that waits for it. If the fetch makes a call under the same limiter while the waiting
///   calls hold all permits, that call waits too, up to the [`fetch_timeout`](Self::fetch_timeout); under `load_shed` it is rejected. So give the
///   client that fetches tokens its own limiter, or none.
///
/// Calls must be made inside a tokio runtime; otherwise they end with `INTERNAL`. If the runtime of a fetch is dropped, the next call starts the
/// fetch again.
///
/// ```
/// use std::time::Duration;
///
/// use interceptors::auth::{Token, TokenCache};
///
/// let tokens = TokenCache::new(|| async {
///     // ask the token endpoint
///     Ok(Token::new("s3cret").expires_in(Duration::from_secs(3600)))
/// });
/// ```
pub struct TokenCache {
    shared: Arc<Shared>,
    times: Times,
}

/// State that a [`TokenCache`] shares with its fetches.
struct Shared {
    fetch: Box<dyn Fn() -> Fetching + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
struct Times {
    refresh_before: Duration,
    fetch: Duration,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    fetch: Option<Fetch>,
    failed: Option<Failed>,
    /// The pause after a rejected token.
    refused: Pause,
}

/// A failed fetch.
struct Failed {
    pause: Pause,
    code: Code,
    message: String,
}

struct Kept {
    token: Token,
    refresh_at: Option<Instant>,
}

impl Kept {
    fn is_fresh(&self) -> bool {
        self.refresh_at.is_none_or(|at| Instant::now() < at)
    }

    fn is_valid(&self) -> bool {
        self.token.expires.is_none_or(|at| Instant::now() < at)
    }
}

impl TokenCache {
    /// Fetches tokens with this function.
    pub fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Token, Status>> + Send + 'static,
    {
        Self {
            shared: Arc::new(Shared {
                fetch: Box::new(move || Box::pin(fetch())),
                state: Mutex::default(),
            }),
            times: Times {
                refresh_before: Duration::from_secs(60),
                fetch: Duration::from_secs(30),
            },
        }
    }

    /// How long before the expiry of a token the next one is fetched. Default: one minute.
    #[must_use]
    pub fn refresh_before(mut self, time: Duration) -> Self {
        self.times.refresh_before = time;
        self
    }

    /// How long a fetch may take. A fetch that takes longer is stopped and fails with `UNAVAILABLE`. Default: 30 seconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use interceptors::auth::{Token, TokenCache};
    /// let tokens = TokenCache::new(|| async { Ok(Token::new("s3cret")) })
    ///     .fetch_timeout(Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn fetch_timeout(mut self, time: Duration) -> Self {
        self.times.fetch = time;
        self
    }

    /// The token, or the fetch that will return one.
    fn token_or_fetch(&self) -> Result<TokenOrFetch<impl Future<Output = Answer> + use<>>, Status> {
        let mut state = self.shared.state();
        let state = &mut *state;
        let valid = match &state.kept {
            Some(kept) if kept.is_fresh() => {
                return Ok(TokenOrFetch::Token(kept.token.value.clone()));
            }
            Some(kept) if kept.is_valid() => Some(kept.token.value.clone()),
            _ => None,
        };
        let begin = || Fetch::begin(&self.shared, self.times);
        match valid {
            Some(token) => {
                state.refresh(begin);
                Ok(TokenOrFetch::Token(token))
            }
            None => {
                let fetch = state.running_or(begin)?;
                Ok(TokenOrFetch::Wait(fetch.answer()))
            }
        }
    }
}

enum TokenOrFetch<Waiting> {
    Token(String),
    Wait(Waiting),
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the result of this fetch for the waiting calls.
    fn end(
        &self,
        id: waits::Id,
        times: Times,
        fetched: Result<Token, Status>,
    ) -> Result<String, Status> {
        let mut state = self.state();
        let now = Instant::now();
        // Ignored if the fetch took so long that another one has replaced it.
        let counts = state.fetch.as_ref().is_some_and(|fetch| fetch.id() == id);
        if counts {
            state.fetch = None;
        }
        let token = match fetched {
            Ok(token) => token,
            Err(status) => {
                if counts {
                    state.fail(now, &status);
                }
                return Err(status);
            }
        };
        let value = token.value.clone();
        if counts {
            let refresh_at = token.expires.map(|expires| {
                let life = expires.saturating_duration_since(now);
                expires - times.refresh_before.min(life / 2)
            });
            state.failed = None;
            state.kept = Some(Kept { token, refresh_at });
        }
        Ok(value)
    }
}

impl State {
    /// The running fetch. Begins one if none is running, unless it is too early.
    fn running_or(
        &mut self,
        begin: impl FnOnce() -> Result<Fetch, Status>,
    ) -> Result<&Fetch, Status> {
        let now = Instant::now();
        let fetch = match self.fetch.take() {
            Some(fetch) if fetch.is_running(now) => fetch,
            gone => {
                if let Some(gone) = gone {
                    gone.stop();
                }
                if let Some(failed) = &self.failed
                    && let Some(left) = failed.pause.left(now)
                {
                    return Err(failed.status(left));
                }
                begin()?
            }
        };
        Ok(self.fetch.insert(fetch))
    }

    /// Begins a fetch in the background, unless one is running or it is too early.
    fn refresh(&mut self, begin: impl FnOnce() -> Result<Fetch, Status>) {
        let now = Instant::now();
        if !self.is_running(now) && !self.is_paused(now) {
            // If it cannot begin, the call still has a valid token.
            let _ = self.running_or(begin);
        }
    }

    fn is_running(&self, now: Instant) -> bool {
        self.fetch.as_ref().is_some_and(|it| it.is_running(now))
    }

    fn fail(&mut self, now: Instant, status: &Status) {
        let mut pause = self.failed.take().map(|failed| failed.pause);
        let mut pause = pause.take().unwrap_or_default();
        pause.begin(now);
        self.failed = Some(Failed {
            pause,
            code: status.code(),
            message: status.message().to_owned(),
        });
    }

    /// Whether it is too early to begin a fetch and none is running.
    fn is_paused(&self, now: Instant) -> bool {
        let failed = self.failed.as_ref();
        failed.is_some_and(|failed| failed.pause.left(now).is_some()) && !self.is_running(now)
    }
}

impl Failed {
    #[cold]
    fn status(&self, left: Duration) -> Status {
        Status::unavailable(format!(
            "there is no token; the next fetch starts in {:.1} s; the last fetch failed with {}: {}",
            left.as_secs_f64(),
            code_name(self.code),
            self.message
        ))
    }
}

/// How often a call restarts a fetch whose runtime was dropped.
const TRIES: u32 = 3;

impl TokenSource for TokenCache {
    async fn token(&self, _call: &CallDetails) -> Result<String, Status> {
        for _ in 0..TRIES {
            let waiting = match self.token_or_fetch()? {
                TokenOrFetch::Token(token) => return Ok(token),
                TokenOrFetch::Wait(waiting) => waiting,
            };
            if let Some(answer) = waiting.await {
                return answer;
            }
        }
        Err(Status::unavailable(
            "the runtime that fetches the token is being shut down",
        ))
    }

    fn rejected(&self, token: &str) -> bool {
        let mut state = self.shared.state();
        if !matches!(&state.kept, Some(kept) if kept.token.value == token) {
            // Another call has caused a new token already.
            return true;
        }
        let now = Instant::now();
        if state.refused.left(now).is_some() || state.is_paused(now) {
            return false;
        }
        state.refused.begin_another(now);
        state.kept = None;
        true
    }

    fn may_refresh(&self) -> bool {
        true
    }
}

impl Drop for TokenCache {
    fn drop(&mut self) {
        if let Some(fetch) = self.shared.state().fetch.take() {
            fetch.stop();
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("refresh_before", &self.times.refresh_before)
            .field("fetch_timeout", &self.times.fetch)
            .finish_non_exhaustive()
    }
}
