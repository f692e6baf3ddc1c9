use super::row::{DefaultValue, Places, Positional, Row, Setting, Value, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "trace",
    aliases: &[
        "otel",
        "opentelemetry",
        "span",
        "spans",
        "tracing",
        "tracing_span",
        "instrument",
        "jaeger",
    ],
    feature: enabled_by!("trace"),
    doc: "a span for each call, and on a client for each attempt, for OpenTelemetry",
    module: "trace",
    interceptor: "Trace",
    example: "trace(public_endpoint = true)",
    positional: Positional::No,
    settings: &[Setting {
        name: "public_endpoint",
        value: Value::Boolean,
        // A client is not an endpoint.
        places: Places::SERVERS,
        default: DefaultValue::Is("false"),
        doc: "on a service: whether anybody can call it. Then each call begins a new trace, with a link to the caller's span. So callers cannot choose the trace's ID or whether it is sampled",
        aliases: &["public"],
        ..Setting::DEFAULT
    }],
    has_client_settings: true,
    // The span of an attempt contains only the attempt.
    innermost: Some("Attempt"),
    ..Row::DEFAULT
};
