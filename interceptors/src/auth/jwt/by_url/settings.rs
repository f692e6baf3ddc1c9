use std::time::Duration;

use http::Uri;

use super::super::builder::{Decided, JwtVerifierBuilder, Undecided};
use super::super::keys::SetupError;
use super::fetch::Fetching;
use crate::auth::HttpClient;

/// The settings for URLs in a builder.
#[derive(Debug)]
pub(in crate::auth::jwt) struct Settings {
    pub(in crate::auth::jwt) urls: Vec<Url>,
    pub(super) http: HttpClient,
    pub(super) max_stale: Duration,
}

/// The source of the keys.
#[derive(Debug)]
pub(in crate::auth::jwt) enum Url {
    Keys(String),
    Issuer(String),
}

/// The source after its URL was checked.
pub(super) enum Place {
    Keys(Uri),
    /// OpenID Connect Discovery 1.0.
    Issuer {
        issuer: String,
        url: Uri,
    },
}

impl Place {
    pub(super) fn url(&self) -> &Uri {
        match self {
            Self::Keys(url) | Self::Issuer { url, .. } => url,
        }
    }
}

const MAX_STALE: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            http: HttpClient::new(),
            max_stale: MAX_STALE,
        }
    }
}

impl<Claims, Aud> JwtVerifierBuilder<Claims, Aud, Undecided> {
    /// Fetches the keys of this issuer, and accepts only its tokens: their `iss` must be exactly this text. Feature `jwks-url`.
    ///
    /// The URL of the keys is read from `/.well-known/openid-configuration` below the issuer's URL (OpenID Connect Discovery 1.0, 4). The `issuer` in
    /// that document must be this text too, byte for byte (4.3); otherwise the fetch fails. See the [module documentation](super::super#keys-by-url).
    ///
    /// ```
    /// # use interceptors::auth::jwt::{Algorithm, JwtVerifier, SetupError};
    /// # fn verifier() -> Result<JwtVerifier<()>, SetupError> {
    /// let verifier = JwtVerifier::builder([Algorithm::ES256])
    ///     .discover("https://id.example.com")
    ///     .audience(["users"])
    ///     .build()?;
    /// # Ok(verifier)
    /// # }
    /// ```
    pub fn discover(
        mut self,
        issuer: impl Into<String>,
    ) -> JwtVerifierBuilder<Claims, Aud, Decided> {
        let issuer = issuer.into();
        self.by_url.urls.push(Url::Issuer(issuer.clone()));
        self.issuer([issuer])
    }
}

impl<Claims, Aud, Iss> JwtVerifierBuilder<Claims, Aud, Iss> {
    /// Fetches the keys from this URL, which must return a [`JwkSet`](super::super::JwkSet). Feature `jwks-url`. See the
    /// [module documentation](super::super#keys-by-url).
    ///
    /// ```
    /// # use interceptors::auth::jwt::{Algorithm, JwtVerifier, SetupError};
    /// # fn verifier() -> Result<JwtVerifier<()>, SetupError> {
    /// let verifier = JwtVerifier::builder([Algorithm::ES256])
    ///     .jwks_url("https://id.example.com/jwks")
    ///     .issuer(["https://id.example.com"])
    ///     .audience(["users"])
    ///     .build()?;
    /// # Ok(verifier)
    /// # }
    /// ```
    pub fn jwks_url(mut self, url: impl Into<String>) -> Self {
        self.by_url.urls.push(Url::Keys(url.into()));
        self
    }

    /// How keys are fetched: certificates, timeouts, or your own HTTP client. Feature `jwks-url`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use interceptors::auth::HttpClient;
    /// # use interceptors::auth::jwt::{Algorithm, JwtVerifier, SetupError};
    /// # fn verifier() -> Result<JwtVerifier<()>, SetupError> {
    /// let verifier = JwtVerifier::builder([Algorithm::ES256])
    ///     .discover("http://localhost:8080/realms/test")
    ///     .http(HttpClient::new().allow_insecure_http("localhost").timeout(Duration::from_secs(2)))
    ///     .audience(["users"])
    ///     .build()?;
    /// # Ok(verifier)
    /// # }
    /// ```
    pub fn http(mut self, client: HttpClient) -> Self {
        self.by_url.http = client;
        self
    }

    /// How long fetched keys are used after their `max-age` while fetches fail. After that, calls end with `UNAVAILABLE`. Default: 24 hours. Feature
    /// `jwks-url`.
    ///
    /// With a longer time, the service survives longer outages of its issuer. But if an attacker blocks the connection to the issuer, a withdrawn key
    /// also stays valid longer.
    pub fn max_stale(mut self, time: Duration) -> Self {
        self.by_url.max_stale = time;
        self
    }
}

impl Settings {
    /// The checked settings for fetches, if keys are fetched.
    pub(in crate::auth::jwt) fn fetching(
        self,
        has_keys: bool,
    ) -> Result<Option<Fetching>, SetupError> {
        let mut urls = self.urls.into_iter();
        let Some(url) = urls.next() else {
            return Ok(None);
        };
        if has_keys || urls.next().is_some() {
            return Err(SetupError::KeysTwice);
        }
        let http = self.http.build(0).map_err(SetupError::Http)?;
        let place = match url {
            Url::Keys(url) => Place::Keys(http.url(&url).map_err(SetupError::Http)?),
            Url::Issuer(issuer) => {
                // OpenID Connect Discovery 1.0, 3.
                if issuer.contains(['?', '#']) {
                    let why = format!("the issuer `{issuer}` has a query or a fragment");
                    return Err(SetupError::Http(why));
                }
                let base = issuer.strip_suffix('/').unwrap_or(&issuer);
                let url = http.url(&format!("{base}/.well-known/openid-configuration"));
                Place::Issuer {
                    url: url.map_err(SetupError::Http)?,
                    issuer,
                }
            }
        };
        Ok(Some(Fetching {
            place,
            http,
            max_stale: self.max_stale,
        }))
    }
}
