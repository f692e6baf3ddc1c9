//! Adds metadata to every call: `metadata("x-trace-id" = trace_id(), "x-token-bin" = self.token().await?)`.
//!
//! ```
//! use interceptors::intercept;
//! use interceptors_proto::demo::user_service_client::UserServiceClient;
//! use tonic::transport::Endpoint;
//!
//! #[intercept(metadata("x-tenant" = self.tenant.as_str(), "x-api-version" = "2"))]
//! struct Outbound {
//!     tenant: String,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let channel = Endpoint::from_static("http://[::1]:50051").connect_lazy();
//! let users = UserServiceClient::new(Outbound { tenant: "acme".to_owned() }.wrap(channel));
//! # let _ = users;
//! # }
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`metadata`](crate::intercept#metadata).
//!
//! Literals become metadata values at compile time. Other values are evaluated for each call; after `retry`, for each attempt. They may use `.await`
//! and `?`. If `?` returns an error, the attempt is not sent and ends with that error; `retry` decides by its status code. `None` leaves the key out.
//! A value replaces a value that the caller set under the same key.
//!
//! Text must be visible ASCII. Any other text ends the call with `INTERNAL`, and the message names the key. Keys that end in `-bin` take bytes.
//!
//! # Secrets
//!
//! The values of `authorization`, `proxy-authorization`, `cookie` and `x-api-key` are marked sensitive: `Debug` output does not show them, and HPACK
//! does not index them. The same is true of a value in [`Sensitive`].

use std::fmt;
use std::future::Future;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::metadata::MetadataMap;
use tonic::{Response, Status};

use crate::kit::key::{is_of_secrets, is_text};
use crate::{Call, Interceptor, Next, Rule, Sides};

mod value;

#[doc(hidden)]
pub use value::copied;
pub use value::{AsciiValue, BinaryValue, NotAscii, Sensitive};

/// The interceptor behind `metadata`. Only the attribute can make it, because it writes the closure for the values.
#[doc(hidden)]
pub struct Metadata<F> {
    values: F,
}

impl<F> Metadata<F> {
    #[doc(hidden)]
    pub const fn new(values: F) -> Self {
        Self { values }
    }
}

impl<F> fmt::Debug for Metadata<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metadata").finish_non_exhaustive()
    }
}

impl<F, Fut, const N: usize, Req, Res> Interceptor<Req, Res> for Metadata<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<[Pair; N], Status>> + Send,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        insert(call.metadata_mut(), (self.values)().await?);
        next.run(call).await
    }
}

/// The interceptor behind `metadata` if all values are literals.
#[doc(hidden)]
#[derive(Debug)]
pub struct Constants<const N: usize>(pub &'static [Constant; N]);

impl<const N: usize, Req: Send, Res: Send> Interceptor<Req, Res> for Constants<N> {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        insert(call.metadata_mut(), self.0.each_ref().map(Pair::constant));
        next.run(call).await
    }
}

fn insert<const N: usize>(metadata: &mut MetadataMap, pairs: [Pair; N]) {
    let headers: &mut HeaderMap = metadata.as_mut();
    for Pair { key, value } in pairs {
        if let Some(value) = value {
            headers.insert(key, value);
        }
    }
}

/// A key, checked at compile time.
#[doc(hidden)]
#[derive(Debug)]
pub struct Key {
    name: HeaderName,
    is_of_secrets: bool,
}

#[doc(hidden)]
impl Key {
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self {
            name: HeaderName::from_static(key),
            is_of_secrets: is_of_secrets(key),
        }
    }
}

/// The value of a constant, made on first use.
#[doc(hidden)]
pub type Made = OnceLock<HeaderValue>;

/// A key with a literal value.
#[doc(hidden)]
#[derive(Debug)]
pub struct Constant {
    key: Key,
    value: HeaderValue,
}

#[doc(hidden)]
impl Constant {
    /// Bytes are given in base64.
    #[must_use]
    pub const fn new(key: &'static str, value: &'static str) -> Self {
        Self {
            key: Key::new(key),
            value: HeaderValue::from_static(value),
        }
    }
}

