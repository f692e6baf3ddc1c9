use std::fmt;
use std::time::Duration;

/// The effective settings of an entry, displayed as `name=value` with spaces between them.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    values: &'static [Setting],
    expressions: &'static [Setting],
}

impl Settings {
    pub(super) const fn new(values: &'static [Setting], expressions: &'static [Setting]) -> Self {
        Self {
            values,
            expressions,
        }
    }

    /// Each setting with its value. Settings without a value are left out.
    pub fn iter(&self) -> impl Iterator<Item = &'static Setting> + use<> {
        let all = self.expressions.iter().chain(self.values);
        all.filter(|setting| !matches!(setting.value, Value::Unset))
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, setting) in self.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{}={}", setting.name, setting.value)?;
        }
        Ok(())
    }
}

/// A setting of an interceptor, and its effective value.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    name: &'static str,
    value: Value,
}

impl Setting {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, value: Value) -> Self {
        Self { name, value }
    }

    /// The name of the setting, such as `max_delay`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its effective value.
    #[must_use]
    pub const fn value(&self) -> Value {
        self.value
    }
}

/// The value of a setting.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// The setting has no value and no default.
    Unset,
    /// A string, or an expression without its literals.
    Text(&'static str),
    /// A whole number.
    Integer(u64),
    /// A number.
    Float(f64),
    /// A duration.
    Duration(Duration),
    /// A list of gRPC status codes.
    Codes(&'static [tonic::Code]),
    /// A list of strings.
    Texts(&'static [&'static str]),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("-"),
            Self::Text("") => f.write_str("\"\""),
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Duration(duration) => write!(f, "{duration:?}"),
            Self::Codes(codes) => write!(f, "{codes:?}"),
            Self::Texts(texts) => write!(f, "[{}]", texts.join(", ")),
        }
    }
}

#[cfg(feature = "json")]
impl Value {
    pub(super) fn to_json(self) -> serde_json::Value {
        match self {
            Self::Unset => serde_json::Value::Null,
            Self::Text(text) => text.into(),
            Self::Integer(n) => n.into(),
            Self::Float(x) => x.into(),
            Self::Duration(_) => self.to_string().into(),
            Self::Codes(codes) => codes.iter().map(|code| format!("{code:?}")).collect(),
            Self::Texts(texts) => texts.iter().copied().collect(),
        }
    }
}
