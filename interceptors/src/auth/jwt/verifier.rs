use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, decode, decode_header};
use serde::de::DeserializeOwned;
use tonic::Status;

#[cfg(feature = "jwks-url")]
use super::by_url::ByUrl;
use super::expiry;
use super::keys::{KeySet, Keys, SetupError};
use super::rules::Rules;
use crate::CallDetails;
use crate::auth::Verifier;
use crate::auth::interceptor::refused;
#[cfg(feature = "jwks-url")]
use crate::auth::remote::unchecked;
#[cfg(feature = "jwks-url")]
use crate::auth::{FetchCounts, FetchError};

/// Verifies JWTs. The claims are the identity. See the [module documentation](super).
///
/// Clones share their keys. So a task that fetches keys can keep a clone:
///
/// ```no_run
/// # use std::time::Duration;
/// # use interceptors::auth::jwt::{JwkSet, JwtVerifier};
/// # async fn fetch() -> Option<JwkSet> { None }
/// # async fn serve<Claims: Send + 'static>(verifier: JwtVerifier<Claims>) {
/// let keys_of = verifier.clone();
/// tokio::spawn(async move {
///     loop {
///         tokio::time::sleep(Duration::from_secs(300)).await;
///         if let Some(fetched) = fetch().await {
///             // Where none can be used, the old keys stay.
///             let _ = keys_of.set_keys(&fetched);
///         }
///     }
/// });
/// # }
/// ```
pub struct JwtVerifier<Claims> {
    shared: Arc<Shared>,
    claims: PhantomData<fn() -> Claims>,
}

struct Shared {
    rules: Arc<Rules>,
    source: Source,
}

/// The source of the keys.
pub(super) enum Source {
    Given(RwLock<Arc<Keys>>),
    #[cfg(feature = "jwks-url")]
    ByUrl(ByUrl),
}

