use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{decode, decode_header};
use serde::de::DeserializeOwned;
use tonic::Status;

use super::expiry;
use super::keys::{KeySet, Keys, SetupError};
use super::rules::Rules;
use crate::CallDetails;
use crate::auth::Verifier;
use crate::auth::interceptor::refused;

/// Verifies JWTs; the claims are the identity. See the [module documentation](super).
///
/// Clones share their keys, so one can stay with the task that fetches them:
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
    rules: Rules,
    keys: RwLock<Arc<Keys>>,
}

impl<Claims> JwtVerifier<Claims> {
    pub(super) fn new(rules: Rules, keys: RwLock<Arc<Keys>>) -> Self {
        Self {
            shared: Arc::new(Shared { rules, keys }),
            claims: PhantomData,
        }
    }

    /// Replaces the keys, for all clones of this verifier. Calls that are being verified go on with the old ones.
    ///
    /// # Errors
    ///
    /// If none of the keys can be used; see [`SetupError`]. Then the old ones stay.
    pub fn set_keys(&self, keys: impl Into<KeySet>) -> Result<(), SetupError> {
        self.shared.set_keys(keys.into())
    }
}

impl<Claims: DeserializeOwned> JwtVerifier<Claims> {
    fn claims(&self, token: &str) -> Result<Claims, &'static str> {
        let keys = self.shared.keys_for(token)?;
        let header = decode_header(token).map_err(|_| "the header is malformed")?;
        self.shared.rules.check(&header)?;
        let key = keys
            .find(header.kid.as_deref(), header.alg)
            .ok_or("there is no key for its `kid` and `alg`")?;
        let data = decode(token, &key.key, &key.validation);
        data.map(|data| data.claims)
            .map_err(|error| reason(error.kind()))
    }
}

impl Shared {
    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys, unless the token is too large to be looked at.
    fn keys_for(&self, token: &str) -> Result<Arc<Keys>, &'static str> {
        match token.len() > self.rules.max_size {
            true => Err("it is too large"),
            false => Ok(self.keys()),
        }
    }

    fn set_keys(&self, keys: KeySet) -> Result<(), SetupError> {
        let keys = Arc::new(Keys::new(keys, &self.rules)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

/// In words of our own: the error's may quote the claims.
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
        self.claims(token).map_err(|reason| {
            tracing::debug!(path = call.path(), reason, "a JWT is refused");
            refused()
        })
    }

    /// The claims need not have `exp`, so it is read from the token.
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
                tracing::debug!(path = call.path(), reason, "a JWT is refused");
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
            .field("keys", &self.shared.keys().len())
            .finish_non_exhaustive()
    }
}
