use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::Status;

use super::TokenInfo;
use super::builder::IntrospectionBuilder;
use super::cache::{Active, Answer, Cache, Hash, Lookup, Times, hash};
use super::info::one_or_several;
use super::outage::Outage;
use crate::CallDetails;
use crate::auth::flight::{Flight, ResultSender};
use crate::auth::interceptor::refused;
use crate::auth::remote::{Asked, Counts, GRACE, Http, Outgoing, time_of_day, unchecked};
use crate::auth::{FetchCounts, FetchError, Verifier};

/// The maximum number of concurrent requests. Further ones wait.
pub(super) const AT_ONCE: usize = 100;

/// How often a call repeats a request whose runtime was dropped.
const TRIES: u32 = 3;

/// Verifies tokens by asking their issuer (OAuth 2.0 Token Introspection, RFC 7662). Use it for opaque tokens, or if tokens can be revoked. Feature
/// `jwks-url`.
///
/// The identity is the issuer's information about the token, as a [`TokenInfo`] or as your own type.
///
/// ```
/// use interceptors::auth::{Introspection, TokenInfo};
///
/// # fn verifier(secret: &str) -> Result<Introspection, interceptors::auth::IntrospectionError> {
/// let verifier = Introspection::<TokenInfo>::builder("https://id.example.com/introspect")
///     .basic_auth("users", secret)
///     .audience(["users"])
///     .build()?;
/// # Ok(verifier)
/// # }
/// ```
///
/// With `auth(verifier = self.verifier)`, handlers get the information from `request.identity::<TokenInfo>()?`.
///
/// # How calls end
///
/// | | |
/// | --- | --- |
/// | `active` is false, `exp` has passed, `nbf` is in the future, wrong `aud` or `iss`, or claims that do not deserialize into your type | `UNAUTHENTICATED`, with the same text as for a call without a token; the reason is logged at `DEBUG` |
/// | the issuer cannot be reached, takes longer than the [timeout](crate::auth::HttpClient::timeout), or returns a status other than 200 or an invalid response | `UNAVAILABLE`, and a `tracing` event of level `WARN` |
/// | the issuer rejects the service's own credentials (401, 403) | the same; the event says that the credentials are wrong |
///
/// These events are rate-limited: the first failure of an outage is logged, and then one event every 30 seconds, with the number of failures.
///
/// # The cache
///
/// Responses are cached by the SHA-256 hash of the token: [valid tokens](IntrospectionBuilder::cache_for) for one minute but not beyond `exp`, and
/// [invalid tokens](IntrospectionBuilder::cache_refused_for) for 10 seconds, up to [10,000](IntrospectionBuilder::max_tokens) of each. Invented
/// tokens do not displace valid ones. Failed requests are not cached.
///
/// Calls with the same token share one request. Each request runs in its own task. It continues if the call is cancelled, and ends when the verifier
/// is dropped. At most 100 requests run at once; more requests wait, within their timeout.
///
/// [`HttpClient`](crate::auth::HttpClient) describes how redirects, plain `http` and large responses are handled.
///
/// [`fetches`](Self::fetches) returns the number of requests. With feature `metrics`, OpenTelemetry's counter `interceptors.auth.fetches` counts them
/// too, with the attributes `interceptors.auth.asked = "introspection"` and, after a failure, `error.type`.
pub struct Introspection<Claims: Clone + Send + Sync + 'static = TokenInfo> {
    owner: Arc<Owner<Claims>>,
}

/// State that clones share. Requests hold only the parts that they need, and are aborted when this is dropped.
struct Owner<Claims: Clone + Send + Sync + 'static>(Arc<Shared<Claims>>);

struct Shared<Claims> {
    url: Uri,
    headers: HeaderMap,
    rules: Rules,
    http: Http,
    cache: Mutex<Cache<Claims>>,
    at_once: Semaphore,
    counts: Counts,
    outage: Outage,
}

