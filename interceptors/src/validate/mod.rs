//! Rejects requests with invalid messages: `INVALID_ARGUMENT`, with the fields that are wrong.
//!
//! ```
//! use interceptors::validate::{Validate, Violations};
//!
//! struct CreateUser {
//!     email: String,
//!     age: u32,
//! }
//!
//! impl Validate for CreateUser {
//!     fn validate(&self) -> Result<(), Violations> {
//!         let mut violations = Violations::new();
//!         if !self.email.contains('@') {
//!             violations.add("email", "must be an address");
//!         }
//!         if self.age > 150 {
//!             violations.add("age", "must be at most 150");
//!         }
//!         violations.into_result()
//!     }
//! }
//!
//! let user = CreateUser { email: String::new(), age: 200 };
//! let violations = user.validate().unwrap_err();
//! assert_eq!(violations.to_string(), "email: must be an address; age: must be at most 150");
//! ```
//!
//! The reference says where you can list it, and has all its settings: [`validate`](crate::intercept#validate).
//!
//! Implement [`Validate`] for each message type. If a method's message does not implement it, the method does not compile, unless `except` names it.
//! So each message that is added to the proto is either checked or explicitly left out.
//!
//! # The status
//!
//! The status code is `INVALID_ARGUMENT`. Its details are a `google.rpc.BadRequest` with all violations, in the order in which they were added. Each
//! violation has the path of a field and a description. The status message has the same information as text. Do not put the field's value into a
//! description, because descriptions may be logged.
//!
//! If a status is too large for HTTP/2 headers, the caller gets a different error. So there are limits:
//!
//! - the first 100 violations are kept, and those that fit into 4 KiB are sent;
//! - a path is cut after 256 bytes, and a description after 512;
//! - at most 1 KiB of the message is sent.
//!
//! # Request streams
//!
//! Each message is checked when the handler reads it. The first invalid message ends the stream with the status, and the handler does not get that
//! message. The paths in the status say which message it was (`messages[3].email`, counted from 0). The handler's signature does not change. The
//! handler decides what to do with an error of its request stream. Most handlers return it with `?`, and then it is the status of the call.
//!
//! To check the messages of a request stream in your own interceptor, see [`Call::each_message`](crate::Call::each_message).
//!
//! # With the crate `garde`
//!
//! With feature `garde`, messages can derive `garde::Validate` of the crate [`garde`](https://docs.rs/garde) (in `build.rs`, with `type_attribute`
//! and `field_attribute`). One line for each message, `validate_with_garde!`, then implements [`Validate`] for it.
//!
//! # Cost
//!
//! A single message costs one call of its `validate`, and this crate allocates nothing if the message is valid. A request stream costs up to 5
//! allocations for each call, because tonic's stream has to be rebuilt, and none for each message.

use std::fmt;

use tonic::{Code, Response, Status, Streaming};
use tonic_types::{BadRequest, ErrorDetails, FieldViolation, StatusExt};

use crate::core::frame::{Looks, Seen};
use crate::core::messages::inspected;
use crate::{Call, Interceptor, Next, Sides};

/// A message that can be validated. See the [module documentation](self).
#[diagnostic::on_unimplemented(
    message = "[I0811] `{Self}` cannot be validated",
    label = "the trait `interceptors::validate::Validate` is not implemented for `{Self}`",
    note = "implement `Validate` for it, or leave the method out: `validate(except = [...])`"
)]
pub trait Validate {
    /// Validates the message.
    ///
    /// # Errors
    ///
    /// If the message is invalid: the fields that are wrong.
    fn validate(&self) -> Result<(), Violations>;
}

/// The violations of a message: fields and what is wrong with them. Only the first 100 are kept, because a message from an unknown caller may have
/// millions of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<(String, String)>);

impl Violations {
    /// The maximum number of violations that are kept.
    const MOST: usize = 100;
    /// The maximum length of the status's text in bytes.
    const LONGEST: usize = 1024;
    /// The maximum size of the details. The text repeats a part of them, and may take three bytes for each of its own.
    /// Together they stay below 16 KiB, the limit on headers of HTTP/2 implementations.
    const LARGEST: usize = 4 * 1024;
    const LONGEST_FIELD: usize = 256;
    const LONGEST_DESCRIPTION: usize = 512;

