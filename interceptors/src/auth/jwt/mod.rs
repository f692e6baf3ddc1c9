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
//! | size | not more than 8 KiB ([`max_size`](Builder::max_size)); what is larger is refused before a byte of it is decoded |
//! | algorithm | one of those that [`builder`](JwtVerifier::builder) was given. The token's `alg` only chooses among them, and only one that its key is for. They are all symmetric or all asymmetric, so no public key is ever taken for a secret; there is no `none` |
//! | key | the one that `kid` names; see [below](#keys) |
//! | `crit` | not there: no extension is understood (RFC 7515, 4.1.11) |
//! | `typ` | what [`token_type`](Builder::token_type) says, if it was called |
//! | signature | before anything that the claims say is believed |
//! | `exp` | there, and not over, give or take the [leeway](Builder::leeway) of one minute |
//! | `nbf` | over, if it is there, with the same leeway |
//! | `aud`, `iss` | there, and one of those given; to [go without](Builder::any_audience) has to be said, or it does not compile |
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
//! is a value; when and whence to fetch it is for the service to say. [`JwtVerifier::set_keys`] replaces it while calls
//! are served; during a rotation the set has the old key and the new one. Of a JWK set, keys for
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
//! # Cryptography
//!
//! It is that of [RustCrypto](https://github.com/RustCrypto), without C or assembly to build. A process
//! that prefers another [`CryptoProvider`](https://docs.rs/jsonwebtoken/latest/jsonwebtoken/crypto/struct.CryptoProvider.html)
//! of `jsonwebtoken` installs it before it builds a verifier.

mod builder;
mod expiry;
mod keys;
mod rules;
mod verifier;

pub use builder::{Builder, Decided, Undecided};
pub use jsonwebtoken::jwk::{Jwk, JwkSet};
pub use jsonwebtoken::{Algorithm, DecodingKey};
pub use keys::{KeySet, SetupError};
pub use verifier::JwtVerifier;
