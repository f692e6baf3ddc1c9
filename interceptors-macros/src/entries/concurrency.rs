use super::row::{
    DefaultValue, Fit, KeptState, OneOf, Places, Positional, Row, Setting, Start, Value, enabled_by,
};

pub(crate) static ROW: Row = Row {
    name: "concurrency",
    aliases: &[
        "concurrency_limit",
        "max_concurrency",
        "semaphore",
        "bulkhead",
        "buffer",
        "in_flight",
        "max_concurrent",
        "max_in_flight",
        "max_requests",
    ],
    feature: enabled_by!("concurrency"),
    doc: "limits how many calls run at once; the others wait in order",
    module: "concurrency",
    interceptor: "Concurrency",
    config_type: Some("Capacity"),
    start: Start::Setting,
    example: "concurrency(max = 100)",
    ends_with: "RESOURCE_EXHAUSTED",
    positional: Positional::No,
    settings: &[
        MAX,
        ADAPTIVE,
        Setting {
            name: "queue",
            value: Value::Integer(0, u64::MAX),
            default: DefaultValue::Is("1024"),
            doc: "how many calls may wait; others are rejected",
            aliases: &["max_queue", "queue_size", "backlog", "max_pending"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "wait",
            value: Value::Duration,
            default: DefaultValue::Words("until the call's deadline"),
            doc: "how long a call may wait before it is rejected",
            aliases: &["timeout", "max_wait", "queue_timeout"],
            ..Setting::DEFAULT
        },
        RETRY_AFTER,
        PER,
        Setting {
            conflicts_with: &["max", "adaptive", "queue", "wait", "retry_after", "per"],
            ..LIMITER
        },
    ],
    one_of: ONE_OF,
    fit: Fit::CheckedIfGiven,
    state: STATE,
    ..Row::DEFAULT
};

pub(super) const MAX: Setting = Setting {
    name: "max",
    value: Value::Integer(1, u64::MAX),
    doc: "how many calls may run at once; this, `adaptive` or `limiter` is needed",
    conflicts_with: &["adaptive"],
    starts: true,
    aliases: &[
        "limit",
        "max_concurrent",
        "max_in_flight",
        "permits",
        "size",
    ],
    ..Setting::DEFAULT
};

pub(super) const ADAPTIVE: Setting = Setting {
    name: "adaptive",
    value: Value::Parts(
        &[
            Setting {
                name: "min",
                value: Value::Integer(1, u64::MAX),
                doc: "the lowest limit",
                ..Setting::DEFAULT
            },
            Setting {
                name: "max",
                value: Value::Integer(1, u64::MAX),
                doc: "the highest limit",
                ..Setting::DEFAULT
            },
            Setting {
                name: "target",
                value: Value::Duration,
                doc: "how long a call should take; the limit decreases while calls take longer",
                ..Setting::DEFAULT
            },
        ],
        "`adaptive` needs all three: `adaptive(min = 10, max = 200, target = \"50ms\")`",
    ),
    doc: "adapts the limit between `min` and `max`, so that calls end within `target`",
    aliases: &["auto", "dynamic"],
    ..Setting::DEFAULT
};

pub(super) const RETRY_AFTER: Setting = Setting {
    name: "retry_after",
    value: Value::Duration,
    default: DefaultValue::Is("\"1s\""),
    doc: "how long a rejected caller is asked to wait before it tries again",
    ..Setting::DEFAULT
};

pub(super) const PER: Setting = Setting {
    name: "per",
    value: Value::Per,
    default: DefaultValue::Words("`method`"),
    doc: "whether each method has a limit of its own; with `service`, all methods of the entry share one",
    aliases: &["scope", "by"],
    ..Setting::DEFAULT
};

pub(super) const LIMITER: Setting = Setting {
    name: "limiter",
    value: Value::Given(None),
    doc: "a [`Limiter`](concurrency::Limiter) of yours, instead of all others",
    aliases: &["with", "semaphore"],
    ..Setting::DEFAULT
};

pub(super) const ONE_OF: &[OneOf] = &[OneOf {
    names: &["max", "adaptive", "limiter"],
    places: Places::ALL,
    missing: "missing setting `max`; add `max = 100`, or `adaptive(…)` or `limiter`",
}];

pub(super) const STATE: Option<KeptState> = Some(KeptState {
    item: "LIMITER",
    one: "Limiter",
    many: "Limiters",
});
