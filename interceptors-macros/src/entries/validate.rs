use super::row::{Fit, Looks, Places, Positional, Row, Sees, Start, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "validate",
    aliases: &[
        "validation",
        "validated",
        "garde",
        "validator",
        "protovalidate",
    ],
    feature: enabled_by!("validate"),
    places: Places::SERVICE,
    sees: Sees::Message,
    doc: "rejects requests whose messages are not valid",
    module: "validate",
    interceptor: "Validation",
    start: Start::Nothing,
    example: "validate",
    ends_with: "INVALID_ARGUMENT",
    positional: Positional::No,
    fit: Fit::CheckedPerMethod,
    runs_user_code: true,
    looks: Looks::Only,
    ..Row::DEFAULT
};
