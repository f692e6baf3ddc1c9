use tracing::Value;

/// A value that `logging(fields(name = expr))` can log.
///
/// The request is gone when the event is logged, so the value is copied when the call arrives. It is implemented for numbers, `bool`, `String`,
/// `str`, and for `Option`s of and references to them. For other types, write `name = %expr` to log the `Display` text, or `name = ?expr` to log the
/// `Debug` text. Or implement this trait for your type.
///
/// ```
/// use interceptors::logging::Capture;
///
/// struct Tenant(u64);
///
/// impl Capture for Tenant {
///     type Captured = u64;
///
///     fn capture(&self) -> u64 {
///         self.0
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0806] `{Self}` cannot be a field of a log event",
    label = "neither a number, a `bool` nor a string",
    note = "put `%` in front of the expression to log it with `Display`, or `?` for `Debug`"
)]
pub trait Capture {
    /// The type of the kept value.
    type Captured: Value + Send + 'static;

    /// Copies the value.
    fn capture(&self) -> Self::Captured;
}

macro_rules! capture_by_copy {
    ($($t:ty),*) => {$(
        impl Capture for $t {
            type Captured = $t;

            fn capture(&self) -> $t {
                *self
            }
        }
    )*};
}

capture_by_copy!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool
);

impl Capture for str {
    type Captured = String;

    fn capture(&self) -> String {
        self.to_owned()
    }
}

impl Capture for String {
    type Captured = String;

    fn capture(&self) -> String {
        self.clone()
    }
}

impl<T: Capture> Capture for Option<T> {
    type Captured = Option<T::Captured>;

    fn capture(&self) -> Option<T::Captured> {
        self.as_ref().map(T::capture)
    }
}

impl<T: Capture + ?Sized> Capture for &T {
    type Captured = T::Captured;

    fn capture(&self) -> T::Captured {
        T::capture(self)
    }
}

/// The text of `%expr`, kept until the call ends.
pub fn display_text(value: &impl std::fmt::Display) -> String {
    value.to_string()
}

/// The text of `?expr`, kept until the call ends.
pub fn debug_text(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}")
}
