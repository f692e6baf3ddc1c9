use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, LitStr};

use super::entry::{Entry, Listed, Spot};
use super::reader::Reader;
use super::row::{
    Choice, DefaultValue, Fit, OneOf, Places, Positional, Row, Setting, Start, Value, enabled_by,
};
use super::site::Place;
use super::view::{View, as_list};
use crate::ctxt::Ctxt;
use crate::text::config::Config;
use crate::text::literals::literal;
use crate::text::metadata::wrong_metadata_key;
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "rate_limit",
    also_called: &["throttle", "quota", "rate", "limit", "limiter"],
    feature: enabled_by!("rate-limit"),
    places: Places::SERVERS,
    says: "rejects calls beyond so many in so much time",
    module: "rate_limit",
    interceptor: "RateLimit",
    start: Start::Setting,
    example: "rate_limit(per_second = 100)",
    ends_with: "RESOURCE_EXHAUSTED",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "per_second",
            value: Value::Integer(1, u64::MAX),
            says: "how many calls in a second; this, `per_minute` or `limiter` is needed",
            not_with: &["per_minute"],
            starts: true,
            also_called: &["rps", "rate", "qps", "max", "per_sec"],
            ..Setting::USUAL
        },
        Setting {
            name: "per_minute",
            value: Value::Integer(1, u64::MAX),
            says: "how many calls in a minute, instead of in a second",
            starts: true,
            also_called: &["per_hour", "per_day", "rpm", "per_min"],
            ..Setting::USUAL
        },
        Setting {
            name: "burst",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Words("the same number"),
            says: "how many may come at once after a rest, on top of the rate",
            also_called: &["capacity"],
            ..Setting::USUAL
        },
        Setting {
            name: "max_keys",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("65536"),
            says: "maximum number of distinct keys tracked",
            ..Setting::USUAL
        },
        Setting {
            name: "limiter",
            value: Value::Given(None),
            says: "a [`Limiter`](rate_limit::Limiter) of yours, instead of all but `key`",
            not_with: &["per_second", "per_minute", "burst", "max_keys"],
            also_called: &["with"],
            ..Setting::USUAL
        },
        Setting {
            name: "key",
            value: Value::Own("key"),
            says: "`peer`, `metadata(\"x-api-key\")` or `identity`: each has a limit of its own",
            also_called: &["by", "per"],
            choices: &[
                Choice {
                    name: "peer",
                    says: "a limit for each address",
                },
                Choice {
                    name: "metadata",
                    says: "a limit for each value of a metadata key: `metadata(\"x-api-key\")`",
                },
                Choice {
                    name: "identity",
                    says: "a limit for each caller that `auth` has found",
                },
            ],
            ..Setting::USUAL
        },
    ],
    one_of: &[OneOf {
        names: &["per_second", "per_minute", "limiter"],
        places: Places::ALL,
        missing: "missing setting `per_second`; add `per_second = 100`, or `per_minute` or `limiter`",
    }],
    fit: Fit::Asked,
    ..Row::USUAL
};

struct RateLimit {
    config: Option<Config>,
    limiter: Option<Expr>,
    key: Key,
}

enum Key {
    Everyone,
    Peer,
    Metadata(LitStr),
    Identity(Span),
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let key = match reading.settings.expr("key") {
        Some((_, expr)) => read_key(reader.cx, &expr)?,
        None => Key::Everyone,
    };
    let shown = match &key {
        Key::Everyone => None,
        Key::Peer => Some("peer".to_owned()),
        Key::Identity(_) => Some("identity".to_owned()),
        Key::Metadata(name) => Some(format!("metadata({:?})", name.value())),
    };
    reading
        .shown
        .extend(shown.map(|shown| ("key".to_owned(), shown)));
    let entry = RateLimit {
        config: reading.config.take(),
        limiter: reading.given.take(),
        key,
    };
    Some(reading.listed(entry))
}

