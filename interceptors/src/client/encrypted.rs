//! Whether a connection is encrypted, as far as that can be known.

use http::Uri;

/// Whether tonic connects without TLS. It uses TLS only for `https`, and only if it was built with TLS. Without TLS it
/// speaks plain HTTP/2 to `https` too. The scheme is compared as tonic compares it: older versions of `http` keep the
/// case. `tls_config` is `Endpoint::tls_config`, or the method of [`WithoutTls`].
pub fn connects_in_plaintext<E, A, R: Built>(uri: &Uri, tls_config: fn(E, A) -> R) -> Option<bool> {
    let _ = tls_config;
    Some(!R::WITH_TLS || uri.scheme_str() != Some("https"))
}

/// Whether a client's origin says that its channel is plaintext.
pub(crate) fn of_origin(origin: &Uri) -> Option<bool> {
    let scheme = origin.scheme_str()?;
    Some(!scheme.eq_ignore_ascii_case("https"))
}

/// Replaces `Endpoint::tls_config` where tonic was built without TLS.
pub trait WithoutTls: Sized {
    fn tls_config(self, _: ()) -> NoTls {
        NoTls
    }
}

impl<T> WithoutTls for T {}

/// Whether tonic was built with TLS, derived from the return type of `tls_config`.
pub trait Built {
    const WITH_TLS: bool;
}

pub struct NoTls;

impl Built for NoTls {
    const WITH_TLS: bool = false;
}

impl<T, E> Built for Result<T, E> {
    const WITH_TLS: bool = true;
}

#[cfg(test)]
mod tests {
    use super::*;

    struct WithTls;

    impl WithTls {
        #[allow(clippy::unnecessary_wraps)] // the same signature as tonic's
        fn tls_config(self, _: &str) -> Result<Self, ()> {
            Ok(self)
        }
    }

    struct Bare;

    #[test]
    fn only_https_with_tls_is_encrypted() {
        for (uri, expected) in [
            ("https://a", false),
            ("http://a", true),
            ("HTTP://a", true),
            ("grpc://a", true),
            ("a:1", true),
        ] {
            let uri: Uri = uri.parse().unwrap();
            let found = connects_in_plaintext(&uri, WithTls::tls_config);
            assert_eq!(found, Some(expected), "{uri}");
            let found = connects_in_plaintext(&uri, Bare::tls_config);
            assert_eq!(found, Some(true), "{uri}");
        }
        let _ = WithTls.tls_config("").is_ok();
    }
}
