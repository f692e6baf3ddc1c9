use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, Token};

use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{
    DefaultValue, Fit, Looks, Positional, Row, Sees, Setting, Start, Value, enabled_by,
};
use super::scope::Scope;
use crate::codes;
use crate::item::mount::Mount;
use crate::text::args::parse_value;
use crate::text::config::Config;
use crate::text::source::source;
use crate::text::span::at;
use crate::text::tokens::find_ident;
use crate::text::values::is_level;

pub(crate) static ROW: Row = Row {
    name: "logging",
    aliases: &[
        "log",
        "logger",
        "logs",
        "access_log",
        "request_log",
        "log_requests",
        "access_logs",
        "log4j",
        "logrus",
        "slog",
        "structlog",
        "zap",
        "zerolog",
    ],
    feature: enabled_by!("logging"),
    sees: Sees::Depends,
    doc: "an event for each call, with its status and its duration",
    module: "logging",
    interceptor: "LoggingWith",
    config_type: Some("Logging"),
    start: Start::OfSide,
    example: "logging(level = \"debug\")",
    positional: Positional::No,
    suggest,
    settings: &[
        Setting {
            name: "level",
            value: Value::Level,
            default: DefaultValue::OfSide("\"info\"", "\"debug\""),
            doc: "level of calls that end normally",
            aliases: &["lvl", "log_level", "severity", "verbosity"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "slow",
            value: Value::Duration,
            default: DefaultValue::Is("\"500ms\""),
            doc: "a unary call that takes longer is logged at `WARN` at least",
            aliases: &[
                "slow_threshold",
                "threshold",
                "slow_after",
                "slow_ms",
                "warn_after",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "fields",
            value: Value::Own("fields(...)"),
            aliases: &["field", "args", "with_fields"],
            doc: "values of the request: `name = expr`, `name = %expr` (`Display`) or `name = ?expr` (`Debug`); `request` is the message",
            ..Setting::DEFAULT
        },
    ],
    ..Row::DEFAULT
};

/// For `info`, suggests `level = "info"`.
fn suggest(name: Option<&str>, value: Option<&Expr>) -> Option<String> {
    let level = name?.to_lowercase();
    (value.is_none() && is_level(&level)).then(|| {
        format!("`logging` takes its settings by name; write `logging(level = \"{level}\")`")
    })
}

struct Logging {
    config: Config,
    fields: Vec<Field>,
}

/// `name = expr`, `name = %expr` or `name = ?expr`.
struct Field {
    name: TokenStream,
    sigil: Sigil,
    expr: Expr,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sigil {
    None,
    Display,
    Debug,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let cx = reader.cx;
    let mut reading = reader.read(tokens)?;
    let mut fields = Vec::new();
    if let Some((key, tokens)) = reading
        .settings
        .list("fields", "fields(user = request.user_id)")
    {
        fields = cx.ok(parse_fields.parse2(tokens))?;
        if reader.mount.is_struct() {
            cx.error_on(
                codes::WRONG_ITEM_FOR_SETTING,
                &key,
                match reader.mount {
                    Mount::Server => "a server's own interceptors run before the message is decoded, so it has no fields yet; write `logging(fields(…))` on the `impl` of the service",
                    _ => "a channel sees encoded messages, which have no fields; take `fields` out, or put it on a generated client",
                },
            );
        }
        if fields.is_empty() {
            cx.error_on(
                codes::MISSING_SETTING,
                &key,
                "`fields` needs a field: `fields(user = request.user_id)`",
            );
        }
        let names: Vec<_> = fields.iter().map(|field| field.name.to_string()).collect();
        let names = names.join(",").replace(' ', "");
        reading.shown.push(("fields".to_owned(), names));
    }
    let config = reading.config.take()?;
    Some(reading.listed(Logging { config, fields }))
}

impl Entry for Logging {
    fn config(&self) -> Option<&Config> {
        Some(&self.config)
    }

    fn fit(&self, by_row: Fit) -> Fit {
        match self.fields.is_empty() {
            true => by_row,
            false => Fit::Checked,
        }
    }

    fn looks(&self) -> Looks {
        match self.fields.is_empty() {
            true => Looks::No,
            false => Looks::Also,
        }
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let logging = context.place.interceptor(ROW.module, ROW.interceptor);
        let config = context.place.item("CONFIG");
        if context.in_policy && self.looks() == Looks::Also {
            let i = context.place.i;
            return quote_spanned!(at(context.place.span)=> &#logging::new(#config).with_look(#i));
        }
        let fields = (!self.fields.is_empty()).then(|| self.closure(context.scope));
        quote_spanned!(at(context.place.span)=> &#logging::new(#config) #fields)
    }
}

impl Logging {
    /// Input:
    ///
    /// ```text
    /// fields(user = request.user_id, tenant = %request.tenant)
    /// ```
    ///
    /// Output:
    ///
    /// ```text
    /// .with_fields(|request: &Id| {
    ///     let __field_0 = Capture::capture(&request.user_id);
    ///     let __field_1 = ToString::to_string(&request.tenant);
    ///     move |__finish: &Finish<'_>| {
    ///         __finish_event!(__finish, { user = __field_0, tenant = __field_1, })
    ///     }
    /// })
    /// ```
    fn closure(&self, scope: &Scope<'_>) -> TokenStream {
        let fields = &self.fields;
        let message = &scope.message;
        let locals: Vec<_> = (0..fields.len())
            .map(|n| format_ident!("__field_{n}"))
            .collect();
        let captures = fields.iter().zip(&locals).map(|(field, local)| {
            let expr = &field.expr;
            let span = at(expr.span());
            let value = match field.sigil {
                Sigil::None => {
                    quote_spanned!(span=> __interceptors::logging::Capture::capture(&#expr))
                }
                Sigil::Display => {
                    quote_spanned!(span=> __interceptors::logging::display_text(&#expr))
                }
                Sigil::Debug => quote_spanned!(span=> __interceptors::logging::debug_text(&#expr)),
            };
            quote!(let #local = #value;)
        });
        let names = fields.iter().map(|field| &field.name);
        // Use the user's own token. In a `macro_rules!` macro, `request` from the call site would be another variable.
        let expressions = fields.iter().map(|field| field.expr.to_token_stream());
        let spelling = find_ident(expressions.collect(), "request");
        let argument = spelling.unwrap_or_else(|| Ident::new("request", Span::call_site()));
        quote! {
            .with_fields(|#argument: &#message| {
                let _ = #argument;
                #(#captures)*
                move |__finish: &__interceptors::logging::Finish<'_>| {
                    __interceptors::logging::finish_event!(__finish, { #(#names = #locals,)* })
                }
            })
        }
    }
}

/// `user = request.user_id, tenant.id = %request.tenant`
fn parse_fields(input: ParseStream<'_>) -> syn::Result<Vec<Field>> {
    let mut fields = Vec::new();
    while !input.is_empty() {
        if !input.peek(Ident::peek_any) {
            let all: TokenStream = input.parse()?;
            let found = source(&all);
            let message = format!(
                "a field has a name and a value, such as `fields(user = request.user_id)`; `{found}` has no name"
            );
            return Err(syn::Error::new_spanned(all, message));
        }
        let first = input.call(Ident::parse_any)?;
        let mut name = quote!(#first);
        while input.peek(Token![.]) {
            let dot: Token![.] = input.parse()?;
            let part = input.call(Ident::parse_any)?;
            name.extend(quote!(#dot #part));
        }
        if !input.peek(Token![=]) {
            let message = format!("`{first}` needs a value: `{first} = request.{first}`");
            return Err(codes::NO_VALUE.error(first.span(), message));
        }
        input.parse::<Token![=]>()?;
        let sigil = if input.parse::<Option<Token![%]>>()?.is_some() {
            Sigil::Display
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Sigil::Debug
        } else {
            Sigil::None
        };
        fields.push(Field {
            name,
            sigil,
            expr: parse_value(input, &first.to_string(), first.span())?,
        });
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(fields)
}
