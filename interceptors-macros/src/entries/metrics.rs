use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Expr;

use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{DefaultValue, Positional, Row, Setting, Start, Value, enabled_by};
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "metrics",
    aliases: &[
        "metric",
        "meter",
        "prometheus",
        "stats",
        "statsd",
        "monitoring",
    ],
    feature: enabled_by!("metrics"),
    doc: "counts calls, and measures how they end and how long they take",
    module: "metrics",
    interceptor: "Metrics",
    start: Start::Nothing,
    example: "metrics(recorder = self.recorder)",
    positional: Positional::No,
    settings: &[Setting {
        name: "recorder",
        value: Value::Given(Some("global")),
        default: DefaultValue::Words("[`Recorder::global()`](metrics::Recorder::global)"),
        doc: "where measurements go: a [`Recorder`](metrics::Recorder) of yours",
        aliases: &["meter", "registry", "with"],
        ..Setting::DEFAULT
    }],
    ..Row::DEFAULT
};

struct Metrics {
    recorder: Option<Expr>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let recorder = reading.given.take();
    Some(reading.listed(Metrics { recorder }))
}

impl Entry for Metrics {
    fn given(&self) -> Option<&Expr> {
        self.recorder.as_ref()
    }

    /// Output, for `metrics(recorder = self.recorder)`:
    ///
    /// ```text
    /// {
    ///     static __SERIES_METRICS_0: metrics::Series = metrics::Series::new();
    ///     metrics::Metrics::new(&(self.recorder), &__SERIES_METRICS_0)
    /// }
    /// ```
    ///
    /// Each method that the entry covers has its own static.
    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let series = context.place.item("SERIES");
        let recorder = match &self.recorder {
            Some(recorder) => context.borrowed(recorder),
            None => quote!(__interceptors::metrics::Recorder::global()),
        };
        let ampersand = context.ampersand();
        quote_spanned! {at(context.place.span)=> {
            static #series: __interceptors::metrics::Series = __interceptors::metrics::Series::new();
            #ampersand __interceptors::metrics::Metrics::new(#recorder, &#series)
        }}
    }
}
