use super::row::{DefaultValue, Places, Positional, Row, Start, TIMES, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "deadline",
    feature: enabled_by!("deadline"),
    places: Places::CLIENTS,
    on_other_side: Some("timeout"),
    says: "ends a call that takes too long, all its attempts together",
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
        says: "how long the call may take, where its caller set no [timeout](tonic::Request::set_timeout)",
        also_called: TIMES,
    },
    ..Row::USUAL
};