/// The rules for tokens, besides being active.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) audience: Option<HashSet<String>>,
    pub(super) issuer: Option<HashSet<String>>,
    pub(super) leeway: Duration,
    pub(super) max_size: usize,
}

/// The fields of the response that this crate needs, whatever the user's type is.
#[derive(Deserialize)]
struct ResponseFields {
    active: bool,
}

/// The same fields of an active token, after the checks.
#[derive(Deserialize)]
struct Checked {
    #[serde(default)]
    exp: Option<u64>,
    #[serde(default)]
    nbf: Option<u64>,
    #[serde(default, deserialize_with = "one_or_several")]
    aud: Vec<String>,
    #[serde(default)]
    iss: Option<String>,
}

impl<Claims> Introspection<Claims>
where
    Claims: DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Starts a builder. The URL is the issuer's introspection endpoint.
    pub fn builder(url: impl Into<String>) -> IntrospectionBuilder<Claims> {
        IntrospectionBuilder::new(url.into())
    }

    pub(super) fn new(
        url: Uri,
        credentials: HeaderValue,
        rules: Rules,
        times: Times,
        http: Http,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, credentials);
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        let shared = Arc::new(Shared {
            url,
            headers,
            rules,
            http,
            cache: Mutex::new(Cache::new(times)),
            at_once: Semaphore::new(AT_ONCE),
            counts: Counts::new(Asked::Introspection),
            outage: Outage::default(),
        });
        Self {
            owner: Arc::new(Owner(shared)),
        }
    }

    /// How many requests were sent to the issuer.
    #[must_use]
    pub fn fetches(&self) -> FetchCounts {
        self.owner.0.counts.read()
    }

    /// The issuer's information about a valid token.
    async fn active(&self, token: &str, call: &CallDetails) -> Result<Arc<Active<Claims>>, Status> {
        match self.ask(token).await {
            Ok(Answer::Active(active)) => Ok(active),
            Ok(Answer::Refused(reason)) => {
                tracing::debug!(path = call.path(), reason, "a token is rejected");
                Err(refused())
            }
            Ok(Answer::Unchecked) => Err(unchecked()),
            Err(error) => {
                tracing::debug!(path = call.path(), %error, "a token cannot be checked");
                Err(unchecked())
            }
        }
    }

    async fn ask(&self, token: &str) -> Result<Answer<Claims>, FetchError> {
        let shared = &self.owner.0;
        if token.len() > shared.rules.max_size {
            return Ok(Answer::Refused("it is too large"));
        }
        let hash = hash(token);
        for _ in 0..TRIES {
            let now = Instant::now();
            let begin = || shared.begin(hash, token, now);
            let asked = shared.cache().ask(&hash, now, begin)?;
            let waiting = match asked {
                Lookup::Known(answer) => return Ok(answer),
                Lookup::Wait(waiting) => waiting,
            };
            if let Some(answer) = waiting.await {
                return Ok(answer);
            }
        }
        Ok(Answer::Unchecked)
    }
}

impl<Claims> Shared<Claims> {
    fn cache(&self) -> MutexGuard<'_, Cache<Claims>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Claims> Shared<Claims>
where
    Claims: DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Begins the request about a token.
    fn begin(
        self: &Arc<Self>,
        hash: Hash,
        token: &str,
        now: Instant,
    ) -> Result<Flight<Answer<Claims>>, FetchError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token);
        form.append_pair("token_type_hint", "access_token");
        let body = Bytes::from(form.finish());
        let shared = Arc::clone(self);
        let work = |tell: ResultSender<_>| async move {
            let asked = shared.ask(body);
            let asked = shared.http.with_timeout(&shared.url, asked).await;
            shared.counts.count(&asked);
            shared.outage.tell(&shared.url, Instant::now(), &asked);
            let answer = asked.unwrap_or(Answer::Unchecked);
            shared.cache().end(hash, Instant::now(), &answer);
            tell.send_replace(Some(answer));
        };
        let over = now.checked_add(self.http.timeout().saturating_add(GRACE));
        Flight::begin(over, work).ok_or_else(FetchError::no_runtime)
    }

    async fn ask(&self, body: Bytes) -> Result<Answer<Claims>, FetchError> {
        let closed = |_| FetchError::no_runtime();
        let _place = self.at_once.acquire().await.map_err(closed)?;
        let request = Outgoing {
            method: Method::POST,
            url: self.url.clone(),
            headers: self.headers.clone(),
            body,
        };
        let answer = self.http.send(request).await?;
        let said: ResponseFields = answer.json()?;
        if !said.active {
            return Ok(Answer::Refused("its issuer says that it is not active"));
        }
        let checked: Checked = answer.json()?;
        if let Err(reason) = self.rules.check(&checked, time_of_day()) {
            return Ok(Answer::Refused(reason));
        }
        Ok(match answer.json() {
            Ok(claims) => Answer::Active(Arc::new(Active {
                claims,
                expires: checked.exp.and_then(time),
            })),
            Err(_) => Answer::Refused("the claims are of another shape"),
        })
    }
}

