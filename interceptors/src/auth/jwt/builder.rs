use std::collections::HashSet;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::crypto::rust_crypto;
use jsonwebtoken::{Algorithm, AlgorithmFamily, Validation};

#[cfg(feature = "jwks-url")]
use super::by_url::{ByUrl, Settings};
use super::keys::{KeySet, Keys, SetupError};
use super::rules::Rules;
use super::verifier::{JwtVerifier, Source};

/// Builds a [`JwtVerifier`]. Made by [`JwtVerifier::builder`].
///
/// The type parameters `Aud` and `Iss` record whether audience and issuer have been chosen. Without both, [`build`](JwtVerifierBuilder::build) does
/// not compile:
///
/// ```compile_fail,E0599
/// use interceptors::auth::jwt::{Algorithm, JwtVerifier, KeySet};
///
/// let verifier = JwtVerifier::<()>::builder([Algorithm::ES256])
///     .issuer(["https://id.example.com"])
///     // Neither `audience(…)` nor `any_audience()`.
///     .keys(KeySet::new())
///     .build();
/// ```
#[derive(Debug)]
#[must_use = "it does nothing until it is built"]
pub struct JwtVerifierBuilder<Claims, Aud = Undecided, Iss = Undecided> {
    algorithms: Vec<Algorithm>,
    validation: Validation,
    token_type: Option<String>,
    max_size: usize,
    keys: KeySet,
    #[cfg(feature = "jwks-url")]
    pub(super) by_url: Settings,
    decided: PhantomData<Makes<Claims, Aud, Iss>>,
}

type Makes<Claims, Aud, Iss> = fn() -> (Claims, Aud, Iss);

/// A type parameter of [`JwtVerifierBuilder`]: the issuer or the audience has not been chosen yet, so there is no `build`.
#[derive(Debug)]
pub struct Undecided;

/// A type parameter of [`JwtVerifierBuilder`]: the issuer or the audience has been chosen.
#[derive(Debug)]
pub struct Decided;

/// A longer leeway is probably a wrong unit.
const MAX_LEEWAY: Duration = Duration::from_secs(3600);

const MAX_SIZE: usize = 8 * 1024;

impl<Claims> JwtVerifier<Claims> {
    /// Starts a builder for a verifier that accepts tokens signed with one of these algorithms.
    pub fn builder(algorithms: impl IntoIterator<Item = Algorithm>) -> JwtVerifierBuilder<Claims> {
        JwtVerifierBuilder::new(algorithms.into_iter().collect())
    }
}

impl<Claims> JwtVerifierBuilder<Claims> {
    pub(super) fn new(algorithms: Vec<Algorithm>) -> Self {
        let mut validation = Validation::new(Algorithm::default());
        validation.algorithms.clear();
        validation.validate_nbf = true;
        Self {
            algorithms,
            validation,
            token_type: None,
            max_size: MAX_SIZE,
            keys: KeySet::new(),
            #[cfg(feature = "jwks-url")]
            by_url: Settings::default(),
            decided: PhantomData,
        }
    }
}

impl<Claims, Aud, Iss> JwtVerifierBuilder<Claims, Aud, Iss> {
    fn decide<A, I>(self) -> JwtVerifierBuilder<Claims, A, I> {
        JwtVerifierBuilder {
            algorithms: self.algorithms,
            validation: self.validation,
            token_type: self.token_type,
            max_size: self.max_size,
            keys: self.keys,
            #[cfg(feature = "jwks-url")]
            by_url: self.by_url,
            decided: PhantomData,
        }
    }

    /// The keys with which tokens are verified.
    pub fn keys(mut self, keys: impl Into<KeySet>) -> Self {
        self.keys = keys.into();
        self
    }

