use std::fmt;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use tonic::Status;

use super::Verifier;
use super::interceptor::refused;
use crate::CallDetails;

/// A fixed set of tokens, each with the identity of its owner. Use it for the API keys of a few machines, or in tests.
///
/// - Only SHA-256 hashes of the tokens are kept. A received token is compared with all of them in constant time. So the time of the check does not
///   reveal which token is similar, how long the tokens are, or the position of a token in the set. The time depends only on the number of tokens and
///   on the length of the received token.
/// - A token that is not in the set is rejected with `UNAUTHENTICATED`, with the same text as a missing token.
/// - An empty set rejects every call.
///
/// The hashes have no salt, so tokens must be impossible to guess: generate each from at least 16 random bytes.
///
/// ```
/// use interceptors::auth::StaticTokens;
///
/// #[derive(Clone)]
/// struct Machine(&'static str);
///
/// # let from_the_environment = String::from("9b2f51d0c7aa4e0f");
/// let tokens = StaticTokens::new([
///     (from_the_environment, Machine("backup")),
///     // …
/// ]).expect("usable tokens");
/// # assert!(!format!("{tokens:?}").contains("9b2f"));
/// ```
///
/// Then `auth(verifier = self.tokens)`.
#[derive(Clone)]
pub struct StaticTokens<Identity> {
    known: Box<[(Hash, Identity)]>,
}

type Hash = [u8; 32];

impl<Identity> StaticTokens<Identity> {
    /// The set of these tokens and identities. Only the hashes of the tokens are kept.
    ///
    /// # Errors
    ///
    /// If a token is empty, occurs twice, or cannot be sent. A token must be visible ASCII without spaces.
    pub fn new<T: AsRef<str>>(
        tokens: impl IntoIterator<Item = (T, Identity)>,
    ) -> Result<Self, UnusableToken> {
        let mut known: Vec<(Hash, Identity)> = Vec::new();
        for (index, (token, identity)) in tokens.into_iter().enumerate() {
            let token = token.as_ref();
            let unusable = |what| UnusableToken { index, what };
            if token.is_empty() {
                return Err(unusable("is empty"));
            }
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(unusable("is not visible ASCII without blanks"));
            }
            let hash = hash(token);
            if known.iter().any(|(other, _)| *other == hash) {
                return Err(unusable("is there twice"));
            }
            known.push((hash, identity));
        }
        Ok(Self {
            known: known.into(),
        })
    }

    /// The identity of this token. Compares with all tokens, so that the time does not depend on the position of the
    /// match.
    fn find(&self, token: &str) -> Option<&Identity> {
        let hash = hash(token);
        let mut found = u64::MAX;
        for (index, (known, _)) in (0..).zip(&self.known) {
            found.conditional_assign(&index, known.ct_eq(&hash));
        }
        let (_, identity) = self.known.get(usize::try_from(found).ok()?)?;
        Some(identity)
    }
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token).into()
}

impl<Identity: Clone + Send + Sync + 'static> Verifier for StaticTokens<Identity> {
    type Identity = Identity;

    async fn verify(&self, token: &str, _call: &CallDetails) -> Result<Identity, Status> {
        self.find(token).cloned().ok_or_else(refused)
    }
}

/// Prints only the number of tokens. The hash of a guessable token would reveal it.
impl<Identity> fmt::Debug for StaticTokens<Identity> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticTokens")
            .field("tokens", &self.known.len())
            .finish()
    }
}

/// The error of [`StaticTokens::new`]: a token that cannot be used. The error has the position of the token, but not its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableToken {
    index: usize,
    what: &'static str,
}

impl UnusableToken {
    /// The position of the token in the list, counted from 0.
    #[must_use]
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl fmt::Display for UnusableToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {} {}", self.index, self.what)
    }
}

impl std::error::Error for UnusableToken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_found_at_every_position() {
        let tokens = StaticTokens::new([("first", 1), ("second", 2), ("third", 3)]).unwrap();
        for (token, identity) in [("first", 1), ("second", 2), ("third", 3)] {
            assert_eq!(tokens.find(token), Some(&identity));
        }
        for other in ["", "firs", "firstt", "First", "first\0", "fourth"] {
            assert_eq!(tokens.find(other), None, "{other:?}");
        }
    }

    #[test]
    fn empty_set_finds_no_token() {
        let tokens = StaticTokens::<()>::new([] as [(&str, ()); 0]).unwrap();
        assert_eq!(tokens.find(""), None);
        assert_eq!(tokens.find("first"), None);
    }

    #[test]
    fn invalid_tokens_are_errors_that_do_not_show_them() {
        for (tokens, index, what) in [
            (["first", ""], 1, "is empty"),
            (["fir st", "second"], 0, "is not visible"),
            (["first", "sécond"], 1, "is not visible"),
            (["first", "first"], 1, "is there twice"),
        ] {
            let error = StaticTokens::new(tokens.map(|token| (token, ()))).unwrap_err();
            assert_eq!(error.index(), index);
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(what), "{shown}");
            assert!(!shown.contains("first"), "{shown}");
        }
    }

    #[test]
    fn debug_output_hides_tokens_hashes_and_identities() {
        let tokens = StaticTokens::new([("first", "ann")]).unwrap();
        assert_eq!(format!("{tokens:?}"), "StaticTokens { tokens: 1 }");
    }
}
