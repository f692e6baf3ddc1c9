use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::entry::{Entry, Listed, Spot};
use super::reader::Reader;
use super::row::{DefaultValue, Needs, Places, Positional, Row, Setting, Value, enabled_by};
use super::site::Place;
use crate::item::mount::Mount;
use crate::text::config::Config;
use crate::text::literals::literal;
use crate::text::settings::Settings;
use crate::text::span::at;
use crate::text::summary::summary;

pub(crate) static ROW: Row = Row {
    name: "retry",
    also_called: &["retries", "backoff"],
    feature: enabled_by!("retry"),
    says: "tries again what failed and may be tried again",
    module: "retry",
    interceptor: "Retry",
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
            also_called: &["max_retries", "retries", "times", "count"],
            ..Setting::USUAL
        },
        Setting {
            name: "max_attempts",
            value: Value::Integer(2, u64::MAX),
            default: DefaultValue::Is("4"),
            says: "the same, counting the first try; one or the other",
            ..Setting::USUAL
        },
        Setting {
            name: "base_delay",
            value: Value::Duration,
            default: DefaultValue::Is("\"500ms\""),
            says: "delay before the first retry",
            also_called: &["backoff", "initial_backoff", "initial_delay", "min_delay"],
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
            says: "gRFC A6's throttle: no retries while half of the tokens or more are used up",
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

const TOKENS: Setting = Setting {
    name: "tokens",
    value: Value::Integer(1, 1000),
    ..Setting::USUAL
};

const RATIO: Setting = Setting {
    name: "ratio",
    value: Value::Float(|x| (x < 0.001).then_some("must be at least 0.001")),
    ..Setting::USUAL
};

struct Retry {
    config: Config,
    throttle: Option<TokenStream>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let mut throttle = None;
    if let Some((key, tokens)) = reading
        .settings
        .list("throttle", "throttle(tokens = 10, ratio = 0.1)")
    {
        let (value, shown) = read_throttle(reader, &key, tokens)?;
        reading.shown.push(("throttle".to_owned(), shown));
        throttle = Some(value);
    }
    let config = reading.config.take()?;
    Some(reading.listed(Retry { config, throttle }))
}

/// Input: `tokens = 10, ratio = 0.1`
///
/// Output: `Throttle::new(Throttle::legal_tokens(10), Throttle::legal_ratio(0.1))`, and `10/0.1` for the plan.
fn read_throttle(
    reader: &Reader<'_>,
    key: &Ident,
    tokens: TokenStream,
) -> Option<(TokenStream, String)> {
    let parts = [TOKENS, RATIO];
    let mut settings = Settings::parts(reader.cx, tokens, &parts.map(|part| part.name));
    let [Some(tokens), Some(ratio)] = parts.map(|part| settings.expr(part.name)) else {
        if settings.is_complete {
            let message = "`throttle` needs both: `throttle(tokens = 10, ratio = 0.1)`";
            reader.cx.error_on(key, message);
        }
        return None;
    };
    let shown = |expr: &Expr| match literal(expr) {
        Some(_) => expr.to_token_stream().to_string().replace(' ', ""),
        None => summary(expr),
    };
    let both = format!("{}/{}", shown(&tokens.1), shown(&ratio.1));
    let legal = |part: &Setting, (key, expr): &(Ident, Expr)| {
        let value = reader.value(part, key, expr)?;
        let span = at(expr.span());
        let legal = Ident::new(&format!("legal_{}", part.name), span);
        Some(quote_spanned!(span=> __interceptors::retry::Throttle::#legal(#value)))
    };
    let (tokens, ratio) = (legal(&TOKENS, &tokens), legal(&RATIO, &ratio));
    let (tokens, ratio) = (tokens?, ratio?);
    let throttle = quote_spanned! {at(key.span())=>
        __interceptors::retry::Throttle::new(#tokens, #ratio)
    };
    Some((throttle, both))
}

impl Entry for Retry {
    fn config(&self) -> Option<&Config> {
        Some(&self.config)
    }

    fn items(&self, place: &Place<'_>) -> TokenStream {
        let Some(throttle) = &self.throttle else {
            return TokenStream::new();
        };
        let name = place.item("THROTTLE");
        match place.mount {
            // Each channel has its own; the compiler checks the numbers here.
            Mount::Channel => quote! {
                const fn #name() -> __interceptors::retry::Throttle {
                    const { #throttle }
                }
            },
            _ => quote! {
                static #name: __interceptors::retry::Throttle = #throttle;
            },
        }
    }

    fn channel_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        self.throttle.as_ref()?;
        Some((
            quote!(__interceptors::retry::Throttle),
            place.item("THROTTLE"),
        ))
    }

    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        let place = &spot.place;
        let retry = place.interceptor(ROW.module, ROW.interceptor);
        let config = place.item("CONFIG");
        let throttle = self.throttle.as_ref().map(|_| match place.mount {
            Mount::Channel => {
                let name = place.state();
                quote!(.throttle(&__state.#name))
            }
            _ => {
                let name = place.item("THROTTLE");
                quote!(.throttle(&#name))
            }
        });
        quote_spanned!(at(place.span)=> &#retry::new(#config) #throttle)
    }
}