/// `peer`, `identity` or `metadata("x-api-key")`.
fn read_key(cx: &Ctxt, expr: &Expr) -> Option<Key> {
    match expr {
        Expr::Path(path) if path.path.is_ident("peer") => return Some(Key::Peer),
        Expr::Path(path) if path.path.is_ident("identity") => {
            return Some(Key::Identity(expr.span()));
        }
        Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("metadata")) => {
            if let (1, Some(Lit::Str(name))) =
                (call.args.len(), call.args.first().and_then(literal))
            {
                if name.value() == "authorization" {
                    cx.error_on(
                        name,
                        "one token can be written in many ways, each with a limit of its own; use `key = identity`",
                    );
                    return None;
                }
                if let Some(wrong) = wrong_metadata_key(&name.value()) {
                    cx.error_on(name, wrong);
                    return None;
                }
                return Some(Key::Metadata(name.clone()));
            }
        }
        _ => {}
    }
    cx.error_on(
        expr,
        "`key` must be `peer`, `identity` or `metadata(\"x-api-key\")`",
    );
    None
}

impl Entry for RateLimit {
    fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    fn given(&self) -> Option<&Expr> {
        self.limiter.as_ref()
    }

    fn items(&self, place: &Place<'_>) -> TokenStream {
        let limiter = self.config.as_ref().map(|_| {
            let (name, config) = (place.item("LIMITER"), place.item("CONFIG"));
            if place.mount.is_struct() {
                return quote! {
                    #[allow(non_snake_case)]
                    fn #name() -> __interceptors::rate_limit::Limiter {
                        __interceptors::rate_limit::Limiter::new(#config)
                    }
                };
            }
            quote! {
                static #name: ::std::sync::LazyLock<__interceptors::rate_limit::Limiter> =
                    ::std::sync::LazyLock::new(|| {
                        __interceptors::rate_limit::Limiter::new(#config)
                    });
            }
        });
        let key = match &self.key {
            Key::Metadata(key) => {
                let name = place.item("KEY");
                Some(quote_spanned! {at(key.span())=>
                    const #name: __interceptors::rate_limit::ByMetadata =
                        __interceptors::rate_limit::ByMetadata::new(#key);
                })
            }
            _ => None,
        };
        quote!(#limiter #key)
    }

    fn channel_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        self.config.as_ref()?;
        Some((
            quote!(__interceptors::rate_limit::Limiter),
            place.item("LIMITER"),
        ))
    }

    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        let place = &spot.place;
        let rate_limit = place.interceptor(ROW.module, ROW.interceptor);
        let limiter = match &self.limiter {
            Some(limiter) => spot.lent(limiter),
            None if place.mount.is_struct() => {
                let name = place.state();
                quote!(&__state.#name)
            }
            None => {
                let name = place.item("LIMITER");
                quote!(&*#name)
            }
        };
        let key = match &self.key {
            Key::Everyone => quote!(__interceptors::rate_limit::Everyone),
            Key::Peer => quote!(__interceptors::rate_limit::ByPeer),
            Key::Metadata(_) => {
                let name = place.item("KEY");
                quote!(#name)
            }
            Key::Identity(span) => {
                let auth = spot.verifier(at(*span));
                quote_spanned!(at(*span)=> __interceptors::rate_limit::ByIdentity::of_auth(&#auth))
            }
        };
        let and = spot.and();
        quote_spanned!(at(place.name.span())=> #and #rate_limit::new(#limiter, #key))
    }

    /// A limit by identity needs an `auth` outside of it, in every method that it covers.
    fn check(&self, cx: &Ctxt, view: &View<'_>) {
        let Key::Identity(span) = self.key else {
            return;
        };
        let unverified = view.covered.iter().filter(|method| !method.is_verified);
        let unverified: Vec<&str> = unverified.map(|method| method.name).collect();
        if unverified.is_empty() {
            return;
        }
        let message = if unverified.len() == view.covered.len() {
            "nobody is verified yet where this limit stands; list `auth` before `rate_limit`"
                .to_owned()
        } else if unverified.contains(&"*") {
            "what `auth` does not cover has no identity; name what it covers with `only = [\"/user.v1.UserService/Login\"]`"
                .to_owned()
        } else {
            let names = as_list(&unverified);
            let or = match names.contains('"') {
                // There is nothing to put an entry of its own on.
                true => "",
                false => ", or give each a `rate_limit` of its own with another `key`",
            };
            format!("public methods have no identity; leave them out with `except = [{names}]`{or}")
        };
        cx.error_at(span, message);
    }
}
