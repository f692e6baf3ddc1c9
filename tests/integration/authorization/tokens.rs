//! Issuers of JWTs. A key repeats one byte, so none is a secret.

use interceptors::auth::jwt::{Algorithm, Jwk, JwkSet};
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://id.example.com";
pub(crate) const AUDIENCE: &str = "users";

/// Signs tokens with a key of its own.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: EncodingKey,
    pub(crate) kid: Option<&'static str>,
}

impl Issuer {
    /// P-256. The key is this number.
    pub(crate) fn es256(key: u8, kid: &'static str) -> Self {
        // The PKCS #8 frame around it (RFC 5958, RFC 5915).
        let mut der =
            unhex("3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420");
        der.extend([key; 32]);
        Self {
            algorithm: Algorithm::ES256,
            key: EncodingKey::from_ec_der(&der),
            kid: Some(kid),
        }
    }

    /// Ed25519. The seed is this number.
    pub(crate) fn ed25519(key: u8, kid: &'static str) -> Self {
        let mut der = unhex("302e020100300506032b657004220420");
        der.extend([key; 32]);
        Self {
            algorithm: Algorithm::EdDSA,
            key: EncodingKey::from_ed_der(&der),
            kid: Some(kid),
        }
    }

    pub(crate) fn hs256(secret: &[u8]) -> Self {
        Self {
            algorithm: Algorithm::HS256,
            key: EncodingKey::from_secret(secret),
            kid: None,
        }
    }

    /// The key, as an issuer publishes it.
    pub(crate) fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).unwrap();
        jwk.common.key_id = self.kid.map(str::to_owned);
        jwk
    }

    pub(crate) fn header(&self) -> Header {
        let mut header = Header::new(self.algorithm);
        header.kid = self.kid.map(str::to_owned);
        header
    }

    /// A token with these claims, signed.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        encode(&self.header(), claims, &self.key).unwrap()
    }

    /// A valid token with a change.
    pub(crate) fn sign_but(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.sign(&claims)
    }

    pub(crate) fn token(&self) -> String {
        self.sign(&claims())
    }
}

pub(crate) fn set(issuers: &[&Issuer]) -> JwkSet {
    JwkSet {
        keys: issuers.iter().map(|issuer| issuer.jwk()).collect(),
    }
}

/// The Unix time, this many seconds from now.
pub(crate) fn time(from_now: i64) -> i64 {
    i64::try_from(get_current_timestamp()).unwrap() + from_now
}

/// Valid claims.
pub(crate) fn claims() -> Value {
    json!({ "sub": "ann", "iss": ISSUER, "aud": AUDIENCE, "exp": time(600), "roles": ["admin"] })
}

pub(crate) fn unhex(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Base64url without padding.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = three
            .iter()
            .fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        for digit in 0..=chunk.len() {
            text.push(char::from(DIGITS[bits >> (18 - 6 * digit) & 63]));
        }
    }
    text
}
