/// Whether this is a metadata key that a caller may send: `1*( 0-9 / a-z / "_" / "-" / "." )` in
/// the gRPC over HTTP/2 specification.
pub(crate) const fn is_legal(key: &str) -> bool {
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

#[cfg(test)]
mod tests {
    #[test]
    fn keys_are_those_of_the_specification() {
        for legal in ["authorization", "x-api-key", "a", "0_9.z"] {
            assert!(super::is_legal(legal), "{legal}");
        }
        for illegal in ["", "X-Api-Key", "a b", "ä", ":path", "a\n"] {
            assert!(!super::is_legal(illegal), "{illegal}");
        }
    }
}
