use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde::de::DeserializeOwned;

use super::cache::Times;
use super::verifier::{Introspection, Rules};
use crate::auth::HttpClient;

/// Builds an [`Introspection`]. Made by [`Introspection::builder`].
#[must_use = "it does nothing until it is built"]
pub struct IntrospectionBuilder<Claims> {
    url: String,
    credentials: Option<Result<HeaderValue, IntrospectionError>>,
    rules: Rules,
    times: Times,
    http: HttpClient,
    claims: PhantomData<fn() -> Claims>,
}

const CACHE_FOR: Duration = Duration::from_secs(60);
const CACHE_REFUSED_FOR: Duration = Duration::from_secs(10);
const MAX_TOKENS: NonZeroUsize = NonZeroUsize::new(10_000).expect("more than none");
const MAX_SIZE: usize = 8 * 1024;
const LEEWAY: Duration = Duration::from_secs(60);
/// A longer leeway is probably a wrong unit.
const MAX_LEEWAY: Duration = Duration::from_secs(3600);

/// The number of concurrent requests.
const MAX_IDLE: usize = super::verifier::AT_ONCE;

impl<Claims> IntrospectionBuilder<Claims> {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            credentials: None,
            rules: Rules {
                audience: None,
                issuer: None,
                leeway: LEEWAY,
                max_size: MAX_SIZE,
            },
            times: Times {
                active: CACHE_FOR,
                refused: CACHE_REFUSED_FOR,
                tokens: MAX_TOKENS,
            },
            http: HttpClient::new(),
            claims: PhantomData,
        }
    }

    /// The service's own client ID and secret at the issuer, sent as `Basic` credentials. Both are form-encoded first (RFC 6749, 2.3.1). Either this
    /// or [`bearer_auth`](Self::bearer_auth) is required.
    pub fn basic_auth(mut self, client_id: &str, client_secret: &str) -> Self {
        let encode =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(client_id), encode(client_secret));
        self.credentials = Some(secret(&format!("Basic {}", STANDARD.encode(pair))));
        self
    }

    /// The service's own token, sent as `Bearer` credentials.
    pub fn bearer_auth(mut self, token: &str) -> Self {
        self.credentials = Some(secret(&format!("Bearer {token}")));
        self
    }

    /// The accepted audiences. The token's `aud`, or one of its values if there are several, must be one of these. Default: `aud` is not checked,
    /// because the issuer decides (RFC 7662, 4).
    pub fn audience<S: Into<String>>(mut self, any_of: impl IntoIterator<Item = S>) -> Self {
        self.rules.audience = Some(any_of.into_iter().map(Into::into).collect());
        self
    }

    /// The accepted issuers. The token's `iss` must be one of these. Default: `iss` is not checked.
    pub fn issuer<S: Into<String>>(mut self, any_of: impl IntoIterator<Item = S>) -> Self {
        self.rules.issuer = Some(any_of.into_iter().map(Into::into).collect());
        self
    }

    /// The tolerated difference between the clocks of the issuer and of this machine, when `exp` and `nbf` are checked. Default: one minute; at most
    /// one hour.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.rules.leeway = leeway;
        self
    }

    /// The maximum length of a token in bytes. A longer token is rejected without asking the issuer. Default: 8192.
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.rules.max_size = bytes;
        self
    }

    /// How long an active token is accepted without asking the issuer again, but not beyond its `exp`. Default: one minute. A revoked token is still
    /// accepted for this time. With zero, the issuer is asked for each call.
    pub fn cache_for(mut self, time: Duration) -> Self {
        self.times.active = time;
        self
    }

    /// How long an invalid token is rejected without asking the issuer again. Default: 10 seconds. With zero, the issuer is asked for each call.
    pub fn cache_refused_for(mut self, time: Duration) -> Self {
        self.times.refused = time;
        self
    }

    /// The maximum number of cached tokens: this many valid ones, and this many invalid ones. If there are more, the least recently used token is
    /// dropped. It is also the maximum number of requests to the issuer that run or wait; beyond that, calls fail with `UNAVAILABLE`. Default:
    /// 10,000; at least 1.
    pub fn max_tokens(mut self, tokens: usize) -> Self {
        self.times.tokens = NonZeroUsize::new(tokens).unwrap_or(NonZeroUsize::MIN);
        self
    }

    /// How requests are sent to the issuer: certificates, timeouts, or your own HTTP client.
    pub fn http(mut self, client: HttpClient) -> Self {
        self.http = client;
        self
    }
}

