use super::row::{DefaultValue, Fit, Places, Positional, Row, Setting, Start, Value, enabled_by};

pub(crate) static ROW: Row = Row {
    name: "catch_panic",
    aliases: &[
        "panic",
        "panics",
        "recover",
        "recovery",
        "catch_unwind",
        "unwind",
        "panic_handler",
    ],
    feature: enabled_by!("catch-panic"),
    places: Places::SERVERS,
    doc: "turns a panic into `INTERNAL`, and logs it",
    module: "catch_panic",
    interceptor: "CatchPanic",
    start: Start::Nothing,
    example: "catch_panic(hook = on_panic)",
    ends_with: "INTERNAL",
    positional: Positional::No,
    settings: &[Setting {
        name: "hook",
        value: Value::Given(None),
        default: DefaultValue::Words("logs the panic"),
        doc: "called instead of logging: a function, or a [`PanicHandler`](catch_panic::PanicHandler) that is `Clone`",
        aliases: &["handler", "with", "on_panic"],
        ..Setting::DEFAULT
    }],
    fit: Fit::CheckedWhereMade,
    given_constructor: "with_hook",
    ..Row::DEFAULT
};