/// Why a token was not verified.
enum Unverified {
    Refused(&'static str),
    /// The token cannot be checked now.
    #[cfg(feature = "jwks-url")]
    Unchecked(&'static str),
}

impl<Claims> JwtVerifier<Claims> {
    pub(super) fn new(rules: Arc<Rules>, source: Source) -> Self {
        Self {
            shared: Arc::new(Shared { rules, source }),
            claims: PhantomData,
        }
    }

    /// Replaces the keys, for all clones of this verifier. Calls that are being verified still use the old keys.
    ///
    /// # Errors
    ///
    /// If none of the keys can be used, or if the verifier fetches its keys itself; see [`SetupError`]. The old keys then stay in use.
    pub fn set_keys(&self, keys: impl Into<KeySet>) -> Result<(), SetupError> {
        match &self.shared.source {
            Source::Given(kept) => {
                let keys = Keys::new(keys.into(), &self.shared.rules)?;
                *kept.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                Ok(())
            }
            #[cfg(feature = "jwks-url")]
            Source::ByUrl(_) => Err(SetupError::KeysTwice),
        }
    }

    /// Waits until the verifier has fetched keys. Returns at once if it does not fetch keys. Feature `jwks-url`.
    ///
    /// A service does not have to call this, or to stop if it fails. Until there are keys, calls wait for the running fetch, or end with
    /// `UNAVAILABLE` if none is running. A failed fetch is repeated, first after 1 second, later every 30 seconds.
    ///
    /// ```
    /// # use interceptors::auth::jwt::JwtVerifier;
    /// # async fn start(verifier: JwtVerifier<()>) {
    /// if let Err(error) = verifier.ready().await {
    ///     eprintln!("until the issuer is back, no token is good: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If there are no usable keys: why the last fetch failed.
    #[cfg(feature = "jwks-url")]
    pub async fn ready(&self) -> Result<(), FetchError> {
        let Source::ByUrl(source) = &self.shared.source else {
            return Ok(());
        };
        if source.keys().is_some() {
            return Ok(());
        }
        source.fetch().await?;
        match source.keys() {
            Some(_) => Ok(()),
            None => Err(source.failed().unwrap_or_else(FetchError::no_runtime)),
        }
    }

    /// How many fetches of the keys succeeded and failed. Feature `jwks-url`.
    #[cfg(feature = "jwks-url")]
    #[must_use]
    pub fn fetches(&self) -> FetchCounts {
        match &self.shared.source {
            Source::Given(_) => FetchCounts::default(),
            Source::ByUrl(source) => source.counts(),
        }
    }
}

impl<Claims: DeserializeOwned> JwtVerifier<Claims> {
    async fn claims(&self, token: &str) -> Result<Claims, Unverified> {
        let header = self.shared.header(token)?;
        let keys = match &self.shared.source {
            Source::Given(keys) => Arc::clone(&keys.read().unwrap_or_else(PoisonError::into_inner)),
            #[cfg(feature = "jwks-url")]
            Source::ByUrl(source) => fetched(source, header.kid.as_deref()).await?,
        };
        let key = keys
            .find(header.kid.as_deref(), header.alg)
            .ok_or(Unverified::Refused(
                "there is no key for its `kid` and `alg`",
            ))?;
        let data = decode(token, &key.key, &key.validation);
        data.map(|data| data.claims)
            .map_err(|error| Unverified::Refused(reason(error.kind())))
    }
}

impl Shared {
    /// The header of a token, unless it is already invalid by itself.
    fn header(&self, token: &str) -> Result<Header, Unverified> {
        if token.len() > self.rules.max_size {
            return Err(Unverified::Refused("it is too large"));
        }
        let header =
            decode_header(token).map_err(|_| Unverified::Refused("the header is malformed"))?;
        self.rules.check(&header).map_err(Unverified::Refused)?;
        Ok(header)
    }
}

impl Source {
    pub(super) fn given(keys: Keys) -> Self {
        Self::Given(RwLock::new(Arc::new(keys)))
    }

    fn len(&self) -> usize {
        match self {
            Self::Given(keys) => keys.read().unwrap_or_else(PoisonError::into_inner).len(),
            #[cfg(feature = "jwks-url")]
            Self::ByUrl(source) => source.len(),
        }
    }
}

/// The keys. If `kid` is unknown, fetches them again, because the issuer may have added it.
#[cfg(feature = "jwks-url")]
async fn fetched(source: &ByUrl, kid: Option<&str>) -> Result<Arc<Keys>, Unverified> {
    let unchecked = |_| Unverified::Unchecked("there is no runtime to fetch keys in");
    match source.keys() {
        Some(keys) if keys.has(kid) => return Ok(keys),
        _ => source.fetch().await.map_err(unchecked)?,
    }
    match source.keys() {
        None => Err(Unverified::Unchecked("there are no keys")),
        Some(keys) if keys.has(kid) || source.failed().is_none() => Ok(keys),
        Some(_) => Err(Unverified::Unchecked(
            "there is no key for its `kid`, and the keys could not be fetched",
        )),
    }
}

/// Our own texts, because the error's text may quote claims.
fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "the signature is wrong",
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidAudience => "its `aud` is another",
        ErrorKind::InvalidIssuer => "its `iss` is another",
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "exp" => "it has no `exp` that is a time",
            "aud" => "it has no `aud`",
            _ => "it has no `iss`",
        },
        ErrorKind::InvalidClaimFormat(_) => "`exp` or `nbf` is no time",
        ErrorKind::Json(_) => "the claims are of another shape",
        _ => "it is malformed",
    }
}

impl<Claims> Verifier for JwtVerifier<Claims>
where
    Claims: DeserializeOwned + Clone + Send + Sync + 'static,
{
    type Identity = Claims;

    async fn verify(&self, token: &str, call: &CallDetails) -> Result<Claims, Status> {
        self.claims(token).await.map_err(|error| match error {
            Unverified::Refused(reason) => {
                tracing::debug!(path = call.path(), reason, "a JWT is rejected");
                refused()
            }
            #[cfg(feature = "jwks-url")]
            Unverified::Unchecked(reason) => {
                tracing::debug!(path = call.path(), reason, "a JWT cannot be checked");
                unchecked()
            }
        })
    }

    /// Reads `exp` from the token, because the user's claims need not have it.
    async fn verify_until(
        &self,
        token: &str,
        call: &CallDetails,
        may_stream: bool,
    ) -> Result<(Claims, Option<SystemTime>), Status> {
        let claims = self.verify(token, call).await?;
        if !may_stream {
            return Ok((claims, None));
        }
        let leeway = Duration::from_secs(self.shared.rules.validation.leeway);
        match expiry::of_verified(token, leeway) {
            Ok(expires_at) => Ok((claims, expires_at)),
            Err(reason) => {
                tracing::debug!(path = call.path(), reason, "a JWT is rejected");
                Err(refused())
            }
        }
    }
}

impl<Claims> Clone for JwtVerifier<Claims> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            claims: PhantomData,
        }
    }
}

/// The algorithms, and how many keys there are.
impl<Claims> fmt::Debug for JwtVerifier<Claims> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("algorithms", &self.shared.rules.algorithms)
            .field("keys", &self.shared.source.len())
            .finish_non_exhaustive()
    }
}
