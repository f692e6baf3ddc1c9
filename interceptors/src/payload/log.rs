use tracing::Level;

use super::content::Content;
use crate::Side;
use crate::core::id::RequestId;
use crate::core::name::CallName;
use crate::core::plan::{Setting, Value};
use crate::kit::level;

/// The settings of `payload`, made by the attribute: the level of the events, and how much of each message is logged.
///
/// # Default
///
/// - level: `DEBUG`
/// - max_bytes: 1024
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct PayloadSettings {
    level: Level,
    max_bytes: usize,
}

impl PayloadSettings {
    /// The maximum of [`max_bytes`](Self::max_bytes), because log collectors cut or reject longer lines.
    pub const MOST_BYTES: usize = 256 * 1024;

    /// The default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            level: Level::DEBUG,
            max_bytes: 1024,
        }
    }

    /// The level of all events.
    #[must_use]
    pub const fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// How much of a message is logged, in bytes of its text. Longer text is cut and ends in `…`.
    ///
    /// # Panics
    ///
    /// If it is zero or more than [`MOST_BYTES`](Self::MOST_BYTES). In a constant, and so in the attribute, that is a compiler error.
    #[must_use]
    pub const fn max_bytes(mut self, max_bytes: usize) -> Self {
        assert!(
            max_bytes >= 1 && max_bytes <= Self::MOST_BYTES,
            "[I0402] `max_bytes` must be from 1 to 262144"
        );
        self.max_bytes = max_bytes;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn settings(&self) -> [Setting; 2] {
        [
            Setting::new("max_bytes", Value::Integer(self.max_bytes as u64)),
            Setting::new("level", level::shown(self.level)),
        ]
    }

    /// Whether a subscriber is interested.
    pub(super) fn is_enabled(self) -> bool {
        macro_rules! is_enabled {
            ($($level:ident)*) => {
                match self.level {
                    $(Level::$level => {
                        tracing::event_enabled!(target: "interceptors::payload", Level::$level)
                    })*
                }
            };
        }
        is_enabled!(ERROR WARN INFO DEBUG TRACE)
    }
}

impl Default for PayloadSettings {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Request,
    Response,
}

/// The log of a stream's messages.
pub(super) struct Log {
    path: CallName,
    config: PayloadSettings,
    direction: Direction,
    messages: u64,
}

impl Log {
    pub(super) fn new(name: &CallName, config: PayloadSettings, direction: Direction) -> Self {
        Self {
            path: name.clone(),
            config,
            direction,
            messages: 0,
        }
    }

    pub(super) fn next(&mut self, write: &mut dyn FnMut(&mut Content)) {
        self.messages += 1;
        let number = Some(self.messages);
        record(&self.path, self.config, self.direction, number, write);
    }
}

// The rest does not depend on the message, so that it is compiled once and not for each method.

/// Emits one event.
#[cold]
pub(super) fn record(
    path: &CallName,
    config: PayloadSettings,
    direction: Direction,
    number: Option<u64>,
    write: &mut dyn FnMut(&mut Content),
) {
    // The subscriber may have changed meanwhile.
    if !config.is_enabled() {
        return;
    }
    let mut content = Content::new(config.max_bytes);
    write(&mut content);
    let content = content.into_text();
    let (request, response) = match direction {
        Direction::Request => (Some(content.as_str()), None),
        Direction::Response => (None, Some(content.as_str())),
    };
    let what = match (path.side(), direction) {
        (Side::Server, Direction::Request) => "request received",
        (Side::Server, Direction::Response) => "response sent",
        (Side::Client, Direction::Request) => "request sent",
        (Side::Client, Direction::Response) => "response received",
    };
    let request_id = path.request_id().map(RequestId::as_str);
    macro_rules! emit {
        ($($level:ident)*) => {
            match config.level {
                $(Level::$level => tracing::event!(
                    target: "interceptors::payload",
                    Level::$level,
                    protocol = "grpc",
                    grpc.component = path.side().as_str(),
                    grpc.service = path.service(),
                    grpc.method = path.method(),
                    grpc.method_type = path.kind().as_str(),
                    grpc.message.id = number,
                    grpc.request.content = request,
                    grpc.response.content = response,
                    request_id = request_id,
                    "{what}"
                ),)*
            }
        };
    }
    emit!(ERROR WARN INFO DEBUG TRACE);
}
