use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// The protocol of a request, from its `content-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web, in binary or as base64.
    GrpcWeb { is_text: bool },
    /// Anything else.
    Http,
}

impl Protocol {
    #[cfg_attr(not(debug_assertions), inline)]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        // There are few headers. A scan takes less time than a hash of the name.
        let Some((_, content_type)) = headers.iter().find(|(name, _)| **name == CONTENT_TYPE)
        else {
            return Self::Http;
        };
        let Some(after) = content_type.as_bytes().strip_prefix(b"application/grpc") else {
            return Self::Http;
        };
        match after {
            [] | [b'+' | b';', ..] => Self::Grpc,
            _ => Self::of_web(after),
        }
    }

    #[cold]
    fn of_web(after: &[u8]) -> Self {
        let ends = |rest: &[u8]| matches!(rest, [] | [b'+' | b';', ..]);
        match (
            after.strip_prefix(b"-web"),
            after.strip_prefix(b"-web-text"),
        ) {
            (_, Some(rest)) if ends(rest) => Self::GrpcWeb { is_text: true },
            (Some(rest), _) if ends(rest) => Self::GrpcWeb { is_text: false },
            _ => Self::Http,
        }
    }

    /// The content type of a response with a gRPC status.
    pub(crate) fn content_type(self) -> Option<HeaderValue> {
        Some(HeaderValue::from_static(match self {
            Self::Grpc => "application/grpc",
            Self::GrpcWeb { is_text: true } => "application/grpc-web-text+proto",
            Self::GrpcWeb { is_text: false } => "application/grpc-web+proto",
            Self::Http => return None,
        }))
    }

    /// Whether responses have a gRPC status.
    pub(crate) fn has_grpc_status(self) -> bool {
        self != Self::Http
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocol_is_taken_from_the_content_type() {
        for (content_type, expected) in [
            ("application/grpc", Protocol::Grpc),
            ("application/grpc+proto", Protocol::Grpc),
            ("application/grpc;charset=utf-8", Protocol::Grpc),
            ("application/grpc-web", Protocol::GrpcWeb { is_text: false }),
            (
                "application/grpc-web+proto",
                Protocol::GrpcWeb { is_text: false },
            ),
            (
                "application/grpc-web-text",
                Protocol::GrpcWeb { is_text: true },
            ),
            (
                "application/grpc-web-text+proto",
                Protocol::GrpcWeb { is_text: true },
            ),
            ("application/grpcx", Protocol::Http),
            ("application/grpc-webx", Protocol::Http),
            ("application/json", Protocol::Http),
            ("", Protocol::Http),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(Protocol::of(&headers), expected, "{content_type}");
        }
        assert_eq!(Protocol::of(&HeaderMap::new()), Protocol::Http);
    }
}
