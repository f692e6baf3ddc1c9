use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;
use tonic::Status;

use super::TokenSource;
use crate::CallDetails;

/// A token that was fetched.
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

    /// A token that expires after this time, as `expires_in` of an OAuth 2 token response says.
    #[must_use]
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expires = Instant::now().checked_add(time);
        self
    }
}

/// The time only: the value is a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

type Fetching = Pin<Box<dyn Future<Output = Result<Token, Status>> + Send>>;

/// Keeps a token and fetches another one in time.
///
/// - A token is fetched when the first call needs it, and again when it is about to expire: one minute
///   before, or [another time](Self::refresh_before), but never earlier than half of its life.
/// - However many calls wait for it, it is fetched once; when the one that began is given up, the next one
///   goes on with it. Calls that come while another token is fetched go on with the old one as long as that
///   is valid.
/// - A server that answers `UNAUTHENTICATED` makes the token be fetched anew, and the call be made once
///   more.
/// - A failure to fetch is the failure of the calls that waited for it; the next call tries again. Where the
///   old token is still valid it is used instead.
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
    fetch: Box<dyn Fn() -> Fetching + Send + Sync>,
    refresh_before: Duration,
    kept: Mutex<Option<Kept>>,
    fetching: AsyncMutex<Option<Fetch>>,
}

/// A fetch that has begun. It stays where it is when the call that waits for it is given up: with a token
/// endpoint that takes longer than a call may, nobody would ever have a token otherwise.
struct Fetch {
    future: Fetching,
    /// When it was last waited for.
    left: Instant,
}

/// How long a fetch may stand still that nobody waits for. What it is told may be out of date then, and its
/// connection closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who waits for a fetch.
struct Waiting<'a>(&'a mut Option<Fetch>);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // It cannot go on.
            *self.0 = None;
        } else if let Some(fetch) = self.0 {
            fetch.left = Instant::now();
        }
    }
}

#[derive(Clone)]
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
    /// Fetches tokens by this function.
    pub fn new<F, Fut>(fetch: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Token, Status>> + Send + 'static,
    {
        Self {
            fetch: Box::new(move || Box::pin(fetch())),
            refresh_before: Duration::from_secs(60),
            kept: Mutex::new(None),
            fetching: AsyncMutex::new(None),
        }
    }

    /// How long before a token expires another one is fetched. Default: one minute.
    #[must_use]
    pub fn refresh_before(mut self, time: Duration) -> Self {
        self.refresh_before = time;
        self
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token that need not be fetched.
    fn fresh(&self) -> Option<String> {
        let kept = self.kept();
        let kept = kept.as_ref().filter(|kept| kept.is_fresh())?;
        Some(kept.token.value.clone())
    }

    fn valid(&self) -> Option<String> {
        let kept = self.kept();
        let kept = kept.as_ref().filter(|kept| kept.is_valid())?;
        Some(kept.token.value.clone())
    }

    async fn fetched(&self, begun: &mut Option<Fetch>) -> Result<String, Status> {
        let waiting = Waiting(begun);
        if let Some(fetch) = waiting.0
            && fetch.left.elapsed() > PATIENCE
        {
            *waiting.0 = None;
        }
        let fetch = waiting.0.get_or_insert_with(|| Fetch {
            future: (self.fetch)(),
            left: Instant::now(),
        });
        let fetched = fetch.future.as_mut().await;
        *waiting.0 = None;
        match fetched {
            Ok(token) => {
                let now = Instant::now();
                let refresh_at = token.expires.map(|expires| {
                    let life = expires.saturating_duration_since(now);
                    expires - self.refresh_before.min(life / 2)
                });
                let value = token.value.clone();
                *self.kept() = Some(Kept { token, refresh_at });
                Ok(value)
            }
            Err(status) => self.valid().ok_or(status),
        }
    }
}

impl TokenSource for TokenCache {
    async fn token(&self, _call: &CallDetails) -> Result<String, Status> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let mut fetching = match self.fetching.try_lock() {
            Ok(fetching) => fetching,
            Err(_) => {
                if let Some(token) = self.valid() {
                    return Ok(token);
                }
                let fetching = self.fetching.lock().await;
                // Somebody else has fetched it meanwhile.
                if let Some(token) = self.fresh() {
                    return Ok(token);
                }
                fetching
            }
        };
        match self.fresh() {
            Some(token) => Ok(token),
            None => self.fetched(&mut fetching).await,
        }
    }

    fn rejected(&self, token: &str) -> bool {
        let mut kept = self.kept();
        // Another call may have had it replaced already.
        if kept.as_ref().is_some_and(|kept| kept.token.value == token) {
            *kept = None;
        }
        true
    }

    fn may_refresh(&self) -> bool {
        true
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("refresh_before", &self.refresh_before)
            .finish_non_exhaustive()
    }
}
