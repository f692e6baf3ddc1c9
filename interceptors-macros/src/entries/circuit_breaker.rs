use super::row::{
    DefaultValue, Fit, KeptState, Places, Positional, Row, Setting, Start, Value, enabled_by,
};

pub(crate) static ROW: Row = Row {
    name: "circuit_breaker",
    aliases: &["breaker", "circuit", "outlier_detection"],
    feature: enabled_by!("circuit-breaker"),
    places: Places::CLIENTS,
    doc: "rejects calls after too many failures, and tries again after a while",
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
            doc: "how many consecutive failures open it",
            conflicts_with: &["failure_ratio"],
            aliases: &[
                "max_failures",
                "failure_threshold",
                "threshold",
                "max",
                "consecutive_failures",
                "max_fails",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "probes",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("1"),
            doc: "how many trial calls are made after `open_for`; all have to succeed",
            aliases: &[
                "half_open",
                "half_open_calls",
                "half_open_max_calls",
                "permitted_number_of_calls_in_half_open_state",
                "success_threshold",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "failure_ratio",
            value: Value::Float(|x| {
                (x <= 0.0 || x > 1.0).then_some("must be above `0.0`, up to `1.0`")
            }),
            doc: "instead of `failures`: fraction of calls that has to fail, above `0.0` and up to `1.0`",
            aliases: &[
                "ratio",
                "failure_rate",
                "error_rate",
                "error_threshold",
                "failure_rate_threshold",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "window",
            value: Value::Duration,
            default: DefaultValue::Is("\"20s\""),
            doc: "with `failure_ratio`: time in which calls are counted",
            requires: Some("failure_ratio"),
            aliases: &[
                "interval",
                "rolling_window",
                "sliding_window",
                "sliding_window_size",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "min_calls",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("10"),
            doc: "with `failure_ratio`: calls required before the ratio applies",
            requires: Some("failure_ratio"),
            aliases: &[
                "min_requests",
                "minimum",
                "volume",
                "minimum_number_of_calls",
                "request_volume_threshold",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "open_for",
            value: Value::Duration,
            default: DefaultValue::Is("\"30s\""),
            doc: "how long calls are rejected",
            aliases: &[
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
            ..Setting::DEFAULT
        },
        Setting {
            name: "codes",
            value: Value::Codes,
            default: DefaultValue::Is("[Unavailable, DeadlineExceeded, Internal, Unknown]"),
            doc: "status codes that count as failures",
            aliases: &["on", "statuses", "failure_codes"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "per",
            value: Value::Per,
            default: DefaultValue::Words("`method`"),
            doc: "whether each method has a breaker of its own; with `service`, the methods of a service share one",
            aliases: &["scope", "by"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "breaker",
            value: Value::Given(None),
            doc: "a [`CircuitBreaker`](circuit_breaker::CircuitBreaker) of yours, instead of all others",
            conflicts_with: &[
                "failures",
                "failure_ratio",
                "window",
                "min_calls",
                "open_for",
                "probes",
                "codes",
                "per",
            ],
            aliases: &["with"],
            ..Setting::DEFAULT
        },
    ],
    fit: Fit::CheckedIfGiven,
    state: Some(KeptState {
        item: "BREAKER",
        one: "CircuitBreaker",
        many: "CircuitBreakers",
    }),
    ..Row::DEFAULT
};
