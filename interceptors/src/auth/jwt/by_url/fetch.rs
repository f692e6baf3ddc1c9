//! One fetch of the keys.

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;

use super::super::keys::{KeySet, Keys};
use super::super::rules::Rules;
use super::settings::Place;
use crate::auth::FetchError;
use crate::auth::remote::{Http, Outgoing};

/// How long keys are valid if their issuer does not say.
const LIFE: Duration = Duration::from_secs(600);
const MIN_LIFE: Duration = Duration::from_secs(60);
const MAX_LIFE: Duration = Duration::from_secs(3600);

/// Checking a key takes time, and an issuer has only a few.
const MAX_KEYS: usize = 256;

/// The URL of the keys and the HTTP client.
pub(in crate::auth::jwt) struct Fetching {
    pub(super) place: Place,
    pub(super) http: Http,
    pub(super) max_stale: Duration,
}

/// The fields of the issuer's metadata that this crate needs.
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl Fetching {
    /// The keys, and how long they are valid.
    pub(super) async fn fetch(&self, rules: &Rules) -> Result<(Keys, Duration), FetchError> {
        let fetch = self.fetch_without_timeout(rules);
        self.http.with_timeout(self.place.url(), fetch).await
    }

    async fn fetch_without_timeout(&self, rules: &Rules) -> Result<(Keys, Duration), FetchError> {
        let url = match &self.place {
            Place::Keys(url) => url.clone(),
            Place::Issuer { issuer, url } => {
                let request = Outgoing::get(url.clone());
                let known: Configuration = self.http.send(request).await?.json()?;
                if known.issuer != *issuer {
                    return Err(FetchError::malformed(format!(
                        "{url} is the configuration of the issuer `{}`, not of `{issuer}`",
                        known.issuer
                    )));
                }
                let keys = self.http.url(&known.jwks_uri);
                keys.map_err(|why| {
                    FetchError::malformed(format!("the `jwks_uri` of {url}: {why}"))
                })?
            }
        };
        let answer = self.http.send(Outgoing::get(url)).await?;
        let set: JwkSet = answer.json()?;
        let url = &answer.url;
        if set.keys.len() > MAX_KEYS {
            return Err(FetchError::malformed(format!(
                "{url} has more than {MAX_KEYS} keys"
            )));
        }
        let keys = Keys::new(KeySet::from(set), rules);
        let keys =
            keys.map_err(|error| FetchError::malformed(format!("the keys of {url}: {error}")))?;
        Ok((keys, life(&answer.headers)))
    }
}

/// The cache lifetime of the response (RFC 9111, 4.2), within bounds. `no-store` does not mean that the issuer wants a
/// request for each call.
fn life(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let mut said = None;
    for directive in directives {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
            return MIN_LIFE;
        }
        if name.eq_ignore_ascii_case("max-age") {
            // A value that is not a number promises nothing.
            said.get_or_insert(seconds(value.trim_matches('"')).unwrap_or_default());
        }
    }
    let age = headers.get(AGE).and_then(|age| seconds(age.to_str().ok()?));
    match said {
        None => LIFE,
        Some(max_age) => max_age
            .saturating_sub(age.unwrap_or_default())
            .clamp(MIN_LIFE, MAX_LIFE),
    }
}

/// A number that overflows counts as very large (RFC 9111, 1.2.2).
fn seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn cache_headers_set_the_lifetime_of_keys_within_bounds() {
        for (headers, expected) in [
            (&[] as &[(_, &str)], 600),
            (&[("cache-control", "max-age=300")], 300),
            (
                &[("cache-control", "public, Max-Age=300, must-revalidate")],
                300,
            ),
            (&[("cache-control", "max-age=\"300\"")], 300),
            (
                &[
                    ("cache-control", "public"),
                    ("cache-control", "max-age=300"),
                ],
                300,
            ),
            (&[("cache-control", "max-age=300, max-age=900")], 300),
            (&[("cache-control", "s-maxage=300")], 600),
            (&[("cache-control", "max-age=300"), ("age", "100")], 200),
            (&[("cache-control", "max-age=300"), ("age", "400")], 60),
            (&[("cache-control", "max-age=300"), ("age", "old")], 300),
            (&[("cache-control", "max-age=0")], 60),
            (&[("cache-control", "max-age=-1")], 60),
            (&[("cache-control", "max-age")], 60),
            (&[("cache-control", "max-age=5")], 60),
            (&[("cache-control", "no-store")], 60),
            (&[("cache-control", "max-age=300, no-cache")], 60),
            (&[("cache-control", "max-age=86400")], 3600),
            (
                &[("cache-control", "max-age=99999999999999999999999999")],
                3600,
            ),
            (&[("cache-control", "\u{e4}")], 600),
            (&[("cache-control", ",,=,")], 600),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            assert_eq!(life(&map), Duration::from_secs(expected), "{headers:?}");
        }
    }
}
