use super::row::{DefaultValue, Places, Positional, Row, Start, TIMES, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "deadline",
    feature: enabled_by!("deadline"),
    places: Places::CLIENTS,
    on_other_side: Some("timeout"),
    doc: "ends a call that takes too long, with all its attempts",
    module: "deadline",
    interceptor: "Deadline",
    start: Start::Value(None),
    example: "deadline(\"2s\")",
    ends_with: "DEADLINE_EXCEEDED",
    positional: Positional::Time {
        is_needed: true,
        missing: "`deadline` needs a time: `deadline(\"2s\")`",
        second: "`deadline` takes one time: `deadline(\"2s\")`",
        default: DefaultValue::None,
        doc: "how long the call may take, unless its caller set a [timeout](https://docs.rs/tonic/0.14/tonic/struct.Request.html#method.set_timeout)",
        aliases: TIMES,
    },
    ..Row::DEFAULT
};
