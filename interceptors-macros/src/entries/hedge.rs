use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{DefaultValue, Needs, Places, Positional, Row, Setting, Value, enabled_by};
use super::scope::Place;
use super::throttle::Throttle;
use super::throttle_setting;
use crate::text::config::Config;
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "hedge",
    aliases: &["hedging", "hedged"],
    feature: enabled_by!("hedge"),
    places: Places::CLIENTS,
    doc: "makes several attempts at the same time; the first success counts",
    module: "hedge",
    interceptor: "Hedging",
    config_type: Some("Hedge"),
    example: "hedge(delay = \"200ms\")",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "max_attempts",
            value: Value::Integer(2, u64::MAX),
            default: DefaultValue::Is("2"),
            doc: "number of attempts, the first one included",
            aliases: &["attempts", "max", "count"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "delay",
            value: Value::Delay,
            default: DefaultValue::Words("none"),
            doc: "how long to wait for a response before the next attempt; without it, all are made at once",
            aliases: &["hedging_delay", "after"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "non_fatal_codes",
            value: Value::CodesOrEmpty,
            default: DefaultValue::Is("[]"),
            doc: "status codes that start the next attempt at once instead of ending the call",
            aliases: &["codes", "on"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "throttle",
            value: Value::Own("throttle(tokens, ratio)"),
            parts: throttle_setting::PARTS,
            doc: "gRFC A6's throttle: no further attempts while half of the tokens or fewer are left; `retry` and `hedge` share it",
            aliases: &["budget", "throttling"],
            ..Setting::DEFAULT
        },
    ],
    needs: Needs {
        resend: true,
        unary: true,
        ..Needs::NOTHING
    },
    conflicts_with: &["retry"],
    ..Row::DEFAULT
};

struct Hedge {
    config: Config,
    throttle: Option<Throttle>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let throttle = throttle_setting::read(reader, &mut reading).ok()?;
    let config = reading.config.take()?;
    Some(reading.listed(Hedge { config, throttle }))
}

impl Entry for Hedge {
    fn config(&self) -> Option<&Config> {
        Some(&self.config)
    }

    fn throttle(&self) -> Option<&Throttle> {
        self.throttle.as_ref()
    }

    fn throttle_mut(&mut self) -> Option<&mut Throttle> {
        self.throttle.as_mut()
    }

    fn items(&self, place: &Place<'_>) -> TokenStream {
        let throttle = self.throttle.as_ref();
        throttle.map_or_else(TokenStream::new, |throttle| throttle.items(place))
    }

    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        self.throttle.as_ref()?.struct_state(place)
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let place = &context.place;
        let hedge = place.interceptor(ROW.module, ROW.interceptor);
        let config = place.item("CONFIG");
        let throttle = self.throttle.as_ref().map(|throttle| throttle.value(place));
        quote_spanned!(at(place.span)=> &#hedge::new(#config) #throttle)
    }
}
