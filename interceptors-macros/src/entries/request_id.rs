use super::row::{DefaultValue, Places, Positional, Row, Setting, Value, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "request_id",
    aliases: &[
        "correlation_id",
        "x_request_id",
        "requestid",
        "propagate_request_id",
        "set_request_id",
    ],
    feature: enabled_by!("request-id"),
    doc: "one ID for a call and all calls that it causes",
    module: "request_id",
    interceptor: "SetRequestId",
    example: "request_id(header = \"x-request-id\")",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "header",
            value: Value::TextKey,
            default: DefaultValue::Is("\"x-request-id\""),
            doc: "metadata key of the ID",
            aliases: &["key", "metadata", "name"],
            ..Setting::DEFAULT
        },
        // A client creates the IDs that it sends, so this is only for servers.
        Setting {
            name: "accept",
            value: Value::Boolean,
            places: Places::SERVERS,
            default: DefaultValue::Is("true"),
            doc: "on a service: whether to use the ID that the caller sends",
            aliases: &["trust", "trust_caller"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "max_length",
            value: Value::Integer(1, 1024),
            places: Places::SERVERS,
            default: DefaultValue::Is("128"),
            doc: "on a service: longest ID that is accepted, up to 1024",
            aliases: &["max_len", "max"],
            ..Setting::DEFAULT
        },
    ],
    has_client_settings: true,
    ..Row::DEFAULT
};
