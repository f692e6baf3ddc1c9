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
    name: "retry",
    aliases: &[
        "retries",
        "retrying",
        "backoff",
        "max_retries",
        "attempts",
        "max_attempts",
    ],
    feature: enabled_by!("retry"),
    places: Places::REPEATING,
    doc: "retries calls that fail with certain status codes",
    module: "retry",
    interceptor: "Retrying",
    config_type: Some("Retry"),
    example: "retry(max = 3)",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "max",
            value: Value::Integer(1, u64::MAX),
            // In words, because the plan shows `max_attempts` instead.
            default: DefaultValue::Words("`3`"),
            doc: "retries after the first attempt",
            conflicts_with: &["max_attempts"],
            aliases: &[
                "max_retries",
                "retries",
                "times",
                "count",
                "limit",
                "n",
                "num_retries",
                "retry_count",
                "tries",
                "with_max",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "max_attempts",
            value: Value::Integer(2, u64::MAX),
            default: DefaultValue::Is("4"),
            doc: "the same, with the first attempt included; give only one of the two",
            aliases: &["stop_after_attempt"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "base_delay",
            value: Value::Duration,
            default: DefaultValue::Is("\"500ms\""),
            doc: "delay before the first retry",
            aliases: &[
                "backoff",
                "delay",
                "initial_backoff",
                "initial_delay",
                "min_delay",
                "interval",
                "wait",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "max_delay",
            value: Value::Duration,
            default: DefaultValue::Is("\"30s\""),
            doc: "longest delay",
            aliases: &["max_backoff"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "attempt_timeout",
            value: Value::Duration,
            doc: "how long one attempt may take",
            aliases: &["per_attempt", "per_try_timeout"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "multiplier",
            value: Value::Float(|x| {
                (x <= 0.0 || x.is_infinite()).then_some("must be a finite number above zero")
            }),
            default: DefaultValue::Is("2.0"),
            doc: "factor from one delay to the next",
            aliases: &["backoff_multiplier", "factor"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "jitter",
            value: Value::Float(|x| {
                (!(0.0..=1.0).contains(&x)).then_some("must be from 0.0 to 1.0")
            }),
            default: DefaultValue::Is("0.2"),
            doc: "fraction of the delay that is random",
            ..Setting::DEFAULT
        },
        Setting {
            name: "codes",
            value: Value::Codes,
            default: DefaultValue::Is("[Unavailable, DeadlineExceeded]"),
            doc: "status codes that are retried",
            aliases: &[
                "on",
                "statuses",
                "retry_on",
                "retryable_codes",
                "retryable",
                "status",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "buffer_size",
            value: Value::Integer(0, u64::MAX),
            places: Places::KEEPING,
            // In words, because the plan shows it only if it was set.
            default: DefaultValue::Words("`262144`"),
            doc: "on a generated client and on a channel: how many bytes of a request are kept to be sent again",
            aliases: &["max_bytes", "buffer"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "throttle",
            value: Value::Own("throttle(tokens, ratio)"),
            parts: throttle_setting::PARTS,
            doc: "gRFC A6's throttle: no further attempts while half of the tokens or fewer are left",
            aliases: &["budget", "throttling"],
            ..Setting::DEFAULT
        },
    ],
    checked: &["base_delay", "max_delay"],
    needs: Needs {
        resend: true,
        ..Needs::NOTHING
    },
    ..Row::DEFAULT
};

struct Retry {
    config: Config,
    throttle: Option<Throttle>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let throttle = throttle_setting::read(reader, &mut reading).ok()?;
    let config = reading.config.take()?;
    Some(reading.listed(Retry { config, throttle }))
}

impl Entry for Retry {
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
        let retry = place.interceptor(ROW.module, ROW.interceptor);
        let config = place.item("CONFIG");
        let throttle = self.throttle.as_ref().map(|throttle| throttle.value(place));
        quote_spanned!(at(place.span)=> &#retry::new(#config) #throttle)
    }
}
