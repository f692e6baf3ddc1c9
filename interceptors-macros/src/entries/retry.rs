use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use super::entry::{Entry, Listed, Spot};
use super::reader::Reader;
use super::row::{DefaultValue, Needs, Places, Positional, Row, Setting, Value, enabled_by};
use super::site::Place;
use super::throttle::Throttle;
use super::throttles;
use crate::text::config::Config;
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "retry",
    also_called: &[
        "retries",
        "retrying",
        "backoff",
        "max_retries",
        "attempts",
        "max_attempts",
    ],
    feature: enabled_by!("retry"),
    places: Places::REPEATING,
    says: "tries again what failed and may be tried again",
    module: "retry",
    interceptor: "Retrying",
    config_type: Some("Retry"),
    example: "retry(max = 3)",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "max",
            value: Value::Integer(1, u64::MAX),
            // The plan shows attempts.
            default: DefaultValue::Words("`3`"),
            says: "retries after the first try",
            not_with: &["max_attempts"],
            also_called: &[
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
            ..Setting::USUAL
        },
        Setting {
            name: "max_attempts",
            value: Value::Integer(2, u64::MAX),
            default: DefaultValue::Is("4"),
            says: "the same, counting the first try; one or the other",
            also_called: &["stop_after_attempt"],
            ..Setting::USUAL
        },
        Setting {
            name: "base_delay",
            value: Value::Duration,
            default: DefaultValue::Is("\"500ms\""),
            says: "delay before the first retry",
            also_called: &[
                "backoff",
                "delay",
                "initial_backoff",
                "initial_delay",
                "min_delay",
                "interval",
                "wait",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "max_delay",
            value: Value::Duration,
            default: DefaultValue::Is("\"30s\""),
            says: "longest delay",
            also_called: &["max_backoff"],
            ..Setting::USUAL
        },
        Setting {
            name: "attempt_timeout",
            value: Value::Duration,
            says: "how long one try may take",
            also_called: &["per_attempt", "per_try_timeout"],
            ..Setting::USUAL
        },
        Setting {
            name: "multiplier",
            value: Value::Float(|x| {
                (x <= 0.0 || x.is_infinite()).then_some("must be a finite number above zero")
            }),
            default: DefaultValue::Is("2.0"),
            says: "growth from one delay to the next",
            also_called: &["backoff_multiplier", "factor"],
            ..Setting::USUAL
        },
        Setting {
            name: "jitter",
            value: Value::Float(|x| {
                (!(0.0..=1.0).contains(&x)).then_some("must be from 0.0 to 1.0")
            }),
            default: DefaultValue::Is("0.2"),
            says: "part of the delay that is left to chance",
            ..Setting::USUAL
        },
        Setting {
            name: "codes",
            value: Value::Codes,
            default: DefaultValue::Is("[Unavailable, DeadlineExceeded]"),
            says: "status codes that are worth another try",
            also_called: &[
                "on",
                "statuses",
                "retry_on",
                "retryable_codes",
                "retryable",
                "status",
            ],
            ..Setting::USUAL
        },
        Setting {
            name: "buffer_size",
            value: Value::Integer(0, u64::MAX),
            places: Places::KEEPING,
            // The plan shows it only where it was set.
            default: DefaultValue::Words("`262144`"),
            says: "on a generated client and on a channel: how many bytes of a request are kept to be sent again",
            also_called: &["max_bytes", "buffer"],
            ..Setting::USUAL
        },
        Setting {
            name: "throttle",
            value: Value::Own("throttle(tokens, ratio)"),
            parts: throttles::PARTS,
            says: "gRFC A6's throttle: no further attempts while half of the tokens or fewer are left",
            also_called: &["budget", "throttling"],
            ..Setting::USUAL
        },
    ],
    checked: &["base_delay", "max_delay"],
    needs: Needs {
        resend: true,
        ..Needs::NOTHING
    },
    ..Row::USUAL
};

struct Retry {
    config: Config,
    throttle: Option<Throttle>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let throttle = throttles::read(reader, &mut reading).ok()?;
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

    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        let place = &spot.place;
        let retry = place.interceptor(ROW.module, ROW.interceptor);
        let config = place.item("CONFIG");
        let throttle = self.throttle.as_ref().map(|throttle| throttle.value(place));
        quote_spanned!(at(place.span)=> &#retry::new(#config) #throttle)
    }
}
