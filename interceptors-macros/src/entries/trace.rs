use super::row::{DefaultValue, Places, Positional, Row, Setting, Value, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "trace",
    also_called: &[
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
    says: "a span for each call, and on a client for each attempt, for OpenTelemetry",
    module: "trace",
    interceptor: "Trace",
    example: "trace(public_endpoint = true)",
    positional: Positional::No,
    settings: &[Setting {
        name: "public_endpoint",
        value: Value::Boolean,
        // Nobody calls a client.
        places: Places::SERVERS,
        default: DefaultValue::Is("false"),
        says: "on a service: whether anybody can call it. Then each call begins a trace of its own, and the caller's span is a link, so that nobody outside chooses the trace's ID or whether it is sampled",
        also_called: &["public"],
        ..Setting::USUAL
    }],
    has_client_settings: true,
    // The span of an attempt is around nothing but the attempt.
    innermost: Some("Attempt"),
    ..Row::USUAL
};
