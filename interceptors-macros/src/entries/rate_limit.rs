use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, LitStr};

use super::entry::{Entry, Listed, ValueContext};
use super::rate_suggestions;
use super::reader::{Reader, Reading};
use super::row::{
    Choice, DefaultValue, Fit, OneOf, Places, Positional, Row, Setting, Start, Value, enabled_by,
};
use super::scope::Place;
use super::view::{View, as_list};
use crate::codes;
use crate::ctxt::Ctxt;
use crate::item::mount::Mount;
use crate::text::config::Config;
use crate::text::literals::literal;
use crate::text::metadata::wrong_metadata_key;
use crate::text::span::at;

pub(crate) static ROW: Row = Row {
    name: "rate_limit",
    aliases: &[
        "throttle",
        "throttling",
        "quota",
        "rate",
        "limit",
        "limiter",
        "limits",
        "governor",
        "rps",
        "qps",
        "token_bucket",
    ],
    feature: enabled_by!("rate-limit"),
    places: Places::SERVERS,
    doc: "rejects calls beyond a rate",
    module: "rate_limit",
    interceptor: "RateLimit",
    config_type: Some("Rate"),
    start: Start::Setting,
    example: "rate_limit(per_second = 100)",
    ends_with: "RESOURCE_EXHAUSTED",
    positional: Positional::No,
    suggest: rate_suggestions::suggest,
    suggest_for_several: rate_suggestions::suggest_for_several,
    settings: &[
        Setting {
            name: "per_second",
            value: Value::Integer(1, u64::MAX),
            doc: "how many calls per second; this, `per_minute` or `limiter` is needed",
            conflicts_with: &["per_minute"],
            starts: true,
            aliases: &[
                "rps",
                "rate",
                "qps",
                "max",
                "per_sec",
                "requests",
                "calls",
                "max_requests",
                "requests_per_second",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "per_minute",
            value: Value::Integer(1, u64::MAX),
            doc: "how many calls per minute, instead of per second",
            starts: true,
            aliases: &[
                "per_hour",
                "per_day",
                "rpm",
                "per_min",
                "requests_per_minute",
            ],
            ..Setting::DEFAULT
        },
        Setting {
            name: "burst",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Words("the same as the rate"),
            doc: "how many calls may come at once after an idle time, on top of the rate",
            aliases: &["capacity", "burst_size", "bucket_size"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "max_keys",
            value: Value::Integer(1, u64::MAX),
            default: DefaultValue::Is("65536"),
            doc: "maximum number of distinct keys tracked",
            aliases: &["keys", "max_entries"],
            read_by_entry: true,
            ..Setting::DEFAULT
        },
        Setting {
            name: "limiter",
            value: Value::Given(None),
            doc: "a [`Limiter`](rate_limit::Limiter) of yours, instead of all but `key`",
            conflicts_with: &["per_second", "per_minute", "burst", "max_keys"],
            aliases: &["with"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "store",
            value: Value::Given(None),
            doc: "a [`Store`](rate_limit::Store) in which processes share the limit, such as [`Redis`](rate_limit#limits-shared-between-processes)",
            conflicts_with: &["limiter"],
            aliases: &["redis", "backend", "shared", "storage"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "on_error",
            value: Value::Own("on_error"),
            default: DefaultValue::Is("local"),
            doc: "`allow`, `deny` or `local`: what to do while the store fails or is late; `local` applies this limit within the process",
            requires: STORE,
            aliases: &["on_failure", "fallback", "fail_open", "fail_closed"],
            ..Setting::DEFAULT
        },
        Setting {
            name: "store_timeout",
            value: Value::Duration,
            default: DefaultValue::Is("\"100ms\""),
            doc: "how long a call waits for the store",
            requires: STORE,
            aliases: &["timeout"],
            read_by_entry: true,
            ..Setting::DEFAULT
        },
        Setting {
            name: "name",
            value: Value::SomeText("`name` is empty; name the limit"),
            default: DefaultValue::Words("the service; on a method, service and method"),
            doc: "entries with the same name, settings and `key` share a limit, in all services and processes",
            requires: STORE,
            aliases: &["bucket", "prefix"],
            read_by_entry: true,
            ..Setting::DEFAULT
        },
        Setting {
            name: "key",
            value: Value::Own("key"),
            doc: "`peer`, `client_ip`, `metadata(\"x-api-key\")` or `identity`: each has a limit of its own",
            aliases: &["by", "per"],
            choices: &[
                Choice {
                    name: "peer",
                    doc: "a limit for each address",
                },
                Choice {
                    name: "client_ip",
                    doc: "a limit for each address that `client_ip` has found",
                },
                Choice {
                    name: "metadata",
                    doc: "a limit for each value of a metadata key: `metadata(\"x-api-key\")`",
                },
                Choice {
                    name: "identity",
                    doc: "a limit for each caller that `auth` has found",
                },
            ],
            ..Setting::DEFAULT
        },
    ],
    one_of: &[OneOf {
        names: &["per_second", "per_minute", "limiter", "store"],
        places: Places::ALL,
        missing: "missing setting `per_second`; add `per_second = 100`, or `per_minute` or `limiter`",
    }],
    fit: Fit::Checked,
    ..Row::DEFAULT
};

const STORE: Option<&str> = Some("store");

struct RateLimit {
    config: Option<Config>,
    /// A limiter or a store of the user's.
    given: Option<Expr>,
    /// The settings of a limit in a store. `None` for a local limit.
    sharing: Option<Config>,
    key: Key,
}

enum Key {
    Everyone,
    Peer,
    ClientIp(Span),
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
        Key::ClientIp(_) => Some("client_ip".to_owned()),
        Key::Identity(_) => Some("identity".to_owned()),
        Key::Metadata(name) => Some(format!("metadata({:?})", name.value())),
    };
    reading
        .shown
        .extend(shown.map(|shown| ("key".to_owned(), shown)));
    let sharing = read_sharing(reader, &mut reading);
    let entry = RateLimit {
        config: reading.config.take(),
        given: reading.given.take(),
        sharing,
        key,
    };
    Some(reading.listed(entry))
}

/// Reads `store` and the settings that need it.
fn read_sharing(reader: &Reader<'_>, reading: &mut Reading<'_>) -> Option<Config> {
    let name = &reader.name;
    let errors = reader.cx.errors();
    let [max_keys, store_timeout, bucket] =
        ["max_keys", "store_timeout", "name"].map(|setting| reading.take_own(setting));
    let on_error = reading.take_own("on_error");
    if let (Some(config), Some((key, expr, Some(value)))) = (&mut reading.config, &max_keys) {
        config.set(key, expr.span(), value);
    }
    let policy = on_error
        .as_ref()
        .and_then(|(_, expr, _)| read_policy(reader.cx, expr));
    let store = reading.key_of("store")?;

    let has_limit = reading.config.is_some();
    let mut sharing = Config::new(quote!(new()), name.span());
    if !has_limit && let Some((key, expr, Some(value))) = &max_keys {
        sharing.set(key, expr.span(), value);
    }
    if let (Some((key, expr, _)), Some(policy)) = (&on_error, &policy) {
        let span = at(expr.span());
        let policy = Ident::new(policy.name(), span);
        let value = quote_spanned!(span=> __interceptors::rate_limit::OnError::#policy);
        sharing.set(key, expr.span(), &value);
    }
    for (key, expr, value) in [store_timeout, bucket].iter().flatten() {
        if let Some(value) = value {
            sharing.set(key, expr.span(), value);
        }
    }
    if reader.on_method {
        sharing.finish("of_method", name.span());
    }
    let is_decided = has_limit || reading.key_of("limiter").is_some();
    if is_decided || !reading.settings.is_complete {
        return Some(sharing);
    }
    if let Some(burst) = reading.key_of("burst") {
        let message = "`burst` belongs to `per_second`; add that, or take it out";
        reader
            .cx
            .error_on(codes::REQUIRES_ANOTHER_SETTING, burst, message);
    }
    match (policy, on_error) {
        (Some(Policy::Local), Some((_, expr, _))) => reader.cx.error_on(
            codes::NO_STORE_FALLBACK,
            &expr,
            "`on_error = local` needs a limit; add `per_second = 100`, or write `allow` or `deny`",
        ),
        (None, None) if reader.cx.errors() == errors => reader.cx.error_on(
            codes::NO_STORE_FALLBACK,
            store,
            "nothing says what happens when the store does not answer; add `on_error = allow` or `on_error = deny`, or a limit",
        ),
        _ => {}
    }
    Some(sharing)
}

/// What happens to calls while the store does not answer.
#[derive(Clone, Copy)]
enum Policy {
    Allow,
    Deny,
    Local,
}

impl Policy {
    const ALL: [(&str, Self); 3] = [
        ("allow", Self::Allow),
        ("deny", Self::Deny),
        ("local", Self::Local),
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
            Self::Local => "Local",
        }
    }
}

fn read_policy(cx: &Ctxt, expr: &Expr) -> Option<Policy> {
    let is = |name: &str| matches!(expr, Expr::Path(path) if path.path.is_ident(name));
    let found = Policy::ALL.into_iter().find(|(name, _)| is(name));
    if found.is_none() {
        cx.error_on(
            codes::NOT_A_CHOICE,
            expr,
            "`on_error` must be `allow`, `deny` or `local`",
        );
    }
    found.map(|(_, policy)| policy)
}

/// `peer`, `client_ip`, `identity` or `metadata("x-api-key")`.
fn read_key(cx: &Ctxt, expr: &Expr) -> Option<Key> {
    match expr {
        Expr::Path(path) if path.path.is_ident("peer") => return Some(Key::Peer),
        Expr::Path(path) if path.path.is_ident("identity") => {
            return Some(Key::Identity(expr.span()));
        }
        Expr::Path(path) if path.path.is_ident("client_ip") => {
            return Some(Key::ClientIp(expr.span()));
        }
        Expr::Call(call) if matches!(&*call.func, Expr::Path(path) if path.path.is_ident("metadata")) => {
            if let (1, Some(Lit::Str(name))) =
                (call.args.len(), call.args.first().and_then(literal))
            {
                if name.value() == "authorization" {
                    cx.error_on(
                        codes::LIMIT_BY_CREDENTIALS,
                        name,
                        "one token can be written in many ways, each with a limit of its own; use `key = identity`",
                    );
                    return None;
                }
                if let Some(wrong) = wrong_metadata_key(&name.value()) {
                    cx.error_on(codes::METADATA_KEY, name, wrong);
                    return None;
                }
                return Some(Key::Metadata(name.clone()));
            }
        }
        _ => {}
    }
    cx.error_on(
        codes::NOT_A_CHOICE,
        expr,
        rate_suggestions::key_message(expr),
    );
    None
}

impl Entry for RateLimit {
    fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    fn given(&self) -> Option<&Expr> {
        self.given.as_ref()
    }

    fn items(&self, place: &Place<'_>) -> TokenStream {
        let sharing = self.sharing_item(place);
        let state = self.state().map(|(state, settings)| {
            let (name, settings) = (place.item("LIMITER"), place.item(settings));
            if place.mount.is_struct() {
                return quote! {
                    #[allow(non_snake_case)]
                    fn #name() -> __interceptors::rate_limit::#state {
                        __interceptors::rate_limit::#state::new(#settings)
                    }
                };
            }
            quote! {
                static #name: ::std::sync::LazyLock<__interceptors::rate_limit::#state> =
                    ::std::sync::LazyLock::new(|| {
                        __interceptors::rate_limit::#state::new(#settings)
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
        quote!(#sharing #state #key)
    }

    fn plan(&self, place: &Place<'_>, shown: &TokenStream) -> Option<TokenStream> {
        self.sharing.as_ref()?;
        let sharing = place.item("SHARING");
        Some(quote! {
            __interceptors::EntryPlan::of::<__interceptors::rate_limit::Entry>(&#sharing.settings(), #shown)
        })
    }

    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let (state, _) = self.state()?;
        Some((
            quote!(__interceptors::rate_limit::#state),
            place.item("LIMITER"),
        ))
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let place = &context.place;
        let ampersand = context.ampersand();
        let state = match place.mount.is_struct() {
            true => {
                let name = place.state();
                quote!(&__state.#name)
            }
            false => {
                let name = place.item("LIMITER");
                quote!(&*#name)
            }
        };
        let given = self.given.as_ref().map(|given| context.borrowed(given));
        match (&self.sharing, given) {
            (Some(_), store) => {
                let key = self.key(context);
                let shared = place.interceptor(ROW.module, "SharedRateLimit");
                let span = at(place.span);
                let new = match self.config {
                    Some(_) => Ident::new("new", span),
                    None => Ident::new("configured", span),
                };
                quote_spanned!(span=> #ampersand #shared::#new(#state, #store, #key))
            }
            (None, limiter) => {
                let key = self.key(context);
                let rate_limit = place.interceptor(ROW.module, ROW.interceptor);
                let limiter = limiter.unwrap_or(state);
                quote_spanned!(at(place.name.span())=> #ampersand #rate_limit::new(#limiter, #key))
            }
        }
    }

    /// Reports methods in which `key = identity` has no `auth` before it, or `key = client_ip` no `client_ip`.
    fn check(&self, cx: &Ctxt, view: &View<'_>) {
        let span = match self.key {
            Key::Identity(span) => span,
            Key::ClientIp(span) => return check_client(cx, view, span),
            Key::Everyone | Key::Peer | Key::Metadata(_) => return,
        };
        let unverified = view.covered.iter().filter(|method| !method.is_verified);
        let unverified: Vec<&str> = unverified.map(|method| method.name).collect();
        if unverified.is_empty() {
            return;
        }
        let mut code = codes::NO_VERIFIED_CALLER;
        let message = if unverified.len() == view.covered.len() {
            "`key = identity` needs the caller that `auth` verifies; list `auth` before `rate_limit`"
                .to_owned()
        } else if unverified.contains(&"*") {
            "calls that `auth` does not cover have no identity; name those that it covers with `only = [\"/user.v1.UserService/Login\"]`"
                .to_owned()
        } else if unverified.iter().any(|name| name.contains('/')) {
            // A server's patterns for health checks and the like. Calls without an identity share a limit.
            return;
        } else {
            code = codes::PUBLIC_HAS_NO_IDENTITY;
            let names = as_list(&unverified);
            format!(
                "public methods have no identity; leave them out with `except = [{names}]`, or give each a `rate_limit` of its own with another `key`"
            )
        };
        cx.error_at(code, span, message);
    }
}

/// Reports methods in which `key = client_ip` has no `client_ip` before it.
fn check_client(cx: &Ctxt, view: &View<'_>, span: Span) {
    let without = view.covered.iter().filter(|method| !method.has_client);
    let without: Vec<&str> = without.map(|method| method.name).collect();
    if without.is_empty() {
        return;
    }
    let nothing = "`key = client_ip` needs the address that `client_ip` finds; list `client_ip(trusted = [\"10.0.0.0/8\"])` before `rate_limit`";
    let message = if without.contains(&"*") {
        nothing.to_owned()
    } else if without.len() == view.covered.len() {
        format!("{nothing}, or `client_ip(by = Inbound)` behind a server's struct that has it")
    } else {
        let names = as_list(&without);
        let them = if without.len() == 1 { "it" } else { "them" };
        format!(
            "`client_ip` does not cover `{names}`; let it do so, or leave {them} out here with `except = [{names}]`"
        )
    };
    cx.error_at(codes::NO_CLIENT_ADDRESS, span, message);
}

impl RateLimit {
    /// The type of the entry's state, and the item with its settings.
    fn state(&self) -> Option<(Ident, &'static str)> {
        let (name, settings) = match (&self.sharing, &self.config) {
            (Some(_), _) => ("Shared", "SHARING"),
            (None, Some(_)) => ("Limiter", "CONFIG"),
            (None, None) => return None,
        };
        Some((Ident::new(name, Span::call_site()), settings))
    }

    /// Output, for `store = self.limits, per_second = 5, on_error = deny`:
    ///
    /// ```text
    /// const __SHARING_RATE_LIMIT_0: &rate_limit::Sharing = &{
    ///     let config = rate_limit::Sharing::new();
    ///     let config = config.limit(__CONFIG_RATE_LIMIT_0);
    ///     let config = config.on_error(OnError::Deny);
    ///     config
    /// };
    /// ```
    fn sharing_item(&self, place: &Place<'_>) -> Option<TokenStream> {
        let Config {
            start,
            start_span,
            calls,
        } = self.sharing.as_ref()?;
        let name = place.item("SHARING");
        let start = quote_spanned! {*start_span=>
            let config = __interceptors::rate_limit::Sharing::#start;
        };
        let limit = self.config.as_ref().map(|_| {
            let limit = place.item("CONFIG");
            quote_spanned!(*start_span=> let config = config.limit(#limit);)
        });
        let on_server =
            (place.mount == Mount::Server).then(|| quote!(let config = config.of_server();));
        Some(quote! {
            const #name: &__interceptors::rate_limit::Sharing = &{
                #start
                #limit
                #on_server
                #(#calls)*
                config
            };
        })
    }

    fn key(&self, context: &ValueContext<'_>) -> TokenStream {
        match &self.key {
            Key::Everyone => quote!(__interceptors::rate_limit::Everyone),
            Key::Peer => quote!(__interceptors::rate_limit::ByPeer),
            Key::ClientIp(_) => quote!(__interceptors::rate_limit::ByClientIp),
            Key::Metadata(_) => {
                let name = context.place.item("KEY");
                quote!(#name)
            }
            Key::Identity(span) => {
                let span = at(*span);
                let auth = context.verifier(span);
                match self.sharing {
                    None => {
                        quote_spanned!(span=> __interceptors::rate_limit::ByIdentity::of_auth(&#auth))
                    }
                    // Method resolution picks the trait by the identity's type: one with a text of its own uses the text, others their hash.
                    Some(_) => quote_spanned! {span=> {
                        use __interceptors::rate_limit::{SharedByHash as _, SharedByText as _};
                        (&__interceptors::rate_limit::IdentityOf::of_auth(&#auth)).key().checked()
                    }},
                }
            }
        }
    }
}
