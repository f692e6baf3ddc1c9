//! Verifies tokens that are JWTs (RFC 7519), with [`jsonwebtoken`](https://docs.rs/jsonwebtoken). Feature `jwt`.
//!
//! ```
//! use interceptors::auth::jwt::{Algorithm, JwkSet, JwtVerifier};
//! use serde::Deserialize;
//!
//! /// The claims that the service reads.
//! #[derive(Clone, Deserialize)]
//! struct Claims {
//!     sub: String,
//!     #[serde(default)]
//!     roles: Vec<String>,
//! }
//!
//! # fn verifier(fetched: &JwkSet) -> Result<(), interceptors::auth::jwt::SetupError> {
//! let verifier = JwtVerifier::<Claims>::builder([Algorithm::ES256])
//!     .issuer(["https://id.example.com"])
//!     .audience(["users"])
//!     .keys(fetched)
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! With `auth(verifier = self.verifier)`, handlers get the claims from `request.identity::<Claims>()?`.
//!
//! # What is checked
//!
//! | | |
//! | --- | --- |
//! | size | at most 8 KiB ([`max_size`](JwtVerifierBuilder::max_size)); a larger token is rejected before any of it is decoded |
//! | algorithm | one of those given to [`builder`](JwtVerifier::builder), and one that fits the key. The token's `alg` only chooses among them. The given algorithms must be all symmetric or all asymmetric, so a public key is never used as a secret. `none` is not supported |
//! | key | the one that `kid` names; see [below](#keys) |
//! | `crit` | absent: no extension is supported (RFC 7515, 4.1.11) |
//! | `typ` | the value given to [`token_type`](JwtVerifierBuilder::token_type); not checked without it |
//! | signature | valid; it is checked before any claim is used |
//! | `exp` | present, and in the future, with a [leeway](JwtVerifierBuilder::leeway) of one minute |
//! | `nbf` | absent, or in the past, with the same leeway |
//! | `aud`, `iss` | present, and one of the given values. To accept any value, call [`any_audience`](JwtVerifierBuilder::any_audience) or `any_issuer`; otherwise `build` does not compile |
//! | claims | deserialize into your type |
//!
//! If a check fails, the call ends with `UNAUTHENTICATED` and the same text as a call without a token. The reason is logged at `DEBUG`, without the
//! token or anything in it.
//!
//! Revoked tokens are not detected. Streams end at the `exp` of their token plus the leeway (see [`auth`](super#streams-end-with-their-token)). If
//! you write a verifier that wraps this one, return that time from [`expires_at`](super::Verifier::expires_at).
//!
//! # Keys
//!
//! Keys are a [`KeySet`]: one [`DecodingKey`], several named keys, or a [`JwkSet`] as an issuer publishes it. Your service fetches the set and gives
//! it to the verifier. With feature `jwks-url` the verifier [fetches the set](#keys-by-url) itself. [`JwtVerifier::set_keys`] replaces the set while
//! the service runs. During a key rotation, the set has the old key and the new one.
//!
//! Keys of a JWK set for other uses (`use`, `key_ops`), of other types and for other algorithms (`alg`) are ignored. Unusable keys are skipped (RFC
//! 7517, 5): keys that are malformed, too weak or of an unknown type, and keys without `kid` in a set of several keys. For each, a `tracing` event of
//! level `WARN` has the `kid` and the reason. If no key is left, the set is an error, and [`JwtVerifier::set_keys`] keeps the old keys.
//!
//! A token whose `kid` is not in the set is rejected. If there are several keys, a token without `kid` is rejected too. A single key without a name
//! is used for all tokens, whatever `kid` they have.
//!
//! A key is too weak for its algorithm if it is an HMAC secret shorter than the hash, or an RSA key of less than 2048 bits (RFC 7518, 3.2 and 3.3). A
//! [`DecodingKey`] that cannot be used is an error.
//!
//! # Keys by URL
//!
//! With feature `jwks-url` a verifier fetches the keys of its issuer. `discover` reads the keys' URL from the issuer's configuration (OpenID Connect
//! Discovery 1.0); with `jwks_url` you set the URL yourself.
//!
#![cfg_attr(feature = "jwks-url", doc = "```")]
#![cfg_attr(not(feature = "jwks-url"), doc = "```ignore")]
//! use interceptors::auth::jwt::{Algorithm, JwtVerifier, SetupError};
//! # use serde::Deserialize;
//! #
//! # #[derive(Clone, Deserialize)]
//! # struct Claims {
//! #     sub: String,
//! # }
//!
//! # async fn verifier() -> Result<JwtVerifier<Claims>, SetupError> {
//! let verifier = JwtVerifier::<Claims>::builder([Algorithm::ES256])
//!     .discover("https://id.example.com")
//!     .audience(["users"])
//!     .build()?;
//! // Optional: a service may also start while its issuer is down.
//! if let Err(error) = verifier.ready().await {
//!     eprintln!("no token can be checked yet: {error}");
//! }
//! # Ok(verifier)
//! # }
//! ```
//!
//! | | |
//! | --- | --- |
//! | first fetch | `build` starts it, if it is called inside a tokio runtime; otherwise the first call does. Calls wait for the fetch. If it fails, calls end with `UNAVAILABLE` and not with `UNAUTHENTICATED`, because without keys the verifier cannot know whether a token is valid |
//! | next fetches | after 70 to 80 % of `cache-control: max-age` (less `age`), even if there are no calls. A `max-age` below a minute counts as a minute, one above an hour as an hour, and a missing one as ten minutes |
//! | a `kid` that is not in the set | the call waits for a fetch, so a token with a new key is accepted at once. Such a fetch starts at the earliest 30 seconds after the last one started; before that, the token is rejected. Calls share the fetch, and a cancelled call does not stop it |
//! | a fetch fails | the old keys stay in use, up to `max_stale` after `max-age` (default: 24 hours). After that, calls end with `UNAVAILABLE`. Calls with a `kid` that is not in the old keys end with `UNAVAILABLE` too. The next fetch starts after 1 second, then each time after 1.6 times as long, up to 30 seconds, each ± 20 % |
//! | a fetch is rejected | if the URL is plain `http` (unless its host is allowed), if it redirects to another host, if the response has more than 1 MiB or 256 keys, or if the configuration has another `issuer`. `auth::HttpClient` has settings for the allowed hosts and for the timeouts: 5 seconds to connect, 10 seconds in total. Give it to the verifier with `.http(…)` |
//! | secret keys | `oct` keys of a set are ignored, and HMAC algorithms are an error of `build` |
//!
//! Each failed fetch is logged at `WARN`, and the first success after it at `INFO`. `JwtVerifier::fetches` returns the number of fetches. With feature `metrics`, OpenTelemetry's global meter `interceptors` counts them too, as `interceptors.auth.fetches`. The counter has the attribute `interceptors.auth.asked = "keys"` and, after a failure, `error.type`: an HTTP status, or `connection`, `timeout`, `url`, `too_large` or `malformed`.
//!
//! A token without `kid` does not cause a fetch. If the only key has no `kid`, no token causes a fetch, and a new key is used only after the next regular fetch.
//!
//! The fetches run in one task, which ends when the last clone of the verifier is dropped.
//!
//! # Cryptography
//!
//! Signatures are verified with [RustCrypto](https://github.com/RustCrypto), which needs no C compiler to build. To use another [`CryptoProvider`](https://docs.rs/jsonwebtoken/latest/jsonwebtoken/crypto/struct.CryptoProvider.html) of `jsonwebtoken`, install it before you build a verifier.
//!
//! Fetching keys needs TLS. This crate uses rustls, with `ring` unless the process has installed another provider. `ring` needs a C compiler to build.

mod builder;
#[cfg(feature = "jwks-url")]
mod by_url;
mod expiry;
mod keys;
mod rules;
mod verifier;

pub use builder::{Decided, JwtVerifierBuilder, Undecided};
// Its name in the first checkouts.
#[doc(hidden)]
pub use builder::JwtVerifierBuilder as Builder;
pub use jsonwebtoken::jwk::{Jwk, JwkSet};
pub use jsonwebtoken::{Algorithm, DecodingKey};
pub use keys::{KeySet, SetupError};
pub use verifier::JwtVerifier;
