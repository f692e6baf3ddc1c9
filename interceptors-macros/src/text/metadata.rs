use syn::{Expr, Lit};

use super::literals::literal;

/// The error for a metadata key, if it is not legal. See "Custom-Metadata" in the gRPC over HTTP/2 specification.
pub(crate) fn wrong_metadata_key(key: &str) -> Option<String> {
    let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    const RESERVED: [&str; 6] = [
        "te",
        "content-type",
        "content-length",
        "user-agent",
        "host",
        "connection",
    ];
    if key.is_empty() {
        return Some("a metadata key cannot be empty".to_owned());
    }
    if key.starts_with("grpc-") || RESERVED.contains(&key) {
        return Some(format!(
            "`{key}` is reserved for gRPC itself; choose another key"
        ));
    }
    if key.chars().any(|c| c.is_ascii_uppercase()) {
        let lower = key.to_ascii_lowercase();
        return Some(format!("metadata keys are lower case; write `\"{lower}\"`"));
    }
    (!key.chars().all(is_legal)).then(|| {
        "a metadata key is made of lower-case letters, digits, `-`, `_` and `.`".to_owned()
    })
}

/// The error for a literal that cannot be the value of a metadata key.
pub(crate) fn wrong_metadata_value(is_binary: bool, value: &Expr) -> Option<&'static str> {
    match (is_binary, literal(value)?) {
        (false, Lit::Str(text)) if text.value().chars().all(|c| (' '..='~').contains(&c)) => None,
        (false, Lit::Str(_)) => Some(
            "a metadata value is visible ASCII; for other text take a key that ends in `-bin`, and bytes",
        ),
        (false, Lit::ByteStr(_)) => {
            Some("bytes need a key that ends in `-bin`; or write the value as a string")
        }
        (true, Lit::Str(_)) => {
            Some("a key that ends in `-bin` takes bytes; write the value as `b\"…\"`")
        }
        _ => None,
    }
}

/// Base64 without padding, as gRPC encodes the values of `-bin` keys.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let [a, b, c] = three.map(usize::from);
        let bits = a << 16 | b << 8 | c;
        let digits = [18, 12, 6, 0].map(|shift| char::from(DIGITS[bits >> shift & 63]));
        text.extend(&digits[..=chunk.len()]);
    }
    text
}