impl<Claims> IntrospectionBuilder<Claims>
where
    Claims: DeserializeOwned + Clone + Send + Sync + 'static,
{
    /// Makes the verifier. This sends no request to the issuer.
    ///
    /// # Errors
    ///
    /// If there are no credentials, if they are not visible ASCII, if the leeway is longer than one hour, if a list of audiences or issuers is empty,
    /// or if the URL or a certificate cannot be used.
    pub fn build(self) -> Result<Introspection<Claims>, IntrospectionError> {
        let credentials = self.credentials.unwrap_or_else(|| {
            Err(IntrospectionError::new(
                "no credentials are given: add `basic_auth` or `bearer_auth`",
            ))
        })?;
        if self.rules.leeway > MAX_LEEWAY {
            return Err(IntrospectionError::new(
                "the leeway is longer than one hour",
            ));
        }
        for names in [&self.rules.audience, &self.rules.issuer] {
            if names.as_ref().is_some_and(HashSet::is_empty) {
                return Err(IntrospectionError::new(
                    "a list of audiences or issuers is empty",
                ));
            }
        }
        let http = self.http.build(MAX_IDLE).map_err(IntrospectionError::new)?;
        let url = http.url(&self.url).map_err(IntrospectionError::new)?;
        Ok(Introspection::new(
            url,
            credentials,
            self.rules,
            self.times,
            http,
        ))
    }
}

fn secret(value: &str) -> Result<HeaderValue, IntrospectionError> {
    let value = HeaderValue::from_str(value);
    let mut value =
        value.map_err(|_| IntrospectionError::new("the credentials are not visible ASCII"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Leaves out the credentials.
impl<Claims> fmt::Debug for IntrospectionBuilder<Claims> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntrospectionBuilder")
            .field("rules", &self.rules)
            .field("times", &self.times)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// The error of [`IntrospectionBuilder::build`]. It contains no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntrospectionError(String);

impl IntrospectionError {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for IntrospectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for IntrospectionError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::TokenInfo;

    /// The example of RFC 6749, appendix B.
    #[test]
    fn credentials_are_form_encoded_before_base64() {
        let builder = IntrospectionBuilder::<TokenInfo>::new(String::new());
        let builder = builder.basic_auth("a:b", " %&+£€");
        let shown = format!("{builder:?}");
        let value = builder.credentials.unwrap().unwrap();
        let encoded = STANDARD.encode("a%3Ab:+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(value.to_str().unwrap(), format!("Basic {encoded}"));
        assert!(value.is_sensitive());
        assert!(!shown.contains(&encoded), "{shown}");
    }

    #[test]
    fn invalid_settings_do_not_build() {
        let builder = |url: &str| IntrospectionBuilder::<TokenInfo>::new(url.to_owned());
        let url = "https://id.example.com/introspect";
        let good = || builder(url).bearer_auth("s3cret");
        assert!(good().build().is_ok());
        for (builder, why) in [
            (builder(url), "no credentials"),
            (builder(url).bearer_auth("a\nb"), "not visible ASCII"),
            (
                builder("http://id.example.com/").bearer_auth("a"),
                "not encrypted",
            ),
            (
                builder("ftp://id.example.com/").bearer_auth("a"),
                "neither https nor http",
            ),
            (builder("/introspect").bearer_auth("a"), "no absolute URL"),
            (
                builder("https://u:s3cret@id.example.com/").bearer_auth("a"),
                "has a user",
            ),
            (builder("not a URL").bearer_auth("a"), "no URL"),
            (good().leeway(Duration::from_secs(3601)), "leeway"),
            (good().audience([""; 0]), "is empty"),
            (good().issuer([""; 0]), "is empty"),
            (
                good().http(HttpClient::new().root_certificates("")),
                "no root certificate",
            ),
            (
                good().http(HttpClient::new().root_certificates(
                    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                )),
                "cannot be used",
            ),
        ] {
            let error = builder.build().err().unwrap().to_string();
            assert!(error.contains(why), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
