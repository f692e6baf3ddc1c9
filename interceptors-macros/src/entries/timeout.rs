use super::row::{
    DefaultValue, OneOf, Places, Positional, Row, Setting, Start, TIMES, Value, enabled_by,
};

pub(crate) static ROW: Row = Row {
    name: "timeout",
    feature: enabled_by!("timeout"),
    places: Places::SERVERS,
    on_other_side: Some("deadline"),
    says: "ends a call that takes too long, or a stream that says nothing for too long",
    module: "timeout",
    interceptor: "Timeout",
    start: Start::Value(Some("of_the_caller")),
    example: "timeout(\"2s\")",
    ends_with: "DEADLINE_EXCEEDED",
    positional: Positional::Time {
        is_needed: false,
        missing: MISSING,
        second: "`timeout` takes one time without a name; the time between messages is `idle = \"30s\"`",
        default: DefaultValue::Words("as long as its caller waits"),
        says: "how long the call may take, its response stream included",
        also_called: TIMES,
    },
    settings: &[Setting {
        name: "idle",
        value: Value::Duration,
        says: "how long somebody waits for one message: the handler for the next of a request stream, the reader for the next of a response stream",
        also_called: &["idle_timeout", "gap"],
        ..Setting::USUAL
    }],
    one_of: &[OneOf {
        names: &["idle"],
        places: Places::ALL,
        missing: MISSING,
    }],
    ..Row::USUAL
};

const MISSING: &str = "`timeout` needs a time: `timeout(\"2s\")`, or `timeout(idle = \"30s\")`";
