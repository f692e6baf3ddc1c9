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
//! | size | not more than 8 KiB ([`max_size`](JwtVerifierBuilder::max_size)); what is larger is refused before a byte of it is decoded |
//! | algorithm | one of those that [`builder`](JwtVerifier::builder) was given. The token's `alg` only chooses among them, and only one that its key is for. They are all symmetric or all asymmetric, so no public key is ever taken for a secret; there is no `none` |
//! | key | the one that `kid` names; see [below](#keys) |
//! | `crit` | not there: no extension is understood (RFC 7515, 4.1.11) |
//! | `typ` | what [`token_type`](JwtVerifierBuilder::token_type) says, if it was called |
//! | signature | before anything that the claims say is believed |
//! | `exp` | there, and not over, give or take the [leeway](JwtVerifierBuilder::leeway) of one minute |
//! | `nbf` | over, if it is there, with the same leeway |
//! | `aud`, `iss` | there, and one of those given; to [go without](JwtVerifierBuilder::any_audience) has to be said, or it does not compile |
//! | claims | of the shape of your type |
//!
//! Whatever fails, the call ends with `UNAUTHENTICATED` and the text of a call without a token. The reason is logged at
//! `DEBUG`, with neither the token nor anything that stands in it.
//!
//! What is not checked: whether a token has been revoked. Streams end with the token that they began with: at `exp` plus the leeway
//! (see [`auth`](super#streams-end-with-their-token)). A verifier of yours around this one says by
//! [`expires_at`](super::Verifier::expires_at) when that is.
//!
//! # Keys
//!
//! Keys are a [`KeySet`]: one [`DecodingKey`], several that have names, or a [`JwkSet`] as an issuer publishes it. It
//! is a value, which the service fetches; with feature `jwks-url` the verifier [fetches it](#keys-by-url) itself.
//! [`JwtVerifier::set_keys`] replaces it while calls are served; during a rotation the set has the old key and the new one. Of a JWK set, keys for
//! other uses (`use`, `key_ops`), of other types and for other algorithms (`alg`) are left out. A key of the set that cannot be used is
//! skipped (RFC 7517, 5): it is malformed, too weak, of a type that is not known, or has no `kid` beside other keys. A `tracing` event of level `WARN`
//! says its `kid` and the reason. If no key is left, that is an error, and [`JwtVerifier::set_keys`] keeps the old keys.
//!
//! A token whose `kid` is not in the set is refused, and so is one without `kid` where there are several keys. A single
//! key without a name verifies all tokens, whatever they name.
//!
//! Keys that are too weak for their algorithm are not used: an HMAC secret shorter than the hash, an RSA modulus of
//! less than 2048 bits (RFC 7518, 3.2 and 3.3). A [`DecodingKey`] that cannot be used is an error.
//!
//! # Keys by URL
//!
//! With feature `jwks-url` a verifier fetches the keys of its issuer: where the issuer's configuration says that they are
//! (`discover`, OpenID Connect Discovery 1.0), or from a URL (`jwks_url`).
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
//! | at the start | `build` begins the first fetch where a runtime of tokio is; otherwise the first call does. Calls wait for it. Until there are keys, calls end with `UNAVAILABLE`, not `UNAUTHENTICATED`: nobody can say yet whether their token is good |
//! | again | when seven to eight tenths of `cache-control: max-age` (less `age`) are over, whether or not there are calls. A `max-age` of less than a minute counts as a minute, of more than an hour as an hour, and none as ten minutes |
//! | a `kid` that is not in the set | the call waits for a fetch, so a token of a key that was just added is accepted at once. Such a fetch begins 30 seconds after the last one began, or later: within them the token is refused. Calls share the fetch; one that is cancelled does not end it |
//! | the fetch fails | the old keys stay, up to `max_stale` beyond `max-age` (24 hours, unless set). After that calls end with `UNAVAILABLE`, as do those with a `kid` that is not in the old keys. A fetch that was due is tried again after a second, then each time 1.6 times later, up to 30 seconds, each ± 20 % |
//! | refused | plain `http` unless the host is allowed, redirects to another host, answers over 1 MiB, more than 256 keys, a configuration of another `issuer`; see `auth::HttpClient`, which also has the time-outs: 5 seconds to connect, 10 for all |
//! | secret keys | `oct` keys of a set are not used, and HMAC algorithms are an error where the verifier is built |
//!
//! Each fetch that fails is a `tracing` event of level `WARN`, and the first one that succeeds after it of level `INFO`. `JwtVerifier::fetches`
//! counts them. With feature `metrics`, so does OpenTelemetry's global meter `interceptors`: the counter `interceptors.auth.fetches` has the attributes
//! `interceptors.auth.asked = "keys"` and, where it failed, `error.type`: a status of HTTP, or `connection`, `timeout`, `url`, `too_large` or `malformed`.
//!
//! A token without `kid` causes no fetch, and no token does where the only key has none: then the next key is found when the set is fetched again.
//!
//! The fetches are one task, which ends when the last clone of the verifier is dropped.
//!
//! # Cryptography
//!
//! It is that of [RustCrypto](https://github.com/RustCrypto), without C or assembly to build. A process
//! that prefers another [`CryptoProvider`](https://docs.rs/jsonwebtoken/latest/jsonwebtoken/crypto/struct.CryptoProvider.html)
//! of `jsonwebtoken` installs it before it builds a verifier.
//!
//! TLS, which keys by URL need, is rustls's, with `ring` unless the process has installed another provider. `ring` needs a C compiler.

mod builder;
#[cfg(feature = "jwks-url")]
mod by_url;
mod expiry;
mod keys;
mod rules;
mod verifier;

pub use builder::{Decided, JwtVerifierBuilder, Undecided};
pub use jsonwebtoken::jwk::{Jwk, JwkSet};
pub use jsonwebtoken::{Algorithm, DecodingKey};
pub use keys::{KeySet, SetupError};
pub use verifier::JwtVerifier;
