use super::row::{
    DefaultValue, Fit, Keeps, Places, Positional, Row, Setting, Start, Value, enabled_by,
};

pub(crate) static ROW: Row = Row {
    name: "circuit_breaker",
    also_called: &["breaker", "circuit", "outlier_detection"],
    feature: enabled_by!("circuit-breaker"),
    places: Places::CLIENTS,
    says: "stops calling what keeps failing, and tries again after a while",
    module: "circuit_breaker",
    interceptor: "BreakCircuit",
    config_type: Some("Thresholds"),
    start: Start::UnlessGiven,
    example: "circuit_breaker(failures = 5)",
    ends_with: "UNAVAILABLE",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "failures",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("5"),
            says: "how many failures one after the other open it",
            not_with: &["failure_ratio"],
            also_called: &[
                "max_failures",
                "failure_threshold",
                "threshold",
                "max",
                "consecutive_failures",
                "max_fails",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "probes",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("1"),
            says: "how many calls are let through after `open_for`, and have to succeed",
            also_called: &[
                "half_open",
                "half_open_calls",
                "half_open_max_calls",
                "permitted_number_of_calls_in_half_open_state",
                "success_threshold",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "failure_ratio",
            value: Value::Float(|x| {
                (x <= 0.0 || x > 1.0).then_some("must be above `0.0`, up to `1.0`")
            }),
            says: "instead of `failures`: part of the calls that has to fail, above `0.0` and up to `1.0`",
            also_called: &[
                "ratio",
                "failure_rate",
                "error_rate",
                "error_threshold",
                "failure_rate_threshold",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "window",
            value: Value::Duration,
            default: DefaultValue::Is("\"20s\""),
            says: "with `failure_ratio`: time in which calls are counted",
            belongs_to: Some("failure_ratio"),
            also_called: &[
                "interval",
                "rolling_window",
                "sliding_window",
                "sliding_window_size",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "min_calls",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("10"),
            says: "with `failure_ratio`: calls required before the ratio applies",
            belongs_to: Some("failure_ratio"),
            also_called: &[
                "min_requests",
                "minimum",
                "volume",
                "minimum_number_of_calls",
                "request_volume_threshold",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "open_for",
            value: Value::Duration,
            default: DefaultValue::Is("\"30s\""),
            says: "how long calls are rejected",
            also_called: &[
                "reset_timeout",
                "timeout",
                "cooldown",
                "wait",
                "sleep",
                "reset_after",
                "recovery_timeout",
                "wait_duration",
                "wait_duration_in_open_state",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "codes",
            value: Value::Codes,
            default: DefaultValue::Is("[Unavailable, DeadlineExceeded, Internal, Unknown]"),
            says: "status codes that count as failures",
            also_called: &["on", "statuses", "failure_codes"],
            ..Setting::USUAL
        },
        Setting {
            name: "per",
            value: Value::Per,
            default: DefaultValue::Words("`method`"),
            says: "whether each method has a breaker of its own; with `service`, the methods of a service share one",
            also_called: &["scope", "by"],
            ..Setting::USUAL
        },
        Setting {
            name: "breaker",
            value: Value::Given(None),
            says: "a [`CircuitBreaker`](circuit_breaker::CircuitBreaker) of yours, instead of all others",
            not_with: &[
                "failures",
                "failure_ratio",
                "window",
                "min_calls",
                "open_for",
                "probes",
                "codes",
                "per",
            ],
            also_called: &["with"],
            ..Setting::USUAL
        },
    ],
    fit: Fit::IfGiven,
    keeps: Some(Keeps {
        what: "BREAKER",
        one: "CircuitBreaker",
        many: "CircuitBreakers",
    }),
    ..Row::USUAL
};
