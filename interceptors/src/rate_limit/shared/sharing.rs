use std::time::Duration;

use super::super::Rate;
use super::super::limiter::MAX_KEYS;
use crate::core::plan::{Setting, Value};

/// What happens while the store cannot decide.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// Calls pass.
    Allow,
    /// Calls end with `UNAVAILABLE`.
    Deny,
    /// The same limit, within the process.
    Local,
}

impl OnError {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Local => "local",
        }
    }
}

/// The settings of a shared limit, made by the attribute.
///
/// # Default
///
/// - on error: `local`
/// - store timeout: 100 ms
/// - keys: those of the limit, or 65,536
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Sharing {
    pub(super) limit: Option<&'static Rate>,
    pub(super) max_keys: usize,
    pub(super) on_error: OnError,
    pub(super) store_timeout: Duration,
    pub(in crate::rate_limit) name: Option<&'static str>,
    pub(in crate::rate_limit) is_of_method: bool,
    /// The entry is on a server, so it covers the methods of several services.
    pub(super) is_of_server: bool,
}

impl Default for Sharing {
    fn default() -> Self {
        Self::new()
    }
}

impl Sharing {
    /// Settings without a limit.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            limit: None,
            max_keys: MAX_KEYS,
            on_error: OnError::Local,
            store_timeout: Duration::from_millis(100),
            name: None,
            is_of_method: false,
            is_of_server: false,
        }
    }

    /// The number of calls that may pass.
    #[must_use]
    pub const fn limit(mut self, limit: &'static Rate) -> Self {
        self.max_keys = limit.keys();
        self.limit = Some(limit);
        self
    }

    /// The number of denials to remember.
    #[must_use]
    pub const fn max_keys(mut self, keys: usize) -> Self {
        assert!(keys >= 1, "[I0402] `max_keys` must be at least 1");
        self.max_keys = keys;
        self
    }

    /// What happens while the store cannot decide.
    #[must_use]
    pub const fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// How long a call waits for the store.
    #[must_use]
    pub const fn store_timeout(mut self, timeout: Duration) -> Self {
        assert!(
            !timeout.is_zero(),
            "[I0402] `store_timeout` must be longer than zero"
        );
        self.store_timeout = timeout;
        self
    }

    /// The name of the limit in all processes.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        assert!(!name.is_empty(), "[I0408] `name` is empty; name the limit");
        self.name = Some(name);
        self
    }

    /// The entry is on one method.
    #[must_use]
    pub const fn of_method(mut self) -> Self {
        self.is_of_method = true;
        self
    }

    /// The entry is on a server.
    #[must_use]
    pub const fn of_server(mut self) -> Self {
        self.is_of_server = true;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 6] {
        let [rate, burst] = match self.limit {
            Some(limit) => {
                let [rate, burst, _] = limit.settings();
                [rate, burst]
            }
            None => [
                Setting::new("per_second", Value::Unset),
                Setting::new("burst", Value::Unset),
            ],
        };
        let name = match (self.name, self.is_of_method) {
            (Some(name), _) => name,
            (None, false) => "<service>",
            (None, true) => "<service>/<method>",
        };
        [
            rate,
            burst,
            Setting::new("max_keys", Value::Integer(self.max_keys as u64)),
            Setting::new("on_error", Value::Text(self.on_error.name())),
            Setting::new("store_timeout", Value::Duration(self.store_timeout)),
            Setting::new("name", Value::Text(name)),
        ]
    }
}
