use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::quote_spanned;

use super::entry::{Entry, Listed, ValueContext};
use super::payload_paths::{FieldPath, field_paths, redacted, shown};
use super::reader::Reader;
use super::row::{
    DefaultValue, Fit, Looks, Places, Positional, Row, Sees, Setting, Times, Value, enabled_by,
};
use crate::codes;
use crate::text::config::Config;
use crate::text::span::at;
use crate::text::tokens::is_punct;

pub(crate) static ROW: Row = Row {
    name: "payload",
    aliases: &["body", "messages", "log_payload"],
    feature: enabled_by!("payload"),
    places: Places::TYPED,
    elsewhere: "a channel sees encoded messages, which have no fields; put `payload` on the generated client",
    times: Times::OncePerMessage,
    sees: Sees::Message,
    doc: "an event for each message, with the fields that are not secret",
    module: "payload",
    interceptor: "Payload",
    config_type: Some("PayloadSettings"),
    example: "payload(show = [request.id])",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "redact",
            value: Value::Own("redact = [...]"),
            doc: "the fields that are not logged; `[]` where nothing is secret",
            aliases: &["hide", "mask", "except_fields", "secret", "exclude"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "show",
            value: Value::Own("show = [...]"),
            doc: "the fields that are logged, and no others; one of `redact` and `show` is needed",
            aliases: &["fields", "include", "only_fields"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "max_bytes",
            value: Value::Integer(1, MAX_BYTES),
            default: DefaultValue::Is("1024"),
            doc: "how much of a message is logged",
            aliases: &["max_length", "limit", "max_size", "truncate"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "level",
            value: Value::Level,
            default: DefaultValue::Is("\"debug\""),
            doc: "level of all events",
            ..Setting::DEFAULT
        },
    ],
    fit: Fit::Checked,
    runs_user_code: true,
    looks: Looks::Only,
    ..Row::DEFAULT
};

/// The same limit as in `payload::PayloadSettings`.
const MAX_BYTES: u64 = 256 * 1024;

/// The settings that are lists of fields.
const LISTS: [&str; 2] = ["redact", "show"];

struct Payload {
    config: Config,
    are_shown: bool,
    paths: Vec<FieldPath>,
}

/// `payload(redact = [request.password, response.token], max_bytes = 1024, level = "debug")`
pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let cx = reader.cx;
    let errors = cx.errors();
    let (lists, rest) = take_lists(tokens);
    let mut reading = reader.read(rest)?;
    for list in LISTS {
        if let Some((key, expr)) = reading.settings.expr(list) {
            let message = format!("`{key}` must be a list of fields: `{key} = [request.password]`");
            cx.error_on(codes::WRONG_TYPE, &expr, message);
        }
    }
    let mut fields = None;
    for (key, list) in lists {
        match &fields {
            None => fields = Some((key.clone(), field_paths(cx, &key, &list))),
            Some((earlier, _)) if *earlier == key => {
                let message = format!("duplicate setting `{key}`; take one out");
                cx.error_on(codes::DUPLICATE_SETTING, &key, message);
            }
            Some((earlier, _)) => cx.error_on(
                codes::CONFLICTING_SETTINGS,
                &key,
                format!("`{key}` cannot be given together with `{earlier}`; keep one of them"),
            ),
        }
    }
    if fields.is_none() && cx.errors() == errors {
        cx.error_on(
            codes::MISSING_SETTING,
            &reader.name,
            "`payload` does not say what is secret; add `show = [request.id]` for the fields that are logged, or `redact = [request.password]` for those that are not",
        );
    }
    let (key, paths) = fields?;
    let texts: Vec<&str> = paths.iter().map(|path| path.text.as_str()).collect();
    let texts = format!("[{}]", texts.join(", "));
    reading.shown.push((key.to_string(), texts));
    let entry = Payload {
        config: reading.config.take()?,
        are_shown: key == "show",
        paths,
    };
    Some(reading.listed(entry))
}

/// Takes `redact = […]` and `show = […]` out of the settings. The `[]` after a repeated field is not a Rust expression, so
/// the usual parser rejects it.
fn take_lists(tokens: TokenStream) -> (Vec<(Ident, Group)>, TokenStream) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut lists = Vec::new();
    let mut rest: Vec<TokenTree> = Vec::new();
    for setting in trees.split_inclusive(|tree| is_punct(tree, ',')) {
        match setting {
            [TokenTree::Ident(name), eq, TokenTree::Group(list), end @ ..]
                if LISTS.iter().any(|known| name == known)
                    && is_punct(eq, '=')
                    && list.delimiter() == Delimiter::Bracket
                    && end.iter().all(|tree| is_punct(tree, ',')) =>
            {
                lists.push((name.clone(), list.clone()));
            }
            _ => rest.extend_from_slice(setting),
        }
    }
    (lists, rest.into_iter().collect())
}

impl Entry for Payload {
    fn config(&self) -> Option<&Config> {
        Some(&self.config)
    }

    fn looks(&self) -> Looks {
        ROW.looks
    }

    /// Output, for `payload(redact = [request.password])`:
    ///
    /// ```text
    /// &payload::Payload::new(
    ///     __CONFIG_PAYLOAD_0,
    ///     RequestOf::<…>::MESSAGES.written(|__message, __content| {
    ///         let mut __copy = payload::copy(__message);
    ///         __copy.password = Default::default();
    ///         __content.value(&__copy);
    ///     }),
    ///     ResponseOf::<…>::MESSAGES.written(|__message, __content| __content.value(__message)),
    /// )
    /// ```
    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let (span, config) = (at(context.place.name.span()), context.place.item("CONFIG"));
        let (request, response): (Vec<_>, Vec<_>) =
            self.paths.iter().partition(|path| path.is_of_request());
        let Some(messages) = &context.scope.messages else {
            unreachable!("a channel with `payload` is an error");
        };
        let written = |paths: &[&FieldPath], messages: &TokenStream| {
            let closure = match self.are_shown {
                // No field of these messages is shown.
                true if paths.is_empty() => {
                    return quote_spanned!(span=> __interceptors::payload::Unwritten);
                }
                true => shown(paths),
                false => redacted(paths, span),
            };
            quote_spanned!(span=> #messages.written(#closure))
        };
        let request = written(&request, &messages.request);
        let response = written(&response, &messages.response);
        quote_spanned! {span=> {
            #[allow(unused_imports)]
            use __interceptors::payload::{SingleRequest as _, SingleResponse as _};
            &__interceptors::payload::Payload::new(#config, #request, #response)
        }}
    }
}