/// A key and the value of its expression.
#[doc(hidden)]
#[derive(Debug)]
pub struct Pair {
    key: &'static HeaderName,
    /// `None` leaves the key out.
    value: Option<HeaderValue>,
}

#[doc(hidden)]
impl Pair {
    #[must_use]
    pub fn constant(constant: &'static Constant) -> Self {
        let mut value = constant.value.clone();
        value.set_sensitive(constant.key.is_of_secrets);
        Self {
            key: &constant.key.name,
            value: Some(value),
        }
    }

    pub fn ascii(key: &'static Key, value: impl AsciiValue) -> Result<Self, Status> {
        let Ok(value) = value.into_value() else {
            return Err(not_ascii(key));
        };
        let value = match value {
            Some(value) => {
                let is_secret = value.is_sensitive() || key.is_of_secrets;
                Some(in_header(value.into(), is_secret, is_text).ok_or_else(|| not_ascii(key))?)
            }
            None => None,
        };
        Ok(Self {
            key: &key.name,
            value,
        })
    }

    /// The value of a name in capitals, which is a constant. Its text is converted to a header value once. It is
    /// compared on each use, because a constant in a generic type has a value for each instance.
    pub fn named(
        key: &'static Key,
        made: &'static Made,
        value: impl AsciiValue,
    ) -> Result<Self, Status> {
        let Some(text) = value.as_text() else {
            return Self::ascii(key, value);
        };
        if let Some(made) = made.get()
            && made.as_bytes() == text.as_bytes()
        {
            return Ok(Self {
                key: &key.name,
                value: Some(made.clone()),
            });
        }
        let pair = Self::ascii(key, value)?;
        if let Some(value) = &pair.value {
            made.get_or_init(|| value.clone());
        }
        Ok(pair)
    }

    pub fn binary(key: &'static Key, value: impl BinaryValue) -> Result<Self, Status> {
        let value = value.into_value().and_then(|value| {
            let is_secret = value.is_sensitive();
            in_header(value.into(), is_secret, |_| true)
        });
        Ok(Self {
            key: &key.name,
            value,
        })
    }
}

/// Converts tonic's value to a header value. A user's type may return any bytes, so it is checked again.
fn in_header(value: Bytes, is_secret: bool, may_be: fn(&[u8]) -> bool) -> Option<HeaderValue> {
    if !may_be(&value) {
        return None;
    }
    let mut value = HeaderValue::from_maybe_shared(value).ok()?;
    value.set_sensitive(is_secret);
    Some(value)
}

#[cold]
fn not_ascii(key: &Key) -> Status {
    // The value is left out, because it may be a secret.
    Status::internal(format!(
        "the value for metadata `{}` is not visible ASCII",
        key.name
    ))
}

/// The plan entry of `metadata`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "metadata";
    const SIDES: Sides = Sides::CLIENT;
    const RULES: &'static [Rule] = &[
        Rule::after("retry", "each attempt repeats the values of the first").rank(1),
        Rule::after("hedge", "each attempt repeats the values of the first").rank(2),
    ];
}

#[cfg(test)]
mod tests {
    use tonic::metadata::AsciiMetadataValue;

    use super::*;

    static KEY: Key = Key::new("x-key");
    static KEY_BIN: Key = Key::new("x-key-bin");
    static AUTHORIZATION: Key = Key::new("authorization");

    /// The header value of a pair.
    fn header(pair: Result<Pair, Status>) -> Option<HeaderValue> {
        pair.unwrap().value
    }

    #[test]
    fn invalid_value_is_an_error_that_does_not_show_it() {
        let status = Pair::ascii(&KEY, "s3cret\n").unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert!(status.message().contains("x-key") && !status.message().contains("s3cret"));
    }

    #[test]
    fn non_ascii_values_are_errors() {
        let tonics = AsciiMetadataValue::try_from("Łukasz").unwrap();
        for pair in [
            Pair::ascii(&KEY, "Łukasz"),
            Pair::ascii(&KEY, String::from("Łukasz")),
            Pair::ascii(&KEY, Some("a\tb")),
            Pair::ascii(&KEY, Sensitive("Łukasz")),
            Pair::ascii(&KEY, tonics),
        ] {
            let status = pair.unwrap_err();
            assert_eq!(status.code(), tonic::Code::Internal);
            assert!(status.message().contains("`x-key`"), "{status:?}");
        }
        assert_eq!("Łukasz".into_value(), Err(NotAscii));
        Pair::ascii(&KEY, "from ' ' to '~'").unwrap();
    }

