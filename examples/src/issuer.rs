//! An identity provider for the examples. It signs JWTs, and publishes the key that verifies them.

use std::fmt;
use std::time::Duration;

use interceptors::auth::jwt::{Algorithm, Jwk, JwkSet};
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde::Serialize;

use crate::Error;

/// The issuer. Services compare it with the claim `iss`.
pub const ISSUER: &str = "https://id.example.com";

/// How long a token is valid.
pub const LIFETIME: Duration = Duration::from_secs(300);

/// The prefix of the 32 bytes of an Ed25519 key (PKCS #8, RFC 8410).
const FRAME: &[u8] = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// Signs with a key that exists only in this process.
pub struct Issuer {
    key: EncodingKey,
    header: Header,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    roles: &'a [&'a str],
    exp: u64,
}

impl Issuer {
    /// Makes an issuer with a new key.
    ///
    /// # Errors
    ///
    /// Fails if the system has no random bytes.
    pub fn new() -> Result<Self, Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| error.to_string())?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("example-1".to_owned());
        Ok(Self {
            key: EncodingKey::from_ed_der(&[FRAME, &key].concat()),
            header,
        })
    }

    /// The public key, as an issuer publishes it at `/.well-known/jwks.json`.
    ///
    /// # Errors
    ///
    /// No error is known for a key of this kind.
    pub fn published(&self) -> Result<JwkSet, Error> {
        let mut key = Jwk::from_encoding_key(&self.key, self.header.alg)?;
        key.common.key_id.clone_from(&self.header.kid);
        Ok(JwkSet { keys: vec![key] })
    }

    /// A token for the service `aud`, whose subject has these roles.
    ///
    /// # Errors
    ///
    /// No error is known for a key of this kind.
    pub fn token(&self, aud: &str, sub: &str, roles: &[&str]) -> Result<String, Error> {
        let claims = Claims {
            iss: ISSUER,
            aud,
            sub,
            roles,
            exp: get_current_timestamp() + LIFETIME.as_secs(),
        };
        Ok(encode(&self.header, &claims, &self.key)?)
    }
}

/// Does not show the key.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").finish_non_exhaustive()
    }
}
