use super::concurrency::{ADAPTIVE, LIMITER, MAX, ONE_OF, PER, RETRY_AFTER, STATE};
use super::row::{Fit, Positional, Row, Setting, Start, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "load_shed",
    aliases: &["shed", "shed_load", "load_shedding", "overload"],
    feature: enabled_by!("concurrency"),
    doc: "limits how many calls run at once; the others are rejected",
    module: "concurrency",
    interceptor: "LoadShed",
    config_type: Some("Capacity"),
    entry: "LoadShedEntry",
    start: Start::Setting,
    example: "load_shed(max = 100)",
    ends_with: "RESOURCE_EXHAUSTED",
    positional: Positional::No,
    settings: &[
        MAX,
        ADAPTIVE,
        RETRY_AFTER,
        PER,
        Setting {
            conflicts_with: &["max", "adaptive", "retry_after", "per"],
            ..LIMITER
        },
    ],
    one_of: ONE_OF,
    // Calls do not wait, so there is no queue.
    fixed: &[("queue", 0)],
    fit: Fit::CheckedIfGiven,
    state: STATE,
    ..Row::DEFAULT
};
