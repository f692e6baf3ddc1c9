use std::time::{Duration, SystemTime};

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// The issuer's information about a token, with the names of RFC 7662, 2.2. Missing values are `None` or empty.
///
/// ```
/// use interceptors::auth::TokenInfo;
///
/// # fn may_write(info: &TokenInfo) -> bool {
/// info.has_scope("write")
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The scopes of the token, separated by spaces.
    #[serde(default)]
    pub scope: Option<String>,
    /// The client that the token was issued to.
    #[serde(default)]
    pub client_id: Option<String>,
    /// A human-readable name of the person who authorized the token.
    #[serde(default)]
    pub username: Option<String>,
    /// The type of the token, such as `Bearer`.
    #[serde(default)]
    pub token_type: Option<String>,
    /// When the token expires, in seconds since 1970.
    #[serde(default)]
    pub exp: Option<u64>,
    /// When the token was issued, in seconds since 1970.
    #[serde(default)]
    pub iat: Option<u64>,
    /// When the token becomes valid, in seconds since 1970.
    #[serde(default)]
    pub nbf: Option<u64>,
    /// The subject of the token: usually the person who authorized it.
    #[serde(default)]
    pub sub: Option<String>,
    /// The audiences of the token.
    #[serde(default, deserialize_with = "one_or_several")]
    pub aud: Vec<String>,
    /// Who issued the token.
    #[serde(default)]
    pub iss: Option<String>,
    /// The unique ID of the token.
    #[serde(default)]
    pub jti: Option<String>,
}

impl TokenInfo {
    /// Whether the token has this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        let scopes = self.scope.as_deref().unwrap_or_default();
        scopes.split(' ').any(|it| !it.is_empty() && it == scope)
    }

    /// When the token expires, if the issuer says so.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.exp?))
    }
}

/// A text, or a list of texts (RFC 7519, 4.1.3).
pub(super) fn one_or_several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrSeveral {
        None(()),
        One(String),
        Several(Vec<String>),
    }
    // The error of an untagged enum would say no more.
    let said = OneOrSeveral::deserialize(deserializer);
    match said.map_err(|_| D::Error::custom("neither a text nor a list of texts"))? {
        OneOrSeveral::None(()) => Ok(Vec::new()),
        OneOrSeveral::One(one) => Ok(vec![one]),
        OneOrSeveral::Several(several) => Ok(several),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_scope_matches_whole_words() {
        let info = |scope: &str| TokenInfo {
            scope: Some(scope.to_owned()),
            ..TokenInfo::default()
        };
        assert!(info("read write").has_scope("write"));
        assert!(info("write").has_scope("write"));
        for other in ["read writer", "", "  ", "WRITE", "rewrite"] {
            assert!(!info(other).has_scope("write"), "{other}");
        }
        assert!(!info("read  write").has_scope(""));
        assert!(!TokenInfo::default().has_scope("write"));
    }

    #[test]
    fn audience_may_be_a_string_or_a_list() {
        let read = |text| serde_json::from_str::<TokenInfo>(text).map(|info| info.aud);
        assert_eq!(read(r#"{"active":true,"aud":"a"}"#).unwrap(), ["a"]);
        assert_eq!(read(r#"{"aud":["a","b"]}"#).unwrap(), ["a", "b"]);
        assert!(read(r#"{"aud":null}"#).unwrap().is_empty());
        assert!(read("{}").unwrap().is_empty());
        assert!(read(r#"{"aud":7}"#).is_err());
    }
}