    /// An empty list. It does not allocate.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a violation: the path of the field (`address.city`, `items[2].price`), and what is wrong with it.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        if self.0.len() < Self::MOST {
            self.0.push((field.into(), description.into()));
        }
    }

    /// Adds the violations of a nested message. `field` is put before their paths.
    ///
    /// ```
    /// use interceptors::validate::Violations;
    ///
    /// let mut address = Violations::new();
    /// address.add("city", "must not be empty");
    /// let mut user = Violations::new();
    /// user.nest("address", Err(address));
    /// assert_eq!(user.to_string(), "address.city: must not be empty");
    /// ```
    pub fn nest(&mut self, field: &str, of_field: Result<(), Self>) {
        if let Err(Self(violations)) = of_field {
            let nested = violations.into_iter().take(Self::MOST - self.0.len());
            self.0
                .extend(nested.map(|(path, text)| (format!("{field}.{path}"), text)));
        }
    }

    /// Whether there are no violations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations: the path of each field, and what is wrong with it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let violations = self.0.iter();
        violations.map(|(field, description)| (field.as_str(), description.as_str()))
    }

    /// The result for [`Validate::validate`] to return.
    ///
    /// # Errors
    ///
    /// The violations, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(self),
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (field, description)) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            match field {
                "" => write!(f, "{separator}{description}")?,
                _ => write!(f, "{separator}{field}: {description}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

impl From<Violations> for Status {
    fn from(violations: Violations) -> Self {
        let text = format!("the request is not valid: {violations}");
        let text = shortened(text, Violations::LONGEST);
        let sent = violations.0.into_iter().map(|(field, description)| {
            FieldViolation::new(
                shortened(field, Violations::LONGEST_FIELD),
                shortened(description, Violations::LONGEST_DESCRIPTION),
            )
        });
        let mut size = 0;
        let fits = |violation: &FieldViolation| {
            // Protobuf adds a frame for each violation, and for each of its two texts.
            size += violation.field.len() + violation.description.len() + 12;
            size <= Violations::LARGEST
        };
        let sent: Vec<_> = sent.take_while(fits).collect();
        let mut details = ErrorDetails::new();
        details.set_bad_request(BadRequest::new(sent).field_violations);
        Self::with_error_details(Code::InvalidArgument, text, details)
    }
}

fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most - 3).rev().find(|&i| text.is_char_boundary(i));
        text.truncate(end.unwrap_or(0));
        text.push_str("...");
    }
    text
}

#[cfg(feature = "garde")]
#[doc(hidden)]
pub mod __garde {
    pub use ::garde::*;
}

/// What `garde` reports, with its paths.
#[cfg(feature = "garde")]
impl From<garde::Report> for Violations {
    fn from(report: garde::Report) -> Self {
        let errors = report.iter();
        Self(
            errors
                .take(Self::MOST)
                .map(|(path, error)| (path.to_string(), error.to_string()))
                .collect(),
        )
    }
}

/// Implements [`Validate`](crate::validate::Validate) for messages that derive `garde::Validate` with the context `()`. Feature `garde`.
///
/// ```
/// #[derive(garde::Validate)]
/// struct Login {
///     #[garde(length(min = 3))]
///     name: String,
///     #[garde(skip)]
///     password: String,
/// }
///
/// interceptors::validate_with_garde!(Login);
///
/// use interceptors::validate::Validate;
/// let login = Login { name: "me".into(), password: String::new() };
/// assert!(login.validate().unwrap_err().to_string().starts_with("name: "));
/// ```
#[cfg(feature = "garde")]
#[macro_export]
macro_rules! validate_with_garde {
    ($($message:ty),+ $(,)?) => {$(
        impl $crate::validate::Validate for $message {
            fn validate(&self) -> ::core::result::Result<(), $crate::validate::Violations> {
                match $crate::validate::__garde::Validate::validate(self) {
                    ::core::result::Result::Ok(()) => ::core::result::Result::Ok(()),
                    ::core::result::Result::Err(report) => ::core::result::Result::Err(report.into()),
                }
            }
        }
    )+};
}

/// A request whose messages can be validated: a message that is [`Validate`], or a stream of such messages. Users
/// implement `Validate`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "[I0811] the messages of this method cannot be validated: `{Self}`",
    label = "`interceptors::validate::Validate` is not implemented for the method's message",
    note = "implement `Validate` for it, or leave the method out: `validate(except = [...])`"
)]
pub trait ValidateRequest: Sized + Send {
    #[doc(hidden)]
    fn check(request: &mut Option<Self>) -> Result<(), Status>;
}