impl Rules {
    fn check(&self, said: &Checked, now: SystemTime) -> Result<(), &'static str> {
        let is_over = |exp| time(exp).is_some_and(|exp| now > exp + self.leeway);
        if said.exp.is_some_and(is_over) {
            return Err("it has expired");
        }
        let is_early = |nbf| time(nbf).is_none_or(|nbf| now + self.leeway < nbf);
        if said.nbf.is_some_and(is_early) {
            return Err("it is not valid yet");
        }
        let is_ours = |any_of: &HashSet<String>| said.aud.iter().any(|aud| any_of.contains(aud));
        if !self.audience.as_ref().is_none_or(is_ours) {
            return Err("its `aud` is another");
        }
        let is_theirs =
            |any_of: &HashSet<String>| said.iss.as_ref().is_some_and(|iss| any_of.contains(iss));
        match self.issuer.as_ref().is_none_or(is_theirs) {
            true => Ok(()),
            false => Err("its `iss` is another"),
        }
    }
}

fn time(seconds: u64) -> Option<SystemTime> {
    // Clamped, so that a leeway can be added.
    let seconds = Duration::from_secs(seconds.min(u64::from(u32::MAX) * 64));
    SystemTime::UNIX_EPOCH.checked_add(seconds)
}

impl<Claims> Verifier for Introspection<Claims>
where
    Claims: DeserializeOwned + Clone + Send + Sync + 'static,
{
    type Identity = Claims;

    async fn verify(&self, token: &str, call: &CallDetails) -> Result<Claims, Status> {
        let active = self.active(token, call).await?;
        Ok(active.claims.clone())
    }

    /// Takes the expiry from the response, because the user's claims need not have `exp`.
    async fn verify_until(
        &self,
        token: &str,
        call: &CallDetails,
        _may_stream: bool,
    ) -> Result<(Claims, Option<SystemTime>), Status> {
        let active = self.active(token, call).await?;
        let leeway = self.owner.0.rules.leeway;
        let expires_at = active.expires.and_then(|at| at.checked_add(leeway));
        Ok((active.claims.clone(), expires_at))
    }
}

impl<Claims: Clone + Send + Sync + 'static> Drop for Owner<Claims> {
    fn drop(&mut self) {
        self.0.cache().stop();
    }
}

impl<Claims: Clone + Send + Sync + 'static> Clone for Introspection<Claims> {
    fn clone(&self) -> Self {
        Self {
            owner: Arc::clone(&self.owner),
        }
    }
}

/// Leaves out credentials and tokens.
impl<Claims: Clone + Send + Sync + 'static> fmt::Debug for Introspection<Claims> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("url", &self.owner.0.url)
            .field("rules", &self.owner.0.rules)
            .finish_non_exhaustive()
    }
}

/// Whether the error means that this service's own credentials are wrong.
pub(super) fn is_about_us(error: &FetchError) -> bool {
    let status = error.status();
    status == Some(StatusCode::UNAUTHORIZED) || status == Some(StatusCode::FORBIDDEN)
}
