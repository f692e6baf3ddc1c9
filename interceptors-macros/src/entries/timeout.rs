use super::row::{
    DefaultValue, OneOf, Places, Positional, Row, Setting, Start, TIMES, Value, enabled_by,
};

pub(crate) static ROW: Row = Row {
    name: "timeout",
    feature: enabled_by!("timeout"),
    places: Places::SERVERS,
    on_other_side: Some("deadline"),
    doc: "ends a call that takes too long, or a stream that is idle for too long",
    module: "timeout",
    interceptor: "Timeout",
    start: Start::Value(Some("of_the_caller")),
    example: "timeout(\"2s\")",
    ends_with: "DEADLINE_EXCEEDED",
    positional: Positional::Time {
        is_needed: false,
        missing: MISSING,
        second: "`timeout` takes one time without a name; the time between messages is `idle = \"30s\"`",
        default: DefaultValue::Words("the caller's deadline"),
        doc: "how long the call may take, its response stream included",
        aliases: TIMES,
    },
    settings: &[Setting {
        name: "idle",
        value: Value::Duration,
        doc: "how long to wait for one message of a stream: the handler for the next request message, the caller for the next response message",
        aliases: &["idle_timeout", "gap"],
        ..Setting::DEFAULT
    }],
    one_of: &[OneOf {
        names: &["idle"],
        places: Places::ALL,
        missing: MISSING,
    }],
    ..Row::DEFAULT
};

const MISSING: &str = "`timeout` needs a time: `timeout(\"2s\")`, or `timeout(idle = \"30s\")`";
