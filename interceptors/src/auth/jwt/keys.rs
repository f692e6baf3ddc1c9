use std::fmt;

use jsonwebtoken::crypto::rust_crypto;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Validation};

use super::rules::Rules;

/// The keys with which tokens are verified.
///
/// ```
/// use interceptors::auth::jwt::{DecodingKey, JwkSet, KeySet};
///
/// # fn keys(published: &JwkSet, first: DecodingKey, second: DecodingKey, only: DecodingKey) {
/// let published = KeySet::from(published);
/// let named = KeySet::new().add("2026-01", first).add("2026-02", second);
/// let only = KeySet::from(only);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct KeySet(Vec<(Option<String>, Source)>);

#[derive(Clone)]
enum Source {
    Jwk(Box<Jwk>),
    Key(DecodingKey),
}

impl KeySet {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key for tokens with this `kid`.
    #[must_use]
    pub fn add(mut self, kid: impl Into<String>, key: DecodingKey) -> Self {
        self.0.push((Some(kid.into()), Source::Key(key)));
        self
    }

    #[cfg(feature = "jwks-url")]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One key without a name, for all tokens.
impl From<DecodingKey> for KeySet {
    fn from(key: DecodingKey) -> Self {
        Self(vec![(None, Source::Key(key))])
    }
}

/// Those keys of the set that are for signatures. What cannot be used of them is skipped, with a warning.
impl From<&JwkSet> for KeySet {
    fn from(set: &JwkSet) -> Self {
        let is_for_signatures = |jwk: &&Jwk| {
            let common = &jwk.common;
            let used = &common.public_key_use;
            let operations = &common.key_operations;
            used.as_ref()
                .is_none_or(|it| *it == PublicKeyUse::Signature)
                && operations
                    .as_ref()
                    .is_none_or(|it| it.contains(&KeyOperations::Verify))
        };
        let keys = set.keys.iter().filter(is_for_signatures);
        let source = |jwk: &Jwk| {
            (
                jwk.common.key_id.clone(),
                Source::Jwk(Box::new(jwk.clone())),
            )
        };
        Self(keys.map(source).collect())
    }
}

impl From<JwkSet> for KeySet {
    fn from(set: JwkSet) -> Self {
        Self::from(&set)
    }
}

/// How many there are.
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("keys", &self.0.len())
            .finish()
    }
}

