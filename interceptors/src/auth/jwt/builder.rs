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

/// What tokens are to be like. [`JwtVerifier::builder`] begins one.
///
/// `Aud` and `Iss` say whether it has been decided which audiences and issuers are right; only then can it be
/// [built](JwtVerifierBuilder::build):
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

/// In the type of a [`JwtVerifierBuilder`]: the issuer or the audience has not been chosen yet, so it cannot build.
#[derive(Debug)]
pub struct Undecided;

/// In the type of a [`JwtVerifierBuilder`]: the issuer or the audience has been chosen. With both it can build.
#[derive(Debug)]
pub struct Decided;

/// A longer leeway is probably a wrong unit.
const MAX_LEEWAY: Duration = Duration::from_secs(3600);

const MAX_SIZE: usize = 8 * 1024;

impl<Claims> JwtVerifier<Claims> {
    /// Begins a verifier of tokens that are signed by one of these algorithms.
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

    /// The keys.
    pub fn keys(mut self, keys: impl Into<KeySet>) -> Self {
        self.keys = keys.into();
        self
    }

    /// How far the clocks of the issuer and of this machine may be apart, in whole seconds. Default: one minute; at most
    /// one hour.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.validation.leeway = leeway.as_secs();
        self
    }

    /// Lets tokens live for ever that have no `exp`. One that is there is checked all the same.
    pub fn allow_missing_exp(mut self) -> Self {
        self.validation.required_spec_claims.remove("exp");
        self
    }

    /// The `typ` of the header, such as `at+jwt` for OAuth 2 access tokens (RFC 9068), so that a token that was made for
    /// something else by the same issuer is refused. Compared as a media type: without regard to case, and to
    /// `application/` in front. Default: any, or none.
    pub fn token_type(mut self, typ: impl Into<String>) -> Self {
        self.token_type = Some(typ.into());
        self
    }

    /// How long a token may be, in bytes. Default: 8192.
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = bytes;
        self
    }
}

impl<Claims, Iss> JwtVerifierBuilder<Claims, Undecided, Iss> {
    /// Tokens have to be for one of these: their `aud`, or one of several that stand there, has to be among them.
    pub fn audience<S: Into<String>>(
        mut self,
        any_of: impl IntoIterator<Item = S>,
    ) -> JwtVerifierBuilder<Claims, Decided, Iss> {
        self.validation.aud = Some(require(&mut self.validation, "aud", any_of));
        self.decide()
    }

    /// Takes tokens that were made for anybody. Whoever else gets one of them can use it here.
    pub fn any_audience(mut self) -> JwtVerifierBuilder<Claims, Decided, Iss> {
        self.validation.validate_aud = false;
        self.decide()
    }
}

impl<Claims, Aud> JwtVerifierBuilder<Claims, Aud, Undecided> {
    /// Tokens have to be from one of these: `iss`.
    pub fn issuer<S: Into<String>>(
        mut self,
        any_of: impl IntoIterator<Item = S>,
    ) -> JwtVerifierBuilder<Claims, Aud, Decided> {
        self.validation.iss = Some(require(&mut self.validation, "iss", any_of));
        self.decide()
    }

    /// Takes tokens whatever their `iss` is. Their signature still has to be that of one of the keys.
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
    /// The verifier. If its keys are fetched, the first fetch begins here where a runtime of tokio is, and otherwise with the first
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
