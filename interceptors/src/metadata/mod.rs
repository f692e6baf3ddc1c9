//! Metadata for every call: `metadata("x-trace-id" = trace_id(), "x-token-bin" = self.token().await?)`.
//!
//! The values are evaluated for each call, and listed behind `retry` for each attempt of it. They may
//! await, and fail with `?`: the attempt then ends with that error and is not sent, and `retry` goes by its code. `None`
//! leaves the key out. A value takes the place of what the caller set under the same key.
//!
//! Text is visible ASCII; what is not ends the call with `INTERNAL`. Keys that end in `-bin` take bytes.
//!
//! # Secrets
//!
//! The values of `authorization`, `proxy-authorization`, `cookie` and `x-api-key` are marked sensitive: no
//! `Debug` output shows them, and HPACK does not index them. So is what stands in [`Sensitive`].

use std::fmt;
use std::future::Future;

use tonic::metadata::{AsciiMetadataValue, BinaryMetadataValue, MetadataMap};
use tonic::{Response, Status};

use crate::kit::key::{is_of_secrets, is_text};
use crate::{Call, Interceptor, Next, Rule, Sides};

mod value;

pub use value::{AsciiValue, BinaryValue, NotAscii, Sensitive};

/// The interceptor behind `metadata`. See the [module documentation](self).
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

impl<F, Fut, Req, Res> Interceptor<Req, Res> for Metadata<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<Values, Status>> + Send,
    Req: Send,
    Res: Send,
{
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        let values = (self.values)().await?;
        values.insert_into(call.metadata_mut());
        next.run(call).await
    }
}

/// What the expressions of an entry gave.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Values {
    /// A list is made faster than a map, and nobody looks anything up.
    values: Vec<(&'static str, Value)>,
}

enum Value {
    Ascii(AsciiMetadataValue),
    Binary(BinaryMetadataValue),
}

/// tonic's own shows bytes that are marked as secret.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ascii(value) => value.fmt(f),
            Self::Binary(value) if value.is_sensitive() => f.write_str("Sensitive"),
            Self::Binary(value) => value.fmt(f),
        }
    }
}

#[doc(hidden)]
impl Values {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn ascii(&mut self, key: &'static str, value: impl AsciiValue) -> Result<(), Status> {
        if let Some(mut value) = value.into_value().map_err(|NotAscii| not_ascii(key))? {
            // A type of the user's own may give any.
            if !is_text(value.as_encoded_bytes()) {
                return Err(not_ascii(key));
            }
            value.set_sensitive(value.is_sensitive() || is_of_secrets(key));
            self.values.push((key, Value::Ascii(value)));
        }
        Ok(())
    }

    pub fn binary(&mut self, key: &'static str, value: impl BinaryValue) -> Result<(), Status> {
        if let Some(value) = value.into_value() {
            self.values.push((key, Value::Binary(value)));
        }
        Ok(())
    }

    fn insert_into(self, metadata: &mut MetadataMap) {
        for (key, value) in self.values {
            match value {
                Value::Ascii(value) => drop(metadata.insert(key, value)),
                Value::Binary(value) => drop(metadata.insert_bin(key, value)),
            }
        }
    }
}

#[cold]
fn not_ascii(key: &str) -> Status {
    // Not the value itself, which may be a secret.
    Status::internal(format!(
        "the value for metadata `{key}` is not visible ASCII"
    ))
}

/// What the plan knows of `metadata`.
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
    use super::*;

    #[test]
    fn what_is_no_metadata_is_an_error_that_does_not_show_it() {
        let mut values = Values::new();
        let status = values.ascii("x-key", "s3cret\n").unwrap_err();
        assert_eq!(status.code(), tonic::Code::Internal);
        assert!(status.message().contains("x-key") && !status.message().contains("s3cret"));
    }

    #[test]
    fn what_http_allows_and_grpc_does_not_is_an_error() {
        let tonics = AsciiMetadataValue::try_from("Łukasz").unwrap();
        let mut values = Values::new();
        for status in [
            values.ascii("x-user", "Łukasz"),
            values.ascii("x-user", String::from("Łukasz")),
            values.ascii("x-user", Some("a\tb")),
            values.ascii("x-user", Sensitive("Łukasz")),
            values.ascii("x-user", tonics),
        ] {
            let status = status.unwrap_err();
            assert_eq!(status.code(), tonic::Code::Internal);
            assert!(status.message().contains("`x-user`"), "{status:?}");
        }
        assert_eq!("Łukasz".into_value(), Err(NotAscii));
        values.ascii("x-user", "from ' ' to '~'").unwrap();
    }

    #[test]
    fn values_are_of_many_types() {
        let mut values = Values::new();
        values.ascii("x-str", "a").unwrap();
        values.ascii("x-string", String::from("b")).unwrap();
        values.ascii("x-number", 7_u64).unwrap();
        values.ascii("x-none", None::<&str>).unwrap();
        values.ascii("x-some", Some("c")).unwrap();
        values.binary("x-bytes-bin", b"\x00\xff").unwrap();
        values.binary("x-none-bin", None::<Vec<u8>>).unwrap();
        let mut metadata = MetadataMap::new();
        values.insert_into(&mut metadata);
        let get = |key: &str| metadata.get(key).map(|value| value.to_str().unwrap());
        assert_eq!(get("x-str"), Some("a"));
        assert_eq!(get("x-string"), Some("b"));
        assert_eq!(get("x-number"), Some("7"));
        assert_eq!(get("x-none"), None);
        assert_eq!(get("x-some"), Some("c"));
        let bytes = metadata.get_bin("x-bytes-bin").unwrap();
        assert_eq!(bytes.to_bytes().unwrap().as_ref(), b"\x00\xff");
        assert!(metadata.get_bin("x-none-bin").is_none());
    }

    #[test]
    fn secrets_do_not_show() {
        let mut values = Values::new();
        values.ascii("authorization", "Bearer s3cret").unwrap();
        values.ascii("x-mine", Sensitive("s3cret")).unwrap();
        values.binary("x-mine-bin", Sensitive(b"s3cret")).unwrap();
        values.ascii("x-trace-id", "shown").unwrap();
        let debug = format!("{values:?} {:?}", Sensitive("s3cret"));
        assert!(!debug.contains("s3cret"), "{debug}");
        assert!(debug.contains("shown"));
    }
}