    #[test]
    fn values_may_have_many_types() {
        let is = |pair, expected: Option<&str>| {
            assert_eq!(
                header(pair).as_ref().map(|value| value.to_str().unwrap()),
                expected
            );
        };
        is(Pair::ascii(&KEY, "a"), Some("a"));
        is(Pair::ascii(&KEY, String::from("b")), Some("b"));
        is(Pair::ascii(&KEY, 7_u64), Some("7"));
        is(Pair::ascii(&KEY, None::<&str>), None);
        is(Pair::ascii(&KEY, Some("c")), Some("c"));
        is(Pair::binary(&KEY_BIN, b"\x00\xff"), Some("AP8"));
        is(Pair::binary(&KEY_BIN, None::<Vec<u8>>), None);
    }

    #[test]
    fn literal_is_made_once_and_compared() {
        static MADE: Made = Made::new();
        let named = |text: &str| header(Pair::named(&KEY, &MADE, text)).unwrap();
        let first = named("first");
        assert_eq!(first, "first");
        assert_eq!(
            named("first").as_bytes().as_ptr(),
            first.as_bytes().as_ptr()
        );
        assert_eq!(named("second"), "second");
        assert_eq!(
            named("first").as_bytes().as_ptr(),
            first.as_bytes().as_ptr()
        );
        let status = Pair::named(&KEY, &MADE, "a\n").unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert_eq!(header(Pair::named(&KEY, &MADE, 7)).unwrap(), "7");
        assert_eq!(header(Pair::named(&KEY, &MADE, None::<&str>)), None);
    }

    #[test]
    fn secret_literal_is_always_sensitive() {
        static MADE: Made = Made::new();
        for _ in 0..2 {
            let value = header(Pair::named(&AUTHORIZATION, &MADE, "Bearer a"));
            assert!(value.unwrap().is_sensitive());
        }
    }

    #[test]
    fn pairs_replace_existing_values() {
        static CONSTANT: Constant = Constant::new("x-constant", "new");
        let mut metadata = MetadataMap::new();
        for key in ["x-constant", "x-key"] {
            metadata.append(key, "old".parse().unwrap());
            metadata.append(key, "older".parse().unwrap());
        }
        metadata.append_bin(
            "x-key-bin",
            tonic::metadata::BinaryMetadataValue::from_bytes(b"old"),
        );
        let pairs = [
            Pair::constant(&CONSTANT),
            Pair::ascii(&KEY, None::<&str>).unwrap(),
            Pair::binary(&KEY_BIN, b"new").unwrap(),
        ];
        insert(&mut metadata, pairs);
        let all = |key| metadata.get_all(key).iter().collect::<Vec<_>>();
        assert_eq!(all("x-constant"), ["new"]);
        assert_eq!(all("x-key"), ["old", "older"]);
        let bytes = metadata.get_bin("x-key-bin").unwrap();
        assert_eq!(bytes.to_bytes().unwrap().as_ref(), b"new");
        assert_eq!(metadata.get_all_bin("x-key-bin").iter().count(), 1);
    }

    #[test]
    fn debug_output_hides_secrets() {
        static TOKEN: Constant = Constant::new("x-api-key", "s3cret");
        static SHOWN: Constant = Constant::new("x-trace-id", "shown");
        let pairs = [
            Pair::ascii(&AUTHORIZATION, "Bearer s3cret").unwrap(),
            Pair::ascii(&KEY, Sensitive("s3cret")).unwrap(),
            Pair::binary(&KEY_BIN, Sensitive(b"s3cret")).unwrap(),
            Pair::constant(&TOKEN),
            Pair::constant(&SHOWN),
        ];
        let debug = format!("{pairs:?} {:?}", Sensitive("s3cret"));
        assert!(!debug.contains("s3cret"), "{debug}");
        assert!(debug.contains("shown"));
    }
}