    /// The tolerated difference between the clocks of the issuer and of this machine, in whole seconds. Default: one minute; at most one hour.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.validation.leeway = leeway.as_secs();
        self
    }

    /// Accepts tokens without `exp`, which never expire. If a token has `exp`, it is still checked.
    pub fn allow_missing_exp(mut self) -> Self {
        self.validation.required_spec_claims.remove("exp");
        self
    }

    /// The required `typ` of the header, such as `at+jwt` for OAuth 2 access tokens (RFC 9068). Tokens that the same issuer made for other purposes
    /// are then rejected. It is compared as a media type: case and the prefix `application/` do not matter. Default: not checked.
    pub fn token_type(mut self, typ: impl Into<String>) -> Self {
        self.token_type = Some(typ.into());
        self
    }

    /// The maximum length of a token in bytes. A longer token is rejected. Default: 8192.
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }
}

impl<Claims, Iss> JwtVerifierBuilder<Claims, Undecided, Iss> {
    /// The accepted audiences. The token's `aud`, or one of its values if there are several, must be one of these.
    pub fn audience<S: Into<String>>(
        mut self,
        any_of: impl IntoIterator<Item = S>,
    ) -> JwtVerifierBuilder<Claims, Decided, Iss> {
        self.validation.aud = Some(require(&mut self.validation, "aud", any_of));
        self.decide()
    }

    /// Accepts tokens for any audience. So any other service that gets such a token can use it to call this one.
    pub fn any_audience(mut self) -> JwtVerifierBuilder<Claims, Decided, Iss> {
        self.validation.validate_aud = false;
        self.decide()
    }
}

impl<Claims, Aud> JwtVerifierBuilder<Claims, Aud, Undecided> {
    /// The accepted issuers. The token's `iss` must be one of these.
    pub fn issuer<S: Into<String>>(
        mut self,
        any_of: impl IntoIterator<Item = S>,
    ) -> JwtVerifierBuilder<Claims, Aud, Decided> {
        self.validation.iss = Some(require(&mut self.validation, "iss", any_of));
        self.decide()
    }

    /// Accepts tokens with any `iss`. They must still be signed with one of the keys.
    pub fn any_issuer(self) -> JwtVerifierBuilder<Claims, Aud, Decided> {
        self.decide()
    }
}

fn require<S: Into<String>>(
    validation: &mut Validation,
    claim: &str,
    any_of: impl IntoIterator<Item = S>,
) -> HashSet<String> {
    validation.required_spec_claims.insert(claim.to_owned());
    any_of.into_iter().map(Into::into).collect()
}

impl<Claims> JwtVerifierBuilder<Claims, Decided, Decided> {
    /// Makes the verifier. If it fetches its keys, the first fetch starts here if this is called inside a tokio runtime, and otherwise with the first
    /// call; see `JwtVerifier::ready`.
    ///
    /// # Errors
    ///
    /// See [`SetupError`].
    pub fn build(self) -> Result<JwtVerifier<Claims>, SetupError> {
        // Keeps a provider that the process has installed. Without this call there would be none if two providers are
        // among the features of the process's dependencies.
        let _ = rust_crypto::DEFAULT_PROVIDER.install_default();
        let is_hmac = |algorithm: &Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
        let hmac = self.algorithms.iter().filter(|it| is_hmac(it)).count();
        if self.algorithms.is_empty() {
            return Err(SetupError::NoAlgorithm);
        }
        if hmac != 0 && hmac != self.algorithms.len() {
            return Err(SetupError::MixedAlgorithms);
        }
        if self.validation.leeway > MAX_LEEWAY.as_secs() {
            return Err(SetupError::Leeway);
        }
        for names in [&self.validation.aud, &self.validation.iss] {
            if names.as_ref().is_some_and(HashSet::is_empty) {
                return Err(SetupError::NobodyIsRight);
            }
        }
        let rules = Arc::new(Rules {
            algorithms: self.algorithms,
            validation: self.validation,
            token_type: self.token_type,
            max_size: self.max_size,
        });
        #[cfg(feature = "jwks-url")]
        if let Some(fetching) = self.by_url.fetching(!self.keys.is_empty())? {
            if hmac != 0 {
                return Err(SetupError::SecretKeysByUrl);
            }
            let source = Source::ByUrl(ByUrl::new(fetching, Arc::clone(&rules)));
            return Ok(JwtVerifier::new(rules, source));
        }
        let keys = Keys::new(self.keys, &rules)?;
        Ok(JwtVerifier::new(rules, Source::given(keys)))
    }
}
