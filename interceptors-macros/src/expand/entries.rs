use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Expr, GenericParam, Generics, Ident, Token};

use super::payload::{Messages, payload};
use crate::args::{Entry, EntryKind, Field, Kept, Pair, Per, RateLimitKey, Sigil, kept};
use crate::check::{Chain, entry_span, is_place_of_self};
use crate::item::{Mount, Side};
use crate::tokens::{find_ident, has_macro_call, needs_receiver, with_self_of};

/// What the settings of an entry become.
pub(crate) struct Config {
    /// The constructor, `new()`, and where it stands.
    start: TokenStream,
    start_at: Span,
    /// `let config = config.max(3);`
    calls: Vec<TokenStream>,
}

impl Config {
    pub(crate) fn new(start: TokenStream, start_at: Span) -> Self {
        Self {
            start,
            start_at: at(start_at),
            calls: Vec::new(),
        }
    }

    /// Sets a value. All of the statement stands where the value does, so that what the compiler
    /// says of the value points there; but for the setting's name, which an editor looks up.
    pub(crate) fn set(&mut self, key: &Ident, value_at: Span, value: &TokenStream) {
        let method = Ident::new(&key.to_string(), at(key.span()));
        self.call(&method, at(value_at), value);
    }

    /// Calls what looks at several values at once; what it says of them stands there.
    pub(crate) fn finish(&mut self, method: &str, place: Span) {
        let span = at(place);
        self.call(&Ident::new(method, span), span, &TokenStream::new());
    }

    fn call(&mut self, method: &Ident, span: Span, value: &TokenStream) {
        let config = Ident::new("config", span);
        self.calls
            .push(quote_spanned!(span=> let #config = #config.#method(#value);));
    }
}

/// Where the interceptors of one method are put together.
pub(crate) struct Site<'a> {
    pub(crate) mount: Mount,
    pub(crate) chain: &'a Chain,
    /// The method, for errors to name; a channel has no methods.
    pub(crate) method: Option<&'a Ident>,
    /// The parameters that are in scope.
    pub(crate) generics: &'a Generics,
    /// What `self` is in expressions.
    pub(crate) this: Option<Token![self]>,
    /// The type of the request in the chain.
    pub(crate) message: TokenStream,
    /// A channel's are encoded.
    pub(crate) messages: Option<Messages>,
}

impl Site<'_> {
    fn this_span(&self) -> Span {
        self.this.map_or_else(Span::call_site, |this| this.span)
    }

