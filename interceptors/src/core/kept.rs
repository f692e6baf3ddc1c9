//! A kept request that can be resent.

use std::fmt;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE};
use tonic::metadata::MetadataMap;
use tonic::{Extensions, GrpcMethod};

/// A request that may be resent.
pub struct Kept<Req> {
    pub(crate) message: Req,
    pub(crate) head: KeptHead,
}

/// Leaves out the request, which may hold secrets.
impl<Req> fmt::Debug for Kept<Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

/// `None` for a request without metadata and extensions. Then only one field has to be written and dropped.
pub(crate) struct KeptHead(Option<HeadParts>);

struct HeadParts {
    headers: KeptHeaders,
    extensions: KeptExtensions,
}

impl KeptHead {
    pub(crate) fn into_parts(self) -> (MetadataMap, Extensions) {
        match self.0 {
            Some(HeadParts {
                headers,
                extensions,
            }) => (MetadataMap::from_headers(headers.into()), extensions.into()),
            None => Default::default(),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn of(metadata: &MetadataMap, extensions: &Extensions) -> Self {
        Self(match metadata.is_empty() && extensions.is_empty() {
            true => None,
            false => Some(HeadParts::of(metadata, extensions)),
        })
    }
}

impl HeadParts {
    fn of(metadata: &MetadataMap, extensions: &Extensions) -> Self {
        Self {
            headers: match metadata.is_empty() {
                true => KeptHeaders::None,
                false => KeptHeaders::of(metadata.as_ref()),
            },
            extensions: match extensions.is_empty() {
                true => KeptExtensions::None,
                false => KeptExtensions::of(extensions),
            },
        }
    }
}

enum KeptHeaders {
    None,
    /// Exactly the headers that tonic sends with every call of a channel.
    Tonic,
    /// A list needs one allocation, a map several.
    Listed(Vec<(HeaderName, HeaderValue)>),
}

const TONIC: [(HeaderName, HeaderValue); 2] = [
    (TE, HeaderValue::from_static("trailers")),
    (CONTENT_TYPE, HeaderValue::from_static("application/grpc")),
];

impl KeptHeaders {
    fn of(headers: &HeaderMap) -> Self {
        let is_of_tonic = |(name, value): (&HeaderName, &HeaderValue)| {
            TONIC
                .iter()
                .any(|tonic| (&tonic.0, &tonic.1) == (name, value))
        };
        if headers.len() == TONIC.len()
            && headers.keys_len() == TONIC.len()
            && headers.iter().all(is_of_tonic)
        {
            return Self::Tonic;
        }
        let mut kept = Vec::with_capacity(headers.len());
        kept.extend(
            headers
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        Self::Listed(kept)
    }
}

impl From<KeptHeaders> for HeaderMap {
    fn from(kept: KeptHeaders) -> Self {
        match kept {
            KeptHeaders::None => Self::new(),
            KeptHeaders::Tonic => Self::from_iter(TONIC),
            KeptHeaders::Listed(headers) => Self::from_iter(headers),
        }
    }
}

/// A copy of the extensions would need two allocations for the map and one for each value. A generated client has a
/// single value in them.
enum KeptExtensions {
    None,
    Method(GrpcMethod<'static>),
    All(Extensions),
}

impl KeptExtensions {
    fn of(extensions: &Extensions) -> Self {
        match extensions.get::<GrpcMethod<'static>>() {
            Some(method) if extensions.len() == 1 => Self::Method(method.clone()),
            _ => Self::All(extensions.clone()),
        }
    }
}

impl From<KeptExtensions> for Extensions {
    fn from(kept: KeptExtensions) -> Self {
        match kept {
            KeptExtensions::None => Self::new(),
            KeptExtensions::Method(method) => {
                let mut extensions = Self::new();
                extensions.insert(method);
                extensions
            }
            KeptExtensions::All(extensions) => extensions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|&(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn empty_head_keeps_nothing() {
        let kept = KeptHead::of(&MetadataMap::new(), &Extensions::new());
        assert!(kept.0.is_none());
        let (metadata, extensions) = kept.into_parts();
        assert!(metadata.is_empty() && extensions.is_empty());
    }

    #[test]
    fn all_headers_are_kept() {
        let tonic = [("te", "trailers"), ("content-type", "application/grpc")];
        for pairs in [
            &tonic[..],
            &tonic[..1],
            &[tonic[0], ("content-type", "application/grpc+proto")],
            &[tonic[0], tonic[0]],
            &[tonic[0], ("x-trace-id", "1")],
            &[tonic[0], tonic[1], ("x-tag", "a"), ("x-tag", "b")],
        ] {
            let headers = headers(pairs);
            let kept = KeptHeaders::of(&headers);
            assert_eq!(
                matches!(kept, KeptHeaders::Tonic),
                pairs == tonic,
                "{pairs:?}"
            );
            assert_eq!(HeaderMap::from(kept), headers, "{pairs:?}");
        }
    }

    #[test]
    fn all_extensions_are_kept() {
        let mut extensions = Extensions::new();
        assert!(Extensions::from(KeptExtensions::of(&extensions)).is_empty());
        extensions.insert(GrpcMethod::new("user.v1.UserService", "Login"));
        let kept = Extensions::from(KeptExtensions::of(&extensions));
        assert_eq!(
            kept.get::<GrpcMethod<'_>>().map(|it| it.method()),
            Some("Login")
        );
        extensions.insert(7_u32);
        let kept = Extensions::from(KeptExtensions::of(&extensions));
        assert_eq!((kept.len(), kept.get::<u32>()), (2, Some(&7)));
    }
}