impl<M: Validate + Send> ValidateRequest for M {
    #[inline]
    fn check(request: &mut Option<Self>) -> Result<(), Status> {
        match request.as_ref().map(M::validate) {
            Some(Err(violations)) => Err(violations.into()),
            Some(Ok(())) | None => Ok(()),
        }
    }
}

impl<M: Validate + Send + 'static> ValidateRequest for Streaming<M> {
    fn check(request: &mut Option<Self>) -> Result<(), Status> {
        let mut index = 0_u64;
        let valid = move |message: &mut M| {
            let valid = message.validate();
            valid.map_err(|violations| of_message(index, violations))?;
            index += 1;
            Ok(())
        };
        *request = request.take().map(|stream| inspected(stream, valid));
        Ok(())
    }
}

fn of_message(index: u64, violations: Violations) -> Status {
    let mut nested = Violations::new();
    nested.nest(&format!("messages[{index}]"), Err(violations));
    nested.into()
}

/// The interceptor behind `validate`. It has no settings, so only the attribute makes it.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Validation;

impl Validation {
    /// Makes the interceptor.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<Req: ValidateRequest, Res: Send> Interceptor<Req, Res> for Validation {
    async fn intercept(
        &self,
        call: &mut Call<Req>,
        next: &mut impl Next<Req, Res>,
    ) -> Result<Response<Res>, Status> {
        Req::check(call.message_slot())?;
        next.run(call).await
    }
}

#[doc(hidden)]
impl<M: ValidateRequest, B> Looks<M, B> for Validation {
    fn look(&self, seen: Seen<'_, M, B>) -> Result<(), Status> {
        match seen.is_on_way_in() {
            true => M::check(seen.request),
            false => Ok(()),
        }
    }
}

/// The plan entry of `validate`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Entry;

impl crate::Entry for Entry {
    const NAME: &'static str = "validate";
    const SIDES: Sides = Sides::SERVER;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lists_fields_and_descriptions() {
        let mut violations = Violations::new();
        violations.add("email", "must be an address");
        violations.add("", "nothing is set");
        let status = Status::from(violations);
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.message(),
            "the request is not valid: email: must be an address; nothing is set"
        );
        let details = status.get_details_bad_request().unwrap();
        let fields: Vec<_> = details
            .field_violations
            .iter()
            .map(|it| &*it.field)
            .collect();
        assert_eq!(fields, ["email", ""]);
        assert_eq!(
            details.field_violations[0].description,
            "must be an address"
        );
    }

    #[test]
    fn status_with_many_violations_stays_small() {
        let mut violations = Violations::new();
        for i in 0..10_000 {
            violations.add(format!("items[{i}]"), "ä".repeat(50));
        }
        let status = Status::from(violations);
        assert!(status.message().len() <= 1024, "{}", status.message().len());
        assert!(status.message().ends_with("..."));
        assert!(status.details().len() <= 6 * 1024);
    }

    #[test]
    fn only_the_first_100_violations_are_kept() {
        let many = |field: &str| {
            let mut violations = Violations::new();
            (0..10_000).for_each(|i| violations.add(format!("{field}{i}"), "wrong"));
            violations
        };
        let mut violations = Violations::new();
        violations.add("first", "wrong");
        violations.nest("a", Err(many("b")));
        violations.nest("c", Err(many("d")));
        assert_eq!(violations.iter().count(), 100);
        assert_eq!(violations.iter().nth(99), Some(("a.b98", "wrong")));
        let details = Status::from(violations).get_details_bad_request().unwrap();
        assert_eq!(details.field_violations.len(), 100);
    }

    #[test]
    fn long_fields_and_descriptions_are_cut() {
        let mut violations = Violations::new();
        for _ in 0..100 {
            // The caller chooses the keys of a map.
            violations.add(
                format!("labels[{}]", "k".repeat(1 << 20)),
                "ä".repeat(1 << 20),
            );
        }
        let status = Status::from(violations);
        assert!(
            status.details().len() <= 6 * 1024,
            "{}",
            status.details().len()
        );
        let sent = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(sent.len(), 5);
        assert_eq!(sent[0].field.len(), 256);
        assert!(sent[0].field.starts_with("labels[k") && sent[0].field.ends_with("..."));
        assert!((510..=512).contains(&sent[0].description.len()));
    }
}
