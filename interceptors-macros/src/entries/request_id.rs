use super::row::{DefaultValue, Places, Positional, Row, Setting, Value, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "request_id",
    also_called: &[
        "correlation_id",
        "x_request_id",
        "requestid",
        "propagate_request_id",
        "set_request_id",
    ],
    feature: enabled_by!("request-id"),
    says: "one ID for a call on its whole way",
    module: "request_id",
    interceptor: "SetRequestId",
    example: "request_id(header = \"x-request-id\")",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "header",
            value: Value::TextKey,
            default: DefaultValue::Is("\"x-request-id\""),
            says: "metadata key of the ID",
            also_called: &["key", "metadata", "name"],
            ..Setting::USUAL
        },
        // What a client sends is its own.
        Setting {
            name: "accept",
            value: Value::Boolean,
            places: Places::SERVERS,
            default: DefaultValue::Is("true"),
            says: "on a service: whether to use the ID that the caller sends",
            also_called: &["trust", "trust_caller"],
            ..Setting::USUAL
        },
        Setting {
            name: "max_length",
            value: Value::Integer(1, 1024),
            places: Places::SERVERS,
            default: DefaultValue::Is("128"),
            says: "on a service: longest ID that is accepted, up to 1024",
            also_called: &["max_len", "max"],
            ..Setting::USUAL
        },
    ],
    has_client_settings: true,
    ..Row::USUAL
};
