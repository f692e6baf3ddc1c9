use super::super::kind::{Kind, Side};
use super::rules::Rule;
use super::value::{Setting, Settings};

/// Describes an interceptor to the plan: its name, where it works, and its usual order.
///
/// ```
/// use interceptors::{Entry, Rule, Sides};
///
/// struct Audit;
///
/// impl Entry for Audit {
///     const NAME: &'static str = "audit";
///     const SIDES: Sides = Sides::SERVER;
///     const RULES: &'static [Rule] = &[Rule::after("auth", "callers without a token are audited")];
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "[I0821] `{Self}` cannot be listed by its path",
    label = "does not implement `interceptors::Entry`",
    note = "list a value of it, `with(…)`, or implement `interceptors::Entry` for it"
)]
pub trait Entry {
    /// The name in the list, such as `retry`.
    const NAME: &'static str;

    /// Whether it may be listed on services, on clients, or on both. Default: both.
    const SIDES: Sides = Sides::BOTH;

    /// Whether it limits the call to the caller's `grpc-timeout`. If so, the time is counted from the arrival of the call, also while outer
    /// interceptors wait. Default: `false`.
    const KEEPS_TIME: bool = false;

    /// A remark for services with request streams. The printed plan shows it once for these methods. It is not one of the
    /// [notes](crate::Plan::notes), because it is not a mistake. Default: none.
    const REQUEST_STREAM_NOTE: Option<&'static str> = None;

    /// Which interceptors it usually comes before or after. Default: no rules.
    const RULES: &'static [Rule] = &[];
}

/// Whether an interceptor works on services, on clients, or on both.
///
/// ```
/// use interceptors::{Side, Sides};
///
/// assert!(Sides::BOTH.contains(Side::Client));
/// assert!(!Sides::SERVER.contains(Side::Client));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sides {
    server: bool,
    client: bool,
}

impl Sides {
    /// Services only.
    pub const SERVER: Self = Self {
        server: true,
        client: false,
    };
    /// Clients only.
    pub const CLIENT: Self = Self {
        server: false,
        client: true,
    };
    /// Services and clients.
    pub const BOTH: Self = Self {
        server: true,
        client: true,
    };

    /// Whether it works on this side.
    #[must_use]
    pub const fn contains(self, side: Side) -> bool {
        match side {
            Side::Server => self.server,
            Side::Client => self.client,
        }
    }
}

/// An interceptor of a method, with its effective settings.
#[derive(Debug, Clone, Copy)]
pub struct EntryPlan {
    pub(super) name: &'static str,
    settings: &'static [Setting],
    expressions: &'static [Setting],
    /// Only for request messages, not for request streams.
    single_requests_only: bool,
    /// The expression `value` is the interceptor itself, as `with` lists it.
    lists_a_value: bool,
    pub(super) keeps_time: bool,
    pub(super) request_stream_note: Option<&'static str>,
    pub(super) rules: &'static [Rule],
    /// Accepts any message. In a displayed plan: is in the blind part.
    pub(super) blind: bool,
    /// Looks at messages, or needs a copy of one, so it runs after decoding.
    pub(super) is_behind_decoding: bool,
    /// Identifies the caller.
    pub(super) verifies: bool,
    /// In a displayed plan: runs before decoding.
    pub(super) before_decoding: bool,
}

impl EntryPlan {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        name: &'static str,
        settings: &'static [Setting],
        expressions: &'static [Setting],
    ) -> Self {
        Self {
            name,
            settings,
            expressions,
            single_requests_only: false,
            lists_a_value: true,
            keeps_time: false,
            request_stream_note: None,
            rules: &[],
            blind: true,
            is_behind_decoding: false,
            verifies: false,
            before_decoding: false,
        }
    }

    /// The plan of an entry from its own description.
    #[doc(hidden)]
    #[must_use]
    pub const fn of<E: Entry>(
        settings: &'static [Setting],
        expressions: &'static [Setting],
    ) -> Self {
        Self {
            lists_a_value: false,
            keeps_time: E::KEEPS_TIME,
            request_stream_note: E::REQUEST_STREAM_NOTE,
            rules: E::RULES,
            ..Self::new(E::NAME, settings, expressions)
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn single_requests_only(mut self) -> Self {
        self.single_requests_only = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn blind(mut self, blind: bool) -> Self {
        self.blind = blind;
        self
    }

    /// Marks an entry that looks at messages or needs a copy of one.
    #[doc(hidden)]
    #[must_use]
    pub const fn behind_decoding(mut self) -> Self {
        self.is_behind_decoding = true;
        self
    }

    /// Marks an entry that identifies the caller.
    #[doc(hidden)]
    #[must_use]
    pub const fn verifies(mut self) -> Self {
        self.verifies = true;
        self
    }

    pub(super) const fn applies_to(&self, kind: Kind) -> bool {
        !(self.single_requests_only && kind.request_is_stream())
    }

    /// The name of the entry, such as `logging`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The name of the entry. For `with`, also the interceptor: `with(self.audit)`.
    #[must_use]
    pub fn label(&self) -> String {
        match self.listed_value() {
            Some(listed_value) => format!("{}({})", self.name, listed_value.value()),
            None => self.name.to_owned(),
        }
    }

    /// The interceptor that `with` adds.
    pub(super) fn listed_value(&self) -> Option<&Setting> {
        let mut expressions = self.expressions.iter();
        expressions.find(|setting| self.lists_a_value && setting.name() == "value")
    }

    /// The effective settings, including defaults.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        Settings::new(self.settings, self.expressions)
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::Value;
    use super::*;

    struct Limit;

    impl Entry for Limit {
        const NAME: &'static str = "limit";
        const KEEPS_TIME: bool = true;
    }

    #[test]
    fn setting_named_value_is_not_taken_for_the_interceptor() {
        const SETTINGS: &[Setting] = &[Setting::new("value", Value::Text("3"))];
        let limit = EntryPlan::of::<Limit>(&[], SETTINGS);
        assert_eq!(
            (limit.label(), limit.keeps_time),
            ("limit".to_owned(), true)
        );
        let with = EntryPlan::new("with", &[], SETTINGS);
        assert_eq!(
            (with.label(), with.keeps_time),
            ("with(3)".to_owned(), false)
        );
    }
}
