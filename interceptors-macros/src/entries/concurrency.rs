use super::row::{
    DefaultValue, Fit, Keeps, OneOf, Places, Positional, Row, Setting, Start, Value, enabled_by,
};

pub(crate) static ROW: Row = Row {
    name: "concurrency",
    also_called: &[
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
    says: "at most so many calls at once; the others wait in order",
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
            says: "how many calls may wait; others are rejected",
            also_called: &["max_queue", "queue_size", "backlog", "max_pending"],
            ..Setting::USUAL
        },
        Setting {
            name: "wait",
            value: Value::Duration,
            default: DefaultValue::Words("as long as the call has"),
            says: "how long a call may wait before it is rejected",
            also_called: &["timeout", "max_wait", "queue_timeout"],
            ..Setting::USUAL
        },
        RETRY_AFTER,
        PER,
        Setting {
            not_with: &["max", "adaptive", "queue", "wait", "retry_after", "per"],
            ..LIMITER
        },
    ],
    one_of: ONE_OF,
    fit: Fit::IfGiven,
    keeps: KEEPS,
    ..Row::USUAL
};

pub(super) const MAX: Setting = Setting {
    name: "max",
    value: Value::Integer(1, u64::MAX),
    says: "how many calls at once; this, `adaptive` or `limiter` is needed",
    not_with: &["adaptive"],
    starts: true,
    also_called: &[
        "limit",
        "max_concurrent",
        "max_in_flight",
        "permits",
        "size",
    ],
    ..Setting::USUAL
};

pub(super) const ADAPTIVE: Setting = Setting {
    name: "adaptive",
    value: Value::Parts(
        &[
            Setting {
                name: "min",
                value: Value::Integer(1, u64::MAX),
                says: "the lowest number that it goes down to",
                ..Setting::USUAL
            },
            Setting {
                name: "max",
                value: Value::Integer(1, u64::MAX),
                says: "the highest number that it goes up to",
                ..Setting::USUAL
            },
            Setting {
                name: "target",
                value: Value::Duration,
                says: "how long a call should take; the number goes down while calls take longer",
                ..Setting::USUAL
            },
        ],
        "`adaptive` needs all three: `adaptive(min = 10, max = 200, target = \"50ms\")`",
    ),
    says: "as many as end within `target`, between `min` and `max`",
    also_called: &["auto", "dynamic"],
    ..Setting::USUAL
};

pub(super) const RETRY_AFTER: Setting = Setting {
    name: "retry_after",
    value: Value::Duration,
    default: DefaultValue::Is("\"1s\""),
    says: "how long a rejected caller is asked to wait before it tries again",
    ..Setting::USUAL
};

pub(super) const PER: Setting = Setting {
    name: "per",
    value: Value::Per,
    default: DefaultValue::Words("`method`"),
    says: "whether each method has a limit of its own; with `service`, all methods of the entry share one",
    also_called: &["scope", "by"],
    ..Setting::USUAL
};

pub(super) const LIMITER: Setting = Setting {
    name: "limiter",
    value: Value::Given(None),
    says: "a [`Limiter`](concurrency::Limiter) of yours, instead of all others",
    also_called: &["with", "semaphore"],
    ..Setting::USUAL
};

pub(super) const ONE_OF: &[OneOf] = &[OneOf {
    names: &["max", "adaptive", "limiter"],
    places: Places::ALL,
    missing: "missing setting `max`; add `max = 100`, or `adaptive(…)` or `limiter`",
}];

pub(super) const KEEPS: Option<Keeps> = Some(Keeps {
    what: "LIMITER",
    one: "Limiter",
    many: "Limiters",
});
