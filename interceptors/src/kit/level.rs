use tracing::Level;

use crate::core::plan::Value;

/// A level as a value in the plan.
pub(crate) const fn shown(level: Level) -> Value {
    Value::Text(match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARN",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    })
}
