use std::net::IpAddr;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, ExprArray, ItemStruct, Lit, LitStr, Type};

use super::by::{read_mount, shown_mount};
use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{DefaultValue, Fit, Places, Positional, Row, Setting, Value, enabled_by};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::mount::Mount;
use crate::text::config::Config;
use crate::text::literals::literal;
use crate::text::network::Network;
use crate::text::span::at;
use crate::text::summary::summary;

pub(crate) static ROW: Row = Row {
    name: "client_ip",
    aliases: &[
        "real_ip",
        "remote_ip",
        "true_client_ip",
        "client_address",
        "x_forwarded_for",
        "xff",
        "remote_addr",
        "forwarded",
        "trusted_proxies",
    ],
    feature: enabled_by!("client-ip"),
    places: Places::SERVERS,
    doc: "finds the address of the caller behind trusted proxies",
    module: "client_ip",
    interceptor: "FindClientIp",
    config_type: Some("ClientIp"),
    example: "client_ip(trusted = [\"10.0.0.0/8\"])",
    positional: Positional::No,
    settings: &[
        Setting {
            name: "trusted",
            value: Value::Own("trusted"),
            default: DefaultValue::Words("none"),
            doc: "the networks of trusted proxies: a list of strings, or an expression for [`IpNet`](client_ip::IpNet)s, such as a field",
            aliases: &["proxies", "trusted_proxies", "trust", "from"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "header",
            value: Value::OneOf(&["x-forwarded-for", "forwarded"]),
            default: DefaultValue::Is("\"x-forwarded-for\""),
            doc: "where the proxies write the caller's address: `\"x-forwarded-for\"` or `\"forwarded\"` (RFC 7239)",
            requires: Some("trusted"),
            aliases: &["key", "metadata"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "ipv6_prefix",
            value: Value::Integer(1, 128),
            default: DefaultValue::Is("64"),
            doc: "how many leading bits of an IPv6 address identify a caller in `rate_limit(key = client_ip)`",
            aliases: &["prefix", "ipv6_prefix_length", "mask"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "by",
            value: Value::Own("by"),
            places: Places::SERVICE,
            doc: "the [server's struct](#a-server) in front of the service, whose `client_ip` has found the address",
            conflicts_with: &["trusted", "header", "ipv6_prefix"],
            aliases: &["mount", "server"],
            ..Setting::DEFAULT
        },
    ],
    fit: Fit::CheckedIfGiven,
    finds_client: true,
    given_constructor: "trusting",
    ..Row::DEFAULT
};

struct ClientIp {
    config: Option<Config>,
    /// An expression for networks that are only known at run time.
    trusted: Option<Expr>,
    by: Option<Type>,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let cx = reader.cx;
    let mut entry = ClientIp {
        config: reading.config.take(),
        trusted: None,
        by: None,
    };
    if let Some((_, expr)) = reading.settings.expr("by") {
        let by = read_mount(cx, &expr)?;
        reading.shown.push(("by".to_owned(), shown_mount(&by)));
        entry.by = Some(by);
        entry.config = None;
        return Some(reading.listed(entry));
    }
    let shown = match reading.settings.expr("trusted") {
        None => "[]".to_owned(),
        Some((key, Expr::Array(array))) => {
            let (networks, shown) = networks(cx, &array)?;
            if let Some(config) = &mut entry.config {
                config.set(&key, array.span(), &networks);
            }
            shown
        }
        Some((_, expr)) => {
            if literal(&expr).is_some() {
                cx.error_on(
                    codes::WRONG_TYPE,
                    &expr,
                    "`trusted` must be a list of networks, such as `trusted = [\"10.0.0.0/8\"]`",
                );
                return None;
            }
            let shown = summary(&expr);
            entry.trusted = Some(expr);
            shown
        }
    };
    reading.shown.push(("trusted".to_owned(), shown));
    Some(reading.listed(entry))
}

/// `["10.0.0.0/8", "fd00::/8"]`, and how the plan shows it.
fn networks(cx: &Ctxt, array: &ExprArray) -> Option<(TokenStream, String)> {
    if array.elems.is_empty() {
        cx.error_on(
            codes::EMPTY,
            array,
            "`trusted` is empty; add the networks of your proxies, or take it out",
        );
        return None;
    }
    let mut networks: Vec<Network> = Vec::new();
    let mut constants = Vec::new();
    let mut is_fine = true;
    for element in &array.elems {
        let Some(Lit::Str(text)) = literal(element) else {
            cx.error_on(
                codes::WRONG_TYPE,
                element,
                "`trusted` is a list of strings, such as `\"10.0.0.0/8\"`; networks that are known at run time are a value: `trusted = self.proxies`",
            );
            return None;
        };
        match Network::parse(&text.value()) {
            Ok(network) if networks.contains(&network) => {
                cx.error_on(
                    codes::DUPLICATE_VALUE,
                    text,
                    format!("duplicate `{network}`; take one out"),
                );
                is_fine = false;
            }
            Ok(network) => {
                constants.push(constant(network, text));
                networks.push(network);
            }
            Err(wrong) => {
                cx.error_on(codes::NOT_A_NETWORK, text, wrong);
                is_fine = false;
            }
        }
    }
    let shown: Vec<String> = networks.iter().map(|it| format!("\"{it}\"")).collect();
    let shown = format!("[{}]", shown.join(", "));
    is_fine.then(|| (quote!(&[#(#constants),*]), shown))
}

/// The constant for a network.
fn constant(network: Network, text: &LitStr) -> TokenStream {
    let prefix = network.prefix;
    let span = at(text.span());
    match network.address {
        IpAddr::V4(address) => {
            let octets = address.octets();
            quote_spanned!(span=> __interceptors::client_ip::v4([#(#octets),*], #prefix))
        }
        IpAddr::V6(address) => {
            let segments = address.segments();
            quote_spanned!(span=> __interceptors::client_ip::v6([#(#segments),*], #prefix))
        }
    }
}

impl Entry for ClientIp {
    fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    fn given(&self) -> Option<&Expr> {
        self.trusted.as_ref()
    }

    /// Marks the struct, so that services behind it can use `client_ip(by = …)`.
    fn struct_items(&self, item: &ItemStruct, _: bool) -> Option<TokenStream> {
        let (ident, generics) = (&item.ident, &item.generics);
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        Some(quote! {
            impl #impl_generics __interceptors::client_ip::FindsClientIp for #ident #type_generics #where_clause {}
        })
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let place = &context.place;
        if let Some(by) = &self.by {
            let by_mount = place.interceptor(ROW.module, "by_mount");
            let span = at(by.span());
            return quote_spanned!(span=> &#by_mount::<#by>());
        }
        let interceptor = place.interceptor(ROW.module, ROW.interceptor);
        let config = place.item("CONFIG");
        let span = at(place.span);
        let value = match &self.trusted {
            Some(trusted) => {
                let trusted = context.borrowed(trusted);
                quote_spanned!(span=> #interceptor::trusting(#config, #trusted))
            }
            None => quote_spanned!(span=> #interceptor::new(#config)),
        };
        let of = (place.mount == Mount::Server).then(|| quote_spanned!(span=> .of::<Self>()));
        let ampersand = context.ampersand();
        quote_spanned!(span=> #ampersand #value #of)
    }
}