/// Why a verifier cannot be built, or cannot use keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// No algorithm was given.
    NoAlgorithm,
    /// Symmetric algorithms, whose keys are secret, are mixed with asymmetric algorithms, whose keys are public.
    MixedAlgorithms,
    /// The leeway is longer than one hour.
    Leeway,
    /// The list of audiences, or of issuers, is empty.
    NobodyIsRight,
    /// There is no key for any of the algorithms.
    NoKey,
    /// The key with this `kid` cannot be used: it is malformed, or fits none of the algorithms. In a JWK set such keys are skipped, as are keys that
    /// are too weak or have no `kid`. They are an error only if no key is left.
    UnusableKey(Option<String>),
    /// The key with this `kid` is too weak for its algorithm.
    WeakKey(Option<String>),
    /// Several keys have this `kid`.
    SameKid(String),
    /// There are several keys, and none has a `kid`.
    NoKid,
    /// More than one source of keys was given: `keys`, `jwks_url` or `discover`.
    KeysTwice,
    /// HMAC algorithms were given together with keys by URL. Their keys are secret, and a URL publishes keys.
    SecretKeysByUrl,
    /// A URL cannot be used, or a certificate. The text says why.
    Http(String),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = |kid: &Option<String>| match kid {
            Some(kid) => format!("the key {kid:?}"),
            None => "the key".to_owned(),
        };
        match self {
            Self::NoAlgorithm => f.write_str("no algorithm is given"),
            Self::MixedAlgorithms => {
                f.write_str("algorithms with secret keys and with public keys cannot be mixed")
            }
            Self::Leeway => f.write_str("the leeway is longer than one hour"),
            Self::NobodyIsRight => f.write_str("a list of audiences or issuers is empty"),
            Self::NoKey => f.write_str("there is no key for any of the algorithms"),
            Self::UnusableKey(kid) => write!(f, "{} cannot be used", key(kid)),
            Self::WeakKey(kid) => write!(f, "{} is too weak for its algorithm", key(kid)),
            Self::SameKid(kid) => write!(f, "several keys have the id {kid:?}"),
            Self::NoKid => f.write_str("there are several keys, and none has an id"),
            Self::KeysTwice => f.write_str("more than one source of keys is given"),
            Self::SecretKeysByUrl => {
                f.write_str("algorithms with secret keys cannot be used with keys by URL")
            }
            Self::Http(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for SetupError {}

/// Checked keys, each with its algorithms. The algorithms of a key are of one family, as `jsonwebtoken` requires.
pub(super) struct Keys(Vec<Key>);

pub(super) struct Key {
    kid: Option<String>,
    pub(super) key: DecodingKey,
    pub(super) validation: Validation,
}

impl Keys {
    /// Unusable keys of a JWK set are skipped (RFC 7517, 5), because the issuer publishes the set for others too. An
    /// unusable key that was added by itself is an error.
    pub(super) fn new(set: KeySet, rules: &Rules) -> Result<Self, SetupError> {
        let mut keys: Vec<Key> = Vec::new();
        let mut skipped = None;
        for (kid, source) in set.0 {
            let is_published = match &source {
                Source::Jwk(jwk) => Some(matches!(jwk.algorithm, AlgorithmParameters::Other(_))),
                Source::Key(_) => None,
            };
            let (key, own) = match (
                usable(kid.as_ref(), source, &rules.algorithms),
                is_published,
            ) {
                (Ok(Some(usable)), _) => usable,
                // The key is not for signatures.
                (Ok(None), None | Some(false)) => continue,
                (Ok(None), Some(true)) => {
                    skip(
                        &mut skipped,
                        SetupError::UnusableKey(kid),
                        "its type is not known",
                    );
                    continue;
                }
                (Err(error), Some(_)) => {
                    let reason = match &error {
                        SetupError::WeakKey(_) => "it is too weak for its algorithm",
                        _ => "it is malformed",
                    };
                    skip(&mut skipped, error, reason);
                    continue;
                }
                (Err(error), None) => return Err(error),
            };
            let is_same = |other: &Key| {
                let algorithms = &other.validation.algorithms;
                other.kid == kid && algorithms.iter().any(|it| own.contains(it))
            };
            if let Some(Key { kid: Some(kid), .. }) = keys.iter().find(|other| is_same(other)) {
                return Err(SetupError::SameKid(kid.clone()));
            }
            let mut validation = rules.validation.clone();
            validation.algorithms = own;
            keys.push(Key {
                kid,
                key,
                validation,
            });
        }
        if keys.len() > 1 {
            // Tokens could not name such a key.
            keys.retain(|key| {
                if key.kid.is_none() {
                    skip(
                        &mut skipped,
                        SetupError::NoKid,
                        "it has no `kid`, and is not the only key",
                    );
                }
                key.kid.is_some()
            });
        }
        match keys.is_empty() {
            true => Err(skipped.unwrap_or(SetupError::NoKey)),
            false => Ok(Self(keys)),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the keys include this `kid`, so that another fetch cannot help.
    #[cfg(feature = "jwks-url")]
    pub(super) fn has(&self, kid: Option<&str>) -> bool {
        let is_for = |key: &Key| key.kid.is_none() || key.kid.as_deref() == kid;
        kid.is_none() || self.0.iter().any(is_for)
    }

    /// The key for a token with this header.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let is_named = |key: &&Key| match (&key.kid, kid) {
            (Some(own), Some(kid)) => own == kid,
            // A key without a name is the only one.
            (None, _) => true,
            (Some(_), None) => self.0.len() == 1,
        };
        let mut keys = self.0.iter().filter(is_named);
        keys.find(|key| key.validation.algorithms.contains(&algorithm))
    }
}

/// Logs which key of a JWK set is skipped. Keeps the first error, in case no key is left.
fn skip(first: &mut Option<SetupError>, error: SetupError, reason: &'static str) {
    let kid = match &error {
        SetupError::UnusableKey(kid) | SetupError::WeakKey(kid) => kid.as_deref(),
        _ => None,
    };
    tracing::warn!(kid, reason, "a key of a JWK set is skipped");
    first.get_or_insert(error);
}

/// A key and its algorithms. `None` if the key has another use.
fn usable(
    kid: Option<&String>,
    source: Source,
    pinned: &[Algorithm],
) -> Result<Option<(DecodingKey, Vec<Algorithm>)>, SetupError> {
    let unusable = || SetupError::UnusableKey(kid.cloned());
    let algorithms: Vec<Algorithm> = match &source {
        Source::Jwk(jwk) => {
            let fits = |it: &&Algorithm| is_for(jwk, **it);
            pinned.iter().filter(fits).copied().collect()
        }
        Source::Key(key) => {
            let fits = |it: &&Algorithm| {
                it.family() == key.family()
                    && (rust_crypto::DEFAULT_PROVIDER.verifier_factory)(it, key).is_ok()
            };
            pinned.iter().filter(fits).copied().collect()
        }
    };
    let key = match source {
        Source::Jwk(_) if algorithms.is_empty() => return Ok(None),
        Source::Jwk(jwk) => DecodingKey::from_jwk(&jwk).map_err(|_| unusable())?,
        Source::Key(key) => key,
    };
    let is_whole =
        |it: &Algorithm| (rust_crypto::DEFAULT_PROVIDER.verifier_factory)(it, &key).is_ok();
    if algorithms.is_empty() || !algorithms.iter().all(is_whole) {
        return Err(unusable());
    }
    let bits = strength(&key).ok_or_else(unusable)?;
    if algorithms.iter().any(|it| bits < least_bits(*it)) {
        return Err(SetupError::WeakKey(kid.cloned()));
    }
    Ok(Some((key, algorithms)))
}

/// Whether the key's type fits the algorithm, and its `alg` too if it has one.
fn is_for(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let of_type = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => algorithm.family() == AlgorithmFamily::Rsa,
        AlgorithmParameters::OctetKey(_) => algorithm.family() == AlgorithmFamily::Hmac,
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => algorithm == Algorithm::ES256,
            EllipticCurve::P384 => algorithm == Algorithm::ES384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(parameters) => {
            parameters.curve == EllipticCurve::Ed25519 && algorithm == Algorithm::EdDSA
        }
        _ => false,
    };
    let stated = jwk.common.key_algorithm;
    of_type && stated.is_none_or(|stated| stated == algorithm.into())
}

/// The length of a secret or a modulus in bits.
fn strength(key: &DecodingKey) -> Option<usize> {
    let modulus = |n: &[u8]| {
        let zeros = n.iter().take_while(|byte| **byte == 0).count();
        let first = n.get(zeros)?;
        Some((n.len() - zeros) * 8 - first.leading_zeros() as usize)
    };
    match (key.family(), key.kind()) {
        (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, .. }) => modulus(n),
        (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(der)) => {
            let components = rust_crypto::DEFAULT_PROVIDER
                .key_utils
                .rsa_pub_components_from_public_key;
            let (n, _) = components(der).ok()?;
            modulus(&n)
        }
        (_, DecodingKeyKind::SecretOrDer(bytes)) => Some(bytes.len() * 8),
        (_, DecodingKeyKind::RsaModulusExponent { .. }) => None,
    }
}

/// RFC 7518, 3.2 and 3.3. Keys of the other kinds have a fixed length.
fn least_bits(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS256 => 256,
        Algorithm::HS384 => 384,
        Algorithm::HS512 => 512,
        _ if algorithm.family() == AlgorithmFamily::Rsa => 2048,
        _ => 0,
    }
}
