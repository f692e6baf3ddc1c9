use super::row::{DefaultValue, Needs, Places, Positional, Row, Setting, Value, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "hedge",
    also_called: &["hedging"],
    feature: enabled_by!("hedge"),
    places: Places::CLIENTS,
    says: "makes several attempts at the same time; the first success counts",
    module: "hedge",
    interceptor: "Hedge",
    example: "hedge(delay = \"200ms\")",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "max_attempts",
            value: Value::Integer(2, u64::MAX),
            default: DefaultValue::Is("2"),
            says: "number of attempts, the first one included",
            also_called: &["attempts", "max", "count"],
            ..Setting::USUAL
        },
        Setting {
            name: "delay",
            value: Value::Delay,
            default: DefaultValue::Words("none"),
            says: "how long to wait for an answer before the next; without it all are made at once",
            also_called: &["hedging_delay", "after"],
            ..Setting::USUAL
        },
        Setting {
            name: "non_fatal_codes",
            value: Value::CodesOrNone,
            default: DefaultValue::Is("[]"),
            says: "status codes that bring the next attempt at once instead of ending the call",
            also_called: &["codes", "on"],
            ..Setting::USUAL
        },
    ],
    needs: Needs {
        resend: true,
        unary: true,
        ..Needs::NOTHING
    },
    not_with: &["retry"],
    ..Row::USUAL
};
