use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tonic::metadata::{AsciiMetadataValue, BinaryMetadataValue};

use crate::kit::key::is_text;

/// A text value for a metadata key. It is implemented for strings, numbers, tonic's
/// [`AsciiMetadataValue`](https://docs.rs/tonic/0.14/tonic/metadata/type.AsciiMetadataValue.html), and `Option`s of them. You can implement it for
/// your own types. The text must be visible ASCII.
///
/// ```
/// use interceptors::metadata::{AsciiValue, NotAscii};
/// use tonic::metadata::AsciiMetadataValue;
///
/// struct Tenant(String);
///
/// impl AsciiValue for &Tenant {
///     fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
///         self.0.as_str().into_value()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0810] `{Self}` cannot be the value of a metadata key",
    label = "neither a string nor a number",
    note = "a `Result` needs `?`, a future `.await`, an `Option<String>` of `self` `.as_deref()`; call `.to_string()` on what has a text; bytes need a key that ends in `-bin`"
)]
pub trait AsciiValue {
    /// The value; `None` leaves the key out.
    ///
    /// # Errors
    ///
    /// If the text is not visible ASCII.
    fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii>;

    /// The text, if the value is one. The header value of a constant is made once.
    #[doc(hidden)]
    fn as_text(&self) -> Option<&str> {
        None
    }
}

/// A value of bytes, for a metadata key that ends in `-bin`. It is implemented for byte containers, tonic's
/// [`BinaryMetadataValue`](https://docs.rs/tonic/0.14/tonic/metadata/type.BinaryMetadataValue.html), and `Option`s of them. You can implement it for
/// your own types.
///
/// ```
/// use interceptors::metadata::BinaryValue;
/// use tonic::metadata::BinaryMetadataValue;
///
/// struct Cursor([u8; 4]);
///
/// impl BinaryValue for &Cursor {
///     fn into_value(self) -> Option<BinaryMetadataValue> {
///         self.0.as_slice().into_value()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0810] `{Self}` cannot be the value of a metadata key that ends in `-bin`",
    label = "not bytes",
    note = "such a key takes bytes: `b\"…\"`, `&[u8]`, `Vec<u8>`, `Bytes`; for text take a key without `-bin`"
)]
pub trait BinaryValue {
    /// The value; `None` leaves the key out.
    fn into_value(self) -> Option<BinaryMetadataValue>;
}

/// A value in `self` that the attribute can copy. It cannot be moved out of a borrow.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "[I0810] the value is in `self`, and a `{Self}` cannot be moved out of it",
    label = "put `&` in front of it, or call `.clone()`",
    note = "an `Option<String>` needs `.as_deref()`"
)]
pub trait CopiedOutOfSelf: Copy {}

#[diagnostic::do_not_recommend]
impl<T: Copy> CopiedOutOfSelf for T {}

/// Copies the value of `self.name`.
#[doc(hidden)]
pub fn copied<T: CopiedOutOfSelf>(value: &T) -> T {
    *value
}

/// The error of a text that is not visible ASCII, which metadata cannot contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAscii;

impl fmt::Display for NotAscii {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not visible ASCII")
    }
}

impl std::error::Error for NotAscii {}

/// A secret value: `Debug` output does not show it, and HPACK does not index it: `metadata("x-session" = Sensitive(self.session()))`.
///
/// ```
/// use interceptors::intercept;
/// use interceptors::metadata::Sensitive;
///
/// #[intercept(metadata("x-session" = Sensitive(self.session.as_str())))]
/// struct Outbound {
///     session: String,
/// }
/// # let _ = Outbound { session: String::new() }.session;
/// ```
#[derive(Clone, Copy)]
pub struct Sensitive<T>(pub T);

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive")
    }
}

impl<T: AsciiValue> AsciiValue for Sensitive<T> {
    fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
        let mut value = self.0.into_value()?;
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        Ok(value)
    }
}

impl<T: BinaryValue> BinaryValue for Sensitive<T> {
    fn into_value(self) -> Option<BinaryMetadataValue> {
        let mut value = self.0.into_value()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl<T: AsciiValue> AsciiValue for Option<T> {
    fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
        self.map_or(Ok(None), T::into_value)
    }
}

impl<T: BinaryValue> BinaryValue for Option<T> {
    fn into_value(self) -> Option<BinaryMetadataValue> {
        self?.into_value()
    }
}

impl AsciiValue for AsciiMetadataValue {
    fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
        Ok(Some(self))
    }
}

impl BinaryValue for BinaryMetadataValue {
    fn into_value(self) -> Option<BinaryMetadataValue> {
        Some(self)
    }
}

macro_rules! text {
    ($($t:ty),*) => {$(
        impl AsciiValue for $t {
            fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
                let text: &str = self.as_ref();
                match is_text(text.as_bytes()) {
                    true => text.parse().map(Some).map_err(|_| NotAscii),
                    false => Err(NotAscii),
                }
            }

            fn as_text(&self) -> Option<&str> {
                Some(self.as_ref())
            }
        }
    )*};
}

text!(
    &str,
    &String,
    &&str,
    std::borrow::Cow<'_, str>,
    Arc<str>,
    Box<str>
);

impl AsciiValue for String {
    fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
        match is_text(self.as_bytes()) {
            true => AsciiMetadataValue::try_from(self)
                .map(Some)
                .map_err(|_| NotAscii),
            false => Err(NotAscii),
        }
    }
}

macro_rules! numbers {
    ($($t:ty),*) => {$(
        impl AsciiValue for $t {
            fn into_value(self) -> Result<Option<AsciiMetadataValue>, NotAscii> {
                Ok(Some(self.into()))
            }
        }
    )*};
}

numbers!(u16, u32, u64, usize, i16, i32, i64, isize);

macro_rules! bytes {
    ($($t:ty),*) => {$(
        impl BinaryValue for $t {
            fn into_value(self) -> Option<BinaryMetadataValue> {
                Some(BinaryMetadataValue::from_bytes(self.as_ref()))
            }
        }
    )*};
}

bytes!(
    &[u8],
    Vec<u8>,
    &Vec<u8>,
    Bytes,
    &Bytes,
    Box<[u8]>,
    Arc<[u8]>
);

impl<const N: usize> BinaryValue for [u8; N] {
    fn into_value(self) -> Option<BinaryMetadataValue> {
        Some(BinaryMetadataValue::from_bytes(&self))
    }
}

impl<const N: usize> BinaryValue for &[u8; N] {
    fn into_value(self) -> Option<BinaryMetadataValue> {
        Some(BinaryMetadataValue::from_bytes(self))
    }
}
