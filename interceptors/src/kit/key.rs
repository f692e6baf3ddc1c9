//! Which metadata keys and values are legal.

pub use crate::core::secrets::is_of_secrets;
use crate::core::text::same;

/// Whether this is a metadata key that a caller may send: `1*( 0-9 / a-z / "_" / "-" / "." )` in
/// the gRPC over HTTP/2 specification.
pub const fn is_legal(key: &str) -> bool {
    let key = key.as_bytes();
    let mut i = 0;
    while i < key.len() {
        if !matches!(key[i], b'0'..=b'9' | b'a'..=b'z' | b'_' | b'-' | b'.') {
            return false;
        }
        i += 1;
    }
    !key.is_empty()
}

/// Whether a text may be sent under this key. Keys of gRPC and HTTP themselves are reserved, and keys that end in
/// `-bin` carry base64.
pub const fn is_free(key: &str) -> bool {
    const RESERVED: [&str; 6] = [
        "te",
        "content-type",
        "content-length",
        "user-agent",
        "host",
        "connection",
    ];
    let mut i = 0;
    while i < RESERVED.len() {
        if same(key, RESERVED[i]) {
            return false;
        }
        i += 1;
    }
    !matches!(
        key.as_bytes(),
        [b'g', b'r', b'p', b'c', b'-', ..] | [.., b'-', b'b', b'i', b'n']
    )
}

/// Whether this may be a text value: `%x20-%x7E` in the gRPC over HTTP/2 specification. HTTP headers may also have tabs
/// and bytes that are not ASCII.
pub fn is_text(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

mod tests {
    #[test]
    fn legal_keys_match_the_grpc_specification() {
        for legal in ["authorization", "x-api-key", "a", "0_9.z"] {
            assert!(super::is_legal(legal), "{legal}");
        }
        for illegal in ["", "X-Api-Key", "a b", "ä", ":path", "a\n"] {
            assert!(!super::is_legal(illegal), "{illegal}");
        }
    }

    #[test]
    fn reserved_and_binary_keys_are_not_free() {
        for free in ["authorization", "x-api-key", "grpc", "x-bin-x", "tea"] {
            assert!(super::is_free(free), "{free}");
        }
        for taken in ["te", "content-type", "grpc-timeout", "x-token-bin"] {
            assert!(!super::is_free(taken), "{taken}");
        }
    }
}
