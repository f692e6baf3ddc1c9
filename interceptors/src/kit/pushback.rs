use std::time::Duration;

use http::HeaderName;
use tonic::metadata::MetadataMap;

/// What the server says about retries.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Pushback {
    /// Nothing.
    None,
    /// Retry after exactly this long.
    After(Duration),
    /// Do not retry.
    Stop,
}

/// `grpc-retry-pushback-ms` is a signed 32-bit number in ASCII. A negative or unreadable value forbids retries (gRFC
/// A6). Of several values the last one counts, as in grpc-core and grpc-java.
pub fn pushback(metadata: &MetadataMap) -> Pushback {
    let Some(value) = metadata
        .as_ref()
        .get_all("grpc-retry-pushback-ms")
        .iter()
        .next_back()
    else {
        return Pushback::None;
    };
    let millis: Option<i32> = value.to_str().ok().and_then(|text| text.parse().ok());
    match millis.map(u64::try_from) {
        Some(Ok(millis)) => Pushback::After(Duration::from_millis(millis)),
        _ => Pushback::Stop,
    }
}

/// Tells the server how many attempts preceded this one.
pub static PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pushback_is_parsed_as_in_a6() {
        for (values, expected) in [
            (&[] as &[&str], Pushback::None),
            (&["500"], Pushback::After(Duration::from_millis(500))),
            (&["0"], Pushback::After(Duration::ZERO)),
            (&["-1"], Pushback::Stop),
            (&["abc"], Pushback::Stop),
            (&[""], Pushback::Stop),
            (&["100.5"], Pushback::Stop),
            (&["4294967296"], Pushback::Stop),
            (&["0100"], Pushback::After(Duration::from_millis(100))),
            (&["100", "300"], Pushback::After(Duration::from_millis(300))),
        ] {
            let mut metadata = MetadataMap::new();
            for value in values {
                metadata.append("grpc-retry-pushback-ms", value.parse().unwrap());
            }
            assert_eq!(pushback(&metadata), expected, "{values:?}");
        }
    }
}
