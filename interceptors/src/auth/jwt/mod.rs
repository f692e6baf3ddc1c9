//! Tokens that are JWTs (RFC 7519), verified by [`jsonwebtoken`](https://docs.rs/jsonwebtoken). Feature `jwt`.
//!
//! ```
//! use interceptors::auth::jwt::{Algorithm, JwkSet, JwtVerifier};
//! use serde::Deserialize;
//!
//! /// What the service wants to know of its caller.
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
//! With `auth(verifier = self.verifier)`, handlers then find `request.identity::<Claims>()?`.
//!
//! # What is checked
//!
//! | | |
//! | --- | --- |
//! | size | at most 8 KiB ([`max_size`](JwtVerifierBuilder::max_size)); a larger token is rejected before any of it is decoded |
//! | algorithm | one of those that [`builder`](JwtVerifier::builder) was given, and one that fits the key. The token's `alg` only chooses among them. They are all symmetric or all asymmetric, so a public key is never used as a secret. `none` is not supported |
//! | key | the one that `kid` names; see [below](#keys) |
//! | `crit` | absent: no extension is supported (RFC 7515, 4.1.11) |
//! | `typ` | what [`token_type`](JwtVerifierBuilder::token_type) says, if it was called |
//! | signature | valid; it is checked before any claim is used |
//! | `exp` | present, and in the future, with a [leeway](JwtVerifierBuilder::leeway) of one minute |
//! | `nbf` | absent, or in the past, with the same leeway |
//! | `aud`, `iss` | present, and one of those given. If you do not want to check one, [say so](JwtVerifierBuilder::any_audience); otherwise it does not compile |
//! | claims | valid for your type |
//!
//! If a check fails, the call ends with `UNAUTHENTICATED` and the same text as a call without a token. The reason is logged at `DEBUG`, without the
//! token or anything in it.
//!
//! Revoked tokens are not detected. Streams end at `exp` plus the leeway of the token that they began with (see
//! [`auth`](super#streams-end-with-their-token)). If you write a verifier around this one, pass that time on with
//! [`expires_at`](super::Verifier::expires_at).
//!
//! # Keys
//!
//! Keys are a [`KeySet`]: one [`DecodingKey`], several named keys, or a [`JwkSet`] as an issuer publishes it. Your service fetches the set and gives it to
//! the verifier. With feature `jwks-url` the verifier [fetches it](#keys-by-url) itself. [`JwtVerifier::set_keys`] replaces the set while calls are
//! served. During a rotation the set has the old key and the new one.
//!
//! Keys of a JWK set for other uses (`use`, `key_ops`), of other types and for other algorithms (`alg`) are left out. A key that cannot be used is skipped
//! (RFC 7517, 5): one that is malformed, too weak or of an unknown type, or one that has no `kid` beside other keys. A `tracing` event of level `WARN`
//! has its `kid` and the reason. If no key is left, that is an error, and [`JwtVerifier::set_keys`] keeps the old keys.
//!
//! A token whose `kid` is not in the set is rejected. If there are several keys, a token without `kid` is rejected too. A single key without a name
//! verifies all tokens, whatever `kid` they have.
//!
//! A key that is too weak for its algorithm is not used: an HMAC secret shorter than the hash, or an RSA modulus of
//! less than 2048 bits (RFC 7518, 3.2 and 3.3). A [`DecodingKey`] that cannot be used is an error.
//!
//! # Keys by URL
//!
//! With feature `jwks-url` a verifier fetches the keys of its issuer. `discover` takes their URL from the issuer's configuration (OpenID Connect
//! Discovery 1.0); `jwks_url` sets the URL itself.
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
//! // To wait is not needed: a service may start while its issuer is down.
//! if let Err(error) = verifier.ready().await {
//!     eprintln!("no token can be checked yet: {error}");
//! }
//! # Ok(verifier)
//! # }
//! ```
//!
//! | | |
//! | --- | --- |
//! | at the start | `build` begins the first fetch if a tokio runtime is there; otherwise the first call does. Calls wait for it. Until there are keys, calls end with `UNAVAILABLE` and not with `UNAUTHENTICATED`, because nobody can say yet whether their token is good |
//! | again | after seven to eight tenths of `cache-control: max-age` (less `age`), even without calls. A `max-age` below a minute counts as a minute, one above an hour as an hour, and a missing one as ten minutes |
//! | a `kid` that is not in the set | the call waits for a fetch, so a token with a new key is accepted at once. Such a fetch begins at the earliest 30 seconds after the last one began; before that, the token is rejected. Calls share the fetch, and a call that is cancelled does not end it |
//! | the fetch fails | the old keys stay in use, up to `max_stale` after `max-age` (24 hours by default). After that calls end with `UNAVAILABLE`. While fetches fail, so do calls with a `kid` that is not in the old keys. The verifier tries again after a second, then each time 1.6 times later, up to 30 seconds, each ± 20 % |
//! | rejected | plain `http` unless the host is allowed, redirects to another host, answers over 1 MiB, more than 256 keys, a configuration of another `issuer`. `auth::HttpClient` sets this, and the time-outs: 5 seconds to connect, 10 in total |
//! | secret keys | `oct` keys of a set are not used, and HMAC algorithms are an error when the verifier is built |
//!
//! Each fetch that fails is a `tracing` event of level `WARN`, and the first success after it an event of level `INFO`. `JwtVerifier::fetches` counts fetches.
//! With feature `metrics`, OpenTelemetry's global meter `interceptors` counts them too, as `interceptors.auth.fetches`. The counter has the attribute
//! `interceptors.auth.asked = "keys"` and, after a failure, `error.type`: an HTTP status, or `connection`, `timeout`, `url`, `too_large` or `malformed`.
//!
//! A token without `kid` causes no fetch. If the only key has no `kid`, no token causes one: the next key is found at the next regular fetch.
//!
//! The fetches run in one task, which ends when the last clone of the verifier is dropped.
//!
//! # Cryptography
//!
//! The cryptography is that of [RustCrypto](https://github.com/RustCrypto), which needs no C or assembly to build. To use another
//! [`CryptoProvider`](https://docs.rs/jsonwebtoken/latest/jsonwebtoken/crypto/struct.CryptoProvider.html) of `jsonwebtoken`, install it before you build
//! a verifier.
//!
//! Keys by URL need TLS. It is rustls, with `ring` unless the process has installed another provider. `ring` needs a C compiler.

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