    /// Output, for `logging, with(self.audit)` in front of `get`:
    ///
    /// ```text
    /// fn __covers_get<I, Req, Res>(_: Link<'_, I, Req, Res>)
    /// where
    ///     I: Interceptor<Req, Res> + ?Sized,
    /// {}
    /// let __0 = &Logging::new(__CONFIG_LOGGING_0);
    /// let __1 = &(self.audit);
    /// __covers_get(__rpc.link(__1));
    /// ```
    ///
    /// The function is there for errors, which show where the bound stands: at the method.
    pub(crate) fn bindings(&self, entries: &[Entry]) -> TokenStream {
        let mut bindings = TokenStream::new();
        let is_own =
            |i: &usize| matches!(entries[*i].kind, EntryKind::With(_) | EntryKind::Validate);
        let has_own = self.chain.entries.iter().any(is_own);
        let covers = self.method.filter(|_| has_own).map(|method| {
            let span = at(method.span());
            let covers = Ident::new(&format!("__covers_{}", method.unraw()), span);
            bindings.extend(quote_spanned! {span=>
                fn #covers<I, Req, Res>(_: __interceptors::Link<'_, I, Req, Res>)
                where
                    I: __interceptors::Interceptor<Req, Res> + ?::core::marker::Sized,
                {
                }
            });
            covers
        });
        for &i in &self.chain.entries {
            let span = at(entry_span(&entries[i]));
            let local = local_name(i, span);
            let made = made_from_self(&entries[i]).map(|expr| {
                let (name, value) = (value_name(i, span), borrowed(expr, &entries[i], i, self));
                quote_spanned!(span=> let #name = #value;)
            });
            let value = entry_value(entries, i, self);
            // A hook is asked for what it has to be where the interceptor is made.
            let is_told = matches!(entries[i].kind, EntryKind::CatchPanic { .. });
            let check = (may_not_fit(&entries[i]) && !is_told).then(|| {
                match covers.as_ref().filter(|_| is_own(&i)) {
                    Some(covers) => {
                        let covers = Ident::new(&covers.to_string(), span);
                        quote_spanned!(span=> #covers(__rpc.link(#local));)
                    }
                    None => quote_spanned!(span=> __rpc.covers(#local);),
                }
            });
            bindings.extend(quote_spanned! {span=>
                #made
                let #local = #value;
                #check
            });
        }
        bindings
    }

    /// What the attribute stands on, where an entry asks that itself. The token resolves as the method's own `self`
    /// does and stands at the entry, for what the compiler says of it.
    fn itself(&self, place: Span) -> TokenStream {
        let this = Token![self](self.this_span().located_at(place));
        quote_spanned!(place=> &*#this)
    }

    /// `Chain::new(__0, __rpc.link(__1).before(innermost))`
    pub(crate) fn links(&self, entries: &[Entry], innermost: TokenStream) -> TokenStream {
        let outwards = self.chain.entries.iter().rev();
        // The span of an attempt is around nothing but the attempt.
        let innermost = match self.mount.side() {
            Side::Client
                if (outwards.clone())
                    .any(|&i| matches!(entries[i].kind, EntryKind::Trace { .. })) =>
            {
                quote!(__interceptors::Chain::new(&__interceptors::trace::Attempt, #innermost))
            }
            _ => innermost,
        };
        outwards.fold(innermost, |links, &i| {
            let local = local_name(i, Span::call_site());
            let links = match self.mount.side() {
                Side::Client if runs_code_of_the_user(&entries[i]) => {
                    quote!(__interceptors::Anew(#links))
                }
                _ => links,
            };
            match may_not_fit(&entries[i]) {
                true => quote!(__rpc.link(#local).before(#links)),
                false => quote!(__interceptors::Chain::new(#local, #links)),
            }
        })
    }
}

/// Whether nobody knows how long it takes until it calls what is further in.
fn runs_code_of_the_user(entry: &Entry) -> bool {
    matches!(
        entry.kind,
        EntryKind::Token { .. }
            | EntryKind::Validate
            | EntryKind::Payload { .. }
            | EntryKind::Metadata(_)
            | EntryKind::With(_)
    )
}

/// Whether it depends on types of the user's that an interceptor is one for the method. The others are for all, and
/// each question to the compiler is one for each method.
fn may_not_fit(entry: &Entry) -> bool {
    match &entry.kind {
        EntryKind::Logging { fields, .. } => !fields.is_empty(),
        EntryKind::Auth { .. }
        | EntryKind::Token { .. }
        | EntryKind::RateLimit { .. }
        | EntryKind::Validate
        | EntryKind::Payload { .. }
        | EntryKind::With(_) => true,
        // Whether it fits the identity is asked where it is made.
        EntryKind::Authorize { .. }
        | EntryKind::Retry { .. }
        | EntryKind::Hedge { .. }
        | EntryKind::Metadata(_)
        | EntryKind::RequestId { .. }
        | EntryKind::Metrics { .. }
        | EntryKind::Trace { .. }
        | EntryKind::Deadline { .. }
        | EntryKind::Timeout { .. } => false,
        EntryKind::CatchPanic { hook } => hook.is_some(),
        EntryKind::Concurrency { .. } | EntryKind::CircuitBreaker { .. } => {
            value_of(entry).is_some()
        }
    }
}

/// What an entry needs once for all calls: its settings, and its state.
///
/// Output, for `retry(max = 3)`:
///
/// ```text
/// const __CONFIG_RETRY_0: &retry::Config = &{
///     let config = retry::Config::new();
///     let config = config.max(3);
///     config
/// };
/// const __ENTRY_RETRY_0: EntryPlan =
///     EntryPlan::of::<retry::Entry>(&__CONFIG_RETRY_0.settings(), &[]).single_requests_only();
/// ```
pub(crate) fn entry_items(mount: Mount, i: usize, entry: &Entry) -> TokenStream {
    let config_name = item_name("CONFIG", entry, i);
    let (module, config) = match &entry.kind {
        EntryKind::Logging { config, .. } => ("logging", Some(config)),
        EntryKind::Auth { config, .. } => ("auth", Some(config)),
        EntryKind::Authorize { config, .. } => ("authorize", config.as_ref()),
        EntryKind::RateLimit { config, .. } => ("rate_limit", config.as_ref()),
        EntryKind::Retry { config, .. } => ("retry", Some(config)),
        EntryKind::Token { config, .. } => ("auth::client", Some(config)),
        EntryKind::Hedge { config } => ("hedge", Some(config)),
        EntryKind::Deadline { config } => ("deadline", Some(config)),
        EntryKind::RequestId { config } => ("request_id", Some(config)),
        EntryKind::Trace { config } => ("trace", Some(config)),
        EntryKind::Timeout { config } => ("timeout", Some(config)),
        EntryKind::Payload { config, .. } => ("payload", Some(config)),
        EntryKind::CatchPanic { .. }
        | EntryKind::Metadata(_)
        | EntryKind::Metrics { .. }
        | EntryKind::Validate
        | EntryKind::With(_) => ("", None),
        EntryKind::Concurrency { config, .. } => ("concurrency", config.as_ref()),
        EntryKind::CircuitBreaker { config, .. } => ("circuit_breaker", config.as_ref()),
    };
    let module = |span| {
        let segments = module.split("::").filter(|segment| !segment.is_empty());
        let segments = segments.map(|segment| Ident::new(segment, span));
        quote_spanned!(span=> #(#segments)::*)
    };
    let mut items = TokenStream::new();
    let mut settings = quote!(&[]);
    if let Some(Config {
        start,
        start_at,
        calls,
    }) = config
    {
        // Where the constant cannot be made, the compiler also notes each place that uses it.
        let config = Ident::new(&config_name.to_string(), at(entry.name.span()));
        settings = match (&entry.kind, mount.side()) {
            (EntryKind::RequestId { .. } | EntryKind::Trace { .. }, Side::Client) => {
                quote!(&#config.client_settings())
            }
            _ => quote!(&#config.settings()),
        };
        let (module, start_module) = (module(Span::call_site()), module(*start_at));
        let start = quote_spanned! {*start_at=>
            let config = __interceptors::#start_module::Config::#start;
        };
        items.extend(quote! {
            const #config_name: &__interceptors::#module::Config = &{
                #start
                #(#calls)*
                config
            };
        });
    }
    items.extend(entry_state(mount, i, entry));
    let plan = item_name("ENTRY", entry, i);
    let expressions = entry.expressions.iter().map(|(name, shown)| {
        quote!(__interceptors::Setting::new(#name, __interceptors::Value::Text(#shown)))
    });
    let new = match entry_type(entry) {
        Some(entry) => quote!(of::<__interceptors::#entry>(#settings, &[#(#expressions),*])),
        None => quote!(new("with", #settings, &[#(#expressions),*])),
    };
    // What sends encoded messages or generated code sends can keep a stream; others cannot.
    let keeps_streams = matches!(mount, Mount::ClientModule | Mount::Channel);
    let single_requests_only = (matches!(entry.kind, EntryKind::Retry { .. }) && !keeps_streams)
        .then(|| quote!(.single_requests_only()));
    quote! {
        #items
        const #plan: __interceptors::EntryPlan =
            __interceptors::EntryPlan::#new #single_requests_only;
    }
}

/// The type by which the runtime knows the entry; `with` has none.
fn entry_type(entry: &Entry) -> Option<TokenStream> {
    Some(match &entry.kind {
        EntryKind::Logging { .. } => quote!(logging::Entry),
        EntryKind::Auth { .. } => quote!(auth::Entry),
        EntryKind::Token { .. } => quote!(auth::client::Entry),
        EntryKind::Authorize { .. } => quote!(authorize::Entry),
        EntryKind::RateLimit { .. } => quote!(rate_limit::Entry),
        EntryKind::Retry { .. } => quote!(retry::Entry),
        EntryKind::Hedge { .. } => quote!(hedge::Entry),
        EntryKind::Deadline { .. } => quote!(deadline::Entry),
        EntryKind::RequestId { .. } => quote!(request_id::Entry),
        EntryKind::Trace { .. } => quote!(trace::Entry),
        EntryKind::Timeout { .. } => quote!(timeout::Entry),
        EntryKind::Payload { .. } => quote!(payload::Entry),
        EntryKind::CatchPanic { .. } => quote!(catch_panic::Entry),
        EntryKind::Metadata(_) => quote!(metadata::Entry),
        EntryKind::Metrics { .. } => quote!(metrics::Entry),
        EntryKind::Validate => quote!(validate::Entry),
        EntryKind::Concurrency { .. } if entry.name == "load_shed" => {
            quote!(concurrency::LoadShedEntry)
        }
        EntryKind::Concurrency { .. } => quote!(concurrency::Entry),
        EntryKind::CircuitBreaker { .. } => quote!(circuit_breaker::Entry),
        EntryKind::With(_) => return None,
    })
}

fn entry_state(mount: Mount, i: usize, entry: &Entry) -> TokenStream {
    let mut items = TokenStream::new();
    match &entry.kind {
        EntryKind::Retry {
            throttle: Some(throttle),
            ..
        } => {
            let name = item_name("THROTTLE", entry, i);
            items.extend(match mount {
                // Each channel has its own; the compiler checks the numbers here.
                Mount::Channel => quote! {
                    const fn #name() -> __interceptors::retry::Throttle {
                        const { #throttle }
                    }
                },
                _ => quote! {
                    static #name: __interceptors::retry::Throttle = #throttle;
                },
            });
        }
        EntryKind::RateLimit { config, key, .. } => {
            if config.is_some() {
                let name = item_name("LIMITER", entry, i);
                let config = item_name("CONFIG", entry, i);
                items.extend(quote! {
                    static #name: ::std::sync::LazyLock<__interceptors::rate_limit::Limiter> =
                        ::std::sync::LazyLock::new(|| {
                            __interceptors::rate_limit::Limiter::new(#config)
                        });
                });
            }
            if let RateLimitKey::Metadata(key) = key {
                let name = item_name("KEY", entry, i);
                items.extend(quote_spanned! {at(key.span())=>
                    const #name: __interceptors::rate_limit::ByMetadata =
                        __interceptors::rate_limit::ByMetadata::new(#key);
                });
            }
        }
        _ => {}
    }
    if let Some(kept) = kept(entry).filter(|kept| kept.given.is_none()) {
        items.extend(match (mount, kept.per) {
            (Mount::Channel, _) => kept_by_channel(&kept, entry, i),
            (_, Per::Service) => kept_static(&kept, entry, i),
            // It stands in the method.
            (_, Per::Method) => TokenStream::new(),
        });
    }
    if value_of(entry).is_some_and(|value| !needs_receiver(value)) {
        let name = item_name("VALUE", entry, i);
        items.extend(quote! {
            static #name: __interceptors::Once = __interceptors::Once::new();
        });
    }
    items
}

/// `static __LIMITER_CONCURRENCY_0: LazyLock<Limiter> = …;`
fn kept_static(kept: &Kept<'_>, entry: &Entry, i: usize) -> TokenStream {
    let (name, config) = (
        item_name(kept.what, entry, i),
        item_name("CONFIG", entry, i),
    );
    let (module, one) = (
        format_ident!("{}", kept.module),
        format_ident!("{}", kept.one),
    );
    quote! {
        static #name: ::std::sync::LazyLock<__interceptors::#module::#one> =
            ::std::sync::LazyLock::new(|| __interceptors::#module::#one::new(#config));
    }
}

/// `fn __LIMITER_CONCURRENCY_0() -> Limiters { … }`: each channel has its own.
fn kept_by_channel(kept: &Kept<'_>, entry: &Entry, i: usize) -> TokenStream {
    let (name, config) = (
        item_name(kept.what, entry, i),
        item_name("CONFIG", entry, i),
    );
    let (module, many) = (
        format_ident!("{}", kept.module),
        format_ident!("{}", kept.many),
    );
    let per = match kept.per {
        Per::Method => format_ident!("per_method"),
        Per::Service => format_ident!("per_service"),
    };
    quote! {
        #[allow(non_snake_case)]
        fn #name() -> __interceptors::#module::#many {
            __interceptors::#module::#many::#per(#config)
        }
    }
}

/// A reference to what an entry keeps.
fn kept_value(kept: &Kept<'_>, entry: &Entry, i: usize, site: &Site<'_>) -> TokenStream {
    if let Some(expr) = kept.given {
        return given(expr, entry, i, site);
    }
    let name = item_name(kept.what, entry, i);
    match (site.mount, kept.per) {
        (Mount::Channel, _) => {
            let name = state_name(i);
            quote!(&__state.#name)
        }
        (_, Per::Service) => quote!(&*#name),
        (_, Per::Method) => {
            let item = kept_static(kept, entry, i);
            quote!({ #item &*#name })
        }
    }
}

/// The interceptor of an entry, as a value for one call.
pub(crate) fn entry_value(entries: &[Entry], i: usize, site: &Site<'_>) -> TokenStream {
    let entry = &entries[i];
    let config = item_name("CONFIG", entry, i);
    let span = at(entry.name.span());
    let interceptor = |module: &str, name: &str| {
        let (module, name) = (Ident::new(module, span), Ident::new(name, span));
        quote_spanned!(span=> __interceptors::#module::#name)
    };
    match &entry.kind {
        EntryKind::Logging { fields, .. } => {
            let logging = interceptor("logging", "Logging");
            let fields = (!fields.is_empty()).then(|| fields_closure(fields, site));
            quote_spanned!(span=> &#logging::new(#config) #fields)
        }
        EntryKind::Auth { verifier, .. } => {
            let auth = interceptor("auth", "Auth");
            let verifier = match verifier {
                Some(verifier) => given(verifier, entry, i, site),
                None => site.itself(span),
            };
            quote_spanned!(at(entry_span(entry))=> &#auth::new(#config, #verifier))
        }
        EntryKind::Authorize { policy, .. } => {
            let span = at(entry_span(entry));
            let auth = auth_before(entries, i, site, span);
            let authorize = interceptor("authorize", "Authorize");
            match policy {
                // A closure learns the type of its argument from where it is handed over.
                Some(policy) if is_closure(policy) => {
                    let policy = with_self_of(policy, site.this_span());
                    quote_spanned!(span=> &#authorize::by_fn(#auth, #policy))
                }
                Some(policy) => {
                    let policy = given(policy, entry, i, site);
                    quote_spanned!(span=> &#authorize::by_policy(#auth, #policy))
                }
                None => quote_spanned!(span=> &#authorize::by_role(#auth, #config)),
            }
        }
        EntryKind::RateLimit { limiter, key, .. } => {
            let rate_limit = interceptor("rate_limit", "RateLimit");
            let limiter = match limiter {
                Some(limiter) => given(limiter, entry, i, site),
                None => {
                    let name = item_name("LIMITER", entry, i);
                    quote!(&*#name)
                }
            };
            let key = match key {
                RateLimitKey::Everyone => quote!(__interceptors::rate_limit::Everyone),
                RateLimitKey::Peer => quote!(__interceptors::rate_limit::ByPeer),
                RateLimitKey::Metadata(_) => {
                    let name = item_name("KEY", entry, i);
                    quote!(#name)
                }
                RateLimitKey::Identity(span) => {
                    let auth = auth_before(entries, i, site, at(*span));
                    quote_spanned!(at(*span)=> __interceptors::rate_limit::ByIdentity::of_auth(#auth))
                }
            };
            quote_spanned!(span=> &#rate_limit::new(#limiter, #key))
        }
        EntryKind::Retry { throttle, .. } => {
            let retry = interceptor("retry", "Retry");
            let throttle = throttle.as_ref().map(|_| match site.mount {
                Mount::Channel => {
                    let name = state_name(i);
                    quote!(.throttle(&__state.#name))
                }
                _ => {
                    let name = item_name("THROTTLE", entry, i);
                    quote!(.throttle(&#name))
                }
            });
            quote_spanned!(span=> &#retry::new(#config) #throttle)
        }
        EntryKind::Token { token, .. } => {
            let auth = interceptor("auth", "Authenticate");
            let token = match token {
                Some(token) => given(token, entry, i, site),
                None => site.itself(span),
            };
            quote_spanned!(at(entry_span(entry))=> &#auth::new(#config, #token))
        }
        EntryKind::Hedge { .. } => {
            let hedge = interceptor("hedge", "Hedge");
            quote_spanned!(span=> &#hedge::new(#config))
        }
        EntryKind::Deadline { .. } => {
            let deadline = interceptor("deadline", "Deadline");
            quote_spanned!(span=> &#deadline::new(#config))
        }
        EntryKind::Validate => {
            let validation = interceptor("validate", "Validation");
            quote_spanned!(span=> &#validation::new())
        }
        EntryKind::Timeout { .. } => {
            let timeout = interceptor("timeout", "Timeout");
            quote_spanned!(span=> &#timeout::new(#config))
        }
        EntryKind::CatchPanic { hook } => {
            let catch_panic = interceptor("catch_panic", "CatchPanic");
            match hook {
                Some(hook) => {
                    let hook = given(hook, entry, i, site);
                    quote_spanned!(at(entry_span(entry))=> &#catch_panic::with_hook(#hook))
                }
                None => quote_spanned!(span=> &#catch_panic::new()),
            }
        }
        EntryKind::Concurrency { .. } | EntryKind::CircuitBreaker { .. } => {
            let (module, name) = match entry.name.to_string().as_str() {
                "concurrency" => ("concurrency", "Concurrency"),
                "load_shed" => ("concurrency", "LoadShed"),
                _ => ("circuit_breaker", "Break"),
            };
            let interceptor = interceptor(module, name);
            let kept = kept(entry).map(|kept| kept_value(&kept, entry, i, site));
            quote_spanned!(at(entry_span(entry))=> &#interceptor::new(#kept))
        }
        EntryKind::Metrics { recorder } => metrics(recorder.as_ref(), entry, i, site),
        EntryKind::Trace { .. } => {
            let trace = interceptor("trace", "Trace");
            quote_spanned!(span=> &#trace::new(#config))
        }
        EntryKind::RequestId { .. } => {
            let request_id = interceptor("request_id", "SetRequestId");
            quote_spanned!(span=> &#request_id::new(#config))
        }
        EntryKind::Metadata(pairs) => metadata(pairs, &interceptor("metadata", "Metadata"), site),
        EntryKind::Payload { fields, .. } => payload(fields, &config, span, site),
        EntryKind::With(expr) => borrowed(expr, entry, i, site),
    }
}

/// The `auth` whose identity an entry is about.
fn auth_before(entries: &[Entry], i: usize, site: &Site<'_>, span: Span) -> Option<Ident> {
    let before = site.chain.entries.iter().take_while(|&&j| j != i);
    let auth = before
        .copied()
        .filter(|&j| matches!(entries[j].kind, EntryKind::Auth { .. }));
    auth.last().map(|j| local_name(j, span))
}

fn is_closure(expr: &Expr) -> bool {
    match expr {
        Expr::Closure(_) => true,
        Expr::Group(group) => is_closure(&group.expr),
        Expr::Paren(paren) => is_closure(&paren.expr),
        _ => false,
    }
}

/// A reference to what an expression gives: a place in `self`, or a value made once.
fn borrowed(expr: &Expr, entry: &Entry, i: usize, site: &Site<'_>) -> TokenStream {
    let span = at(entry_span(entry));
    if needs_receiver(expr) {
        let expr = with_self_of(expr, site.this_span());
        return quote_spanned!(span=> &(#expr));
    }
    let once = item_name("VALUE", entry, i);
    let evaluate = match expr {
        Expr::Path(_) => quote_spanned!(span=> evaluate_path),
        _ => quote_spanned!(span=> evaluate_once),
    };
    // A value that depends on the service's parameters is one for each instance of it. A macro may
    // hide that it does.
    let tokens = expr.to_token_stream();
    let parameters = site.generics.params.iter();
    let parameters: Vec<String> = parameters
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.to_string()),
            GenericParam::Const(param) => Some(param.ident.to_string()),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    let mentions = |name: &str| find_ident(tokens.clone(), name).is_some();
    let depends = mentions("Self")
        || parameters.iter().any(|name| mentions(name))
        || !parameters.is_empty() && has_macro_call(tokens.clone());
    let instance = if depends { quote!(Self) } else { quote!(()) };
    quote_spanned!(span=> __interceptors::#evaluate::<#instance, _>(&#once, || #expr))
}

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
fn fields_closure(fields: &[Field], site: &Site<'_>) -> TokenStream {
    let message = &site.message;
    let locals: Vec<_> = (0..fields.len())
        .map(|n| format_ident!("__field_{n}"))
        .collect();
    let captures = fields.iter().zip(&locals).map(|(field, local)| {
        let expr = &field.expr;
        let span = at(syn::spanned::Spanned::span(expr));
        let value = match field.sigil {
            Sigil::None => {
                quote_spanned!(span=> __interceptors::logging::Capture::capture(&#expr))
            }
            Sigil::Display => quote_spanned!(span=> __interceptors::logging::display_text(&#expr)),
            Sigil::Debug => quote_spanned!(span=> __interceptors::logging::debug_text(&#expr)),
        };
        quote!(let #local = #value;)
    });
    let names = fields.iter().map(|field| &field.name);
    // As the user spells it: in a `macro_rules!` it may not be what stands at the call site.
    let expressions = fields.iter().map(|field| field.expr.to_token_stream());
    let spelled = find_ident(expressions.collect(), "request");
    let argument = spelled.unwrap_or_else(|| Ident::new("request", Span::call_site()));
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

/// What stands in `self`, or was made from it just before.
fn given(expr: &Expr, entry: &Entry, i: usize, site: &Site<'_>) -> TokenStream {
    match made_from_self(entry) {
        Some(_) => value_name(i, at(entry_span(entry))).into_token_stream(),
        None => borrowed(expr, entry, i, site),
    }
}

/// An expression that makes a value from `self` for each call, `Arc::clone(&self.tokens)`, and that an
/// interceptor only borrows: the value needs a place of its own.
fn made_from_self(entry: &Entry) -> Option<&Expr> {
    let is_borrowed = !matches!(entry.kind, EntryKind::With(_));
    value_of(entry).filter(|expr| is_borrowed && needs_receiver(expr) && !is_place_of_self(expr))
}

fn value_name(i: usize, span: Span) -> Ident {
    Ident::new(&format!("__value_{i}"), span)
}

/// Input:
///
/// ```text
/// metadata("x-trace-id" = trace_id(), "x-key-bin" = self.key().await?)
/// ```
///
/// Output:
///
/// ```text
/// &Metadata::new(|| async move {
///     let mut __values = Values::new();
///     __values.ascii("x-trace-id", trace_id())?;
///     __values.binary("x-key-bin", self.key().await?)?;
///     Ok(__values)
/// })
/// ```
fn metadata(pairs: &[Pair], interceptor: &TokenStream, site: &Site<'_>) -> TokenStream {
    let values = pairs.iter().map(|pair| {
        let (key, value) = (&pair.key, with_self_of(&pair.value, site.this_span()));
        let span = at(syn::spanned::Spanned::span(&pair.value));
        let add = Ident::new(if pair.is_binary() { "binary" } else { "ascii" }, span);
        quote_spanned!(span=> __values.#add(#key, #value)?;)
    });
    quote! {
        &#interceptor::new(|| async move {
            let mut __values = __interceptors::metadata::Values::new();
            #(#values)*
            ::core::result::Result::Ok::<_, __interceptors::tonic::Status>(__values)
        })
    }
}

/// Output, for `metrics(recorder = self.recorder)`:
///
/// ```text
/// {
///     static __SERIES_METRICS_0: metrics::Series = metrics::Series::new();
///     &metrics::Metrics::new(&(self.recorder), &__SERIES_METRICS_0)
/// }
/// ```
///
/// The static is one for each method that the entry covers.
fn metrics(recorder: Option<&Expr>, entry: &Entry, i: usize, site: &Site<'_>) -> TokenStream {
    let span = at(entry_span(entry));
    let series = item_name("SERIES", entry, i);
    let recorder = match recorder {
        Some(recorder) => given(recorder, entry, i, site),
        None => quote!(__interceptors::metrics::Recorder::global()),
    };
    quote_spanned! {span=> {
        static #series: __interceptors::metrics::Series = __interceptors::metrics::Series::new();
        &__interceptors::metrics::Metrics::new(#recorder, &#series)
    }}
}

/// The field that keeps the state of an entry for each channel.
pub(crate) fn state_name(i: usize) -> Ident {
    format_ident!("__{i}")
}

/// The place of a token of the user's, for code that is not: errors point there, lints stay away.
pub(crate) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

pub(crate) fn item_name(what: &str, entry: &Entry, i: usize) -> Ident {
    format_ident!("__{what}_{}_{i}", entry.name.to_string().to_uppercase())
}

pub(crate) fn local_name(i: usize, span: Span) -> Ident {
    Ident::new(&format!("__{i}"), span)
}

/// The expression whose value is kept when it does not depend on `self`.
fn value_of(entry: &Entry) -> Option<&Expr> {
    match &entry.kind {
        EntryKind::Auth { verifier, .. } => verifier.as_ref(),
        EntryKind::Authorize { policy, .. } => policy.as_ref().filter(|it| !is_closure(it)),
        EntryKind::RateLimit { limiter, .. } => limiter.as_ref(),
        EntryKind::Token { token, .. } => token.as_ref(),
        EntryKind::CatchPanic { hook } => hook.as_ref(),
        EntryKind::Concurrency { limiter, .. } => limiter.as_ref(),
        EntryKind::CircuitBreaker { breaker, .. } => breaker.as_ref(),
        EntryKind::Metrics { recorder } => recorder.as_ref(),
        EntryKind::With(expr) => Some(expr),
        EntryKind::Logging { .. }
        | EntryKind::Retry { .. }
        | EntryKind::Hedge { .. }
        | EntryKind::Metadata(_)
        | EntryKind::RequestId { .. }
        | EntryKind::Trace { .. }
        | EntryKind::Payload { .. }
        | EntryKind::Deadline { .. }
        | EntryKind::Validate
        | EntryKind::Timeout { .. } => None,
    }
}
