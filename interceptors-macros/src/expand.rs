use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Expr, FnArg, GenericParam, Ident, PathArguments, Type};

use crate::args::{Entry, EntryKind, Field, RateLimitKey, Sigil};
use crate::check::{Chain, Service, ServiceName, entry_span};
use crate::item::{Method, Returns, is_cfg, is_lint_level};
use crate::tokens::{
    expect_to_allow, find_ident, has_macro_call, keep_span_name, needs_receiver, with_self_of,
};

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
    /// says of the value points there.
    pub(crate) fn set(&mut self, name: &str, value_at: Span, value: &TokenStream) {
        let span = at(value_at);
        let name = Ident::new(name, span);
        let config = Ident::new("config", span);
        self.calls
            .push(quote_spanned!(span=> let #config = #config.#name(#value);));
    }
}

/// Input:
///
/// ```text
/// #[tonic::async_trait]
/// impl UserService for Users {
///     type ListStream = BoxStream<User>;
///     async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { … }
///     …
/// }
/// ```
///
/// Output:
///
/// ```text
/// const _: () = {
///     mod __handlers { pub(super) trait Handlers { … } }
///     impl __handlers::Handlers for Users {
///         type ListStream = BoxStream<User>;
///         …
///         async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> { … }
///     }
///     #[tonic::async_trait]
///     impl UserService for Users {
///         type ListStream = ResponseStream<BoxStream<User>>;
///         async fn get(&self, request: Request<Id>) -> Result<Response<User>, Status> {
///             // the interceptors, then `<Self as __handlers::Handlers>::get(self, request)`
///         }
///     }
///     impl Intercepted<__Plan> for Users { const PLAN: Plan = …; }
/// };
/// ```
///
/// The bodies stay functions of their own, under their own names, with their attributes, in an
/// `impl` for the same type: `Self`, `?`, `return` and coercions mean what they meant. The hidden
/// trait stands in a module of its own, where it needs no name of the user's: the types of its
/// methods are associated types.
pub(crate) fn expand(service: &Service) -> TokenStream {
    let e = Expander { service };
    let scope_attrs = &service.block.scope_attrs;
    let imports = e.imports();
    let names = e.service_name();
    let entries = service
        .entries
        .iter()
        .enumerate()
        .map(|(i, entry)| Expander::entry_items(i, entry));
    let hidden_trait = e.hidden_trait();
    let hidden_impl = e.hidden_impl();
    let wrapper_impl = e.wrapper_impl();
    let plan_impl = e.plan_impl();
    let assertions = e.assertions();
    quote! {
        #(#scope_attrs)*
        const _: () = {
            #imports
            #names
            #(#entries)*
            #hidden_trait
            #hidden_impl
            #wrapper_impl
            #plan_impl
            #assertions
        };
    }
}

struct Expander<'a> {
    service: &'a Service,
}

impl Expander<'_> {
    fn methods(&self) -> impl Iterator<Item = (&Method, &Chain)> {
        self.service.block.methods.iter().zip(&self.service.chains)
    }

    /// All that the rest names, under one short name; and the constants that a `Probe` falls back
    /// on, which have to be in scope.
    ///
    /// A body may also call methods of a service's trait that is not imported, because it stood in
    /// that trait's own `impl`. So that trait is imported; a call that could also mean the
    /// hidden method, and so go past the interceptors, does not compile.
    fn imports(&self) -> TokenStream {
        let krate = &self.service.krate;
        let mut service_trait = self.service.block.trait_path.clone();
        if let Some(last) = service_trait.segments.last_mut() {
            last.arguments = PathArguments::None;
        }
        let by_path = service_trait.get_ident().is_none();
        let service_trait =
            by_path.then(|| quote!(#[allow(unused_imports)] use #service_trait as _;));
        quote! {
            #[allow(unused_imports)]
            use #krate::__private::{self as __interceptors, NoResend as _, Otherwise as _};
            #service_trait
        }
    }

    /// The hidden trait, with the parameters of the `impl`: whatever those are, they are its own.
    fn handlers(&self) -> TokenStream {
        let (_, parameters, _) = self.service.block.generics.split_for_impl();
        quote!(__handlers::Handlers #parameters)
    }

    fn service_name(&self) -> TokenStream {
        let trait_ident = self.service.block.trait_path.segments.last();
        let derived =
            trait_ident.map(|segment| syn::ext::IdentExt::unraw(&segment.ident).to_string());
        let (name, is_derived) = match &self.service.name {
            ServiceName::Given(expr) => (quote!(#expr), quote!(false)),
            ServiceName::Derived(name) => (quote!(#name), quote!(true)),
            // The constant outside is found only where the module has none.
            ServiceName::Module(module) => {
                let found = quote! {{
                    #[allow(dead_code)]
                    const SERVICE_NAME: &::core::primitive::str = "";
                    {
                        #[allow(unused_imports, clippy::wildcard_imports)]
                        use #module::*;
                        SERVICE_NAME
                    }
                }};
                return quote! {
                    const __SERVICE_NAME: &::core::primitive::str = #found;
                    const __SERVICE_IS_DERIVED: ::core::primitive::bool = __SERVICE_NAME.is_empty();
                    const __SERVICE: &::core::primitive::str = if __SERVICE_IS_DERIVED { #derived } else { __SERVICE_NAME };
                };
            }
        };
        quote! {
            const __SERVICE: &::core::primitive::str = #name;
            const __SERVICE_IS_DERIVED: ::core::primitive::bool = #is_derived;
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
    ///     EntryPlan::new("retry", &__CONFIG_RETRY_0.settings(), &[]).single_requests_only();
    /// ```
    fn entry_items(i: usize, entry: &Entry) -> TokenStream {
        let config_name = item_name("CONFIG", entry, i);
        let (module, config) = match &entry.kind {
            EntryKind::Logging { config, .. } => ("logging", Some(config)),
            EntryKind::Auth { config, .. } => ("auth", Some(config)),
            EntryKind::RateLimit { config, .. } => ("rate_limit", config.as_ref()),
            EntryKind::Retry { config, .. } => ("retry", Some(config)),
            EntryKind::With(_) => ("", None),
        };
        let module = |span| (!module.is_empty()).then(|| Ident::new(module, span));
        let mut items = TokenStream::new();
        let mut settings = quote!(&[]);
        if let Some(Config {
            start,
            start_at,
            calls,
        }) = config
        {
            settings = quote!(&#config_name.settings());
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
        items.extend(Self::entry_state(i, entry));
        let plan = item_name("ENTRY", entry, i);
        let name = entry.name.to_string();
        let expressions = entry.expressions.iter().map(|(name, shown)| {
            quote!(__interceptors::Setting::new(#name, __interceptors::Value::Text(#shown)))
        });
        let single_requests_only =
            matches!(entry.kind, EntryKind::Retry { .. }).then(|| quote!(.single_requests_only()));
        quote! {
            #items
            const #plan: __interceptors::EntryPlan =
                __interceptors::EntryPlan::new(#name, #settings, &[#(#expressions),*])
                    #single_requests_only;
        }
    }

    fn entry_state(i: usize, entry: &Entry) -> TokenStream {
        let mut items = TokenStream::new();
        match &entry.kind {
            EntryKind::Retry {
                throttle: Some(throttle),
                ..
            } => {
                let name = item_name("THROTTLE", entry, i);
                items.extend(quote! {
                    static #name: __interceptors::retry::Throttle = #throttle;
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
        if value_of(entry).is_some_and(|value| !needs_receiver(value)) {
            let name = item_name("VALUE", entry, i);
            items.extend(quote! {
                static #name: __interceptors::Once = __interceptors::Once::new();
            });
        }
        items
    }

    /// Output:
    ///
    /// ```text
    /// mod __handlers {
    ///     pub(super) trait Handlers {
    ///         type __MethodPlan;
    ///         type ListStream;
    ///         type __get_Request;
    ///         type __get_Result;
    ///         const __GET: Self::__MethodPlan;
    ///         fn get(&self, request: Self::__get_Request)
    ///             -> impl Future<Output = Self::__get_Result> + Send;
    ///     }
    /// }
    /// ```
    ///
    /// It has the parameters of the `impl`, without their bounds, and names nothing of the user's.
    fn hidden_trait(&self) -> TokenStream {
        let parameters = &self.service.block.generics.params;
        let parameters = parameters.iter().map(|param| match param {
            GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
            GenericParam::Const(param) => {
                let (ident, ty) = (&param.ident, &param.ty);
                quote!(const #ident: #ty)
            }
            GenericParam::Type(param) => {
                let ident = &param.ident;
                quote!(#ident: ?::core::marker::Sized)
            }
        });
        let types = self.plain_types().map(|item| {
            let (cfgs, ident) = (cfgs(&item.attrs), &item.ident);
            quote!(#(#cfgs)* type #ident;)
        });
        let methods = self.methods().map(|(method, chain)| {
            let Method { cfgs, .. } = method;
            let names = HiddenNames::new(method, chain);
            let HiddenNames {
                handler,
                request,
                result,
                plan,
            } = &names;
            let mut sig = method.sig.clone();
            sig.asyncness = None;
            sig.ident = handler.clone();
            let receiver = if method.by_arc {
                quote!(self: ::std::sync::Arc<Self>)
            } else {
                method.receiver().to_token_stream()
            };
            let output = match &method.returns {
                Returns::Async | Returns::Opaque => quote! {
                    impl ::core::future::Future<Output = Self::#result> + ::core::marker::Send
                },
                Returns::Boxed(lifetime) => {
                    let lifetime = lifetime.iter();
                    quote! {
                        ::core::pin::Pin<::std::boxed::Box<
                            dyn ::core::future::Future<Output = Self::#result>
                                + ::core::marker::Send #(+ #lifetime)*
                        >>
                    }
                }
            };
            let (generics, where_clause) = (&sig.generics, &sig.generics.where_clause);
            quote! {
                #(#cfgs)*
                type #request;
                #(#cfgs)*
                type #result;
                #(#cfgs)*
                const #plan: Self::__MethodPlan;
                #(#cfgs)*
                fn #handler #generics (#receiver, request: Self::#request) -> #output #where_clause;
            }
        });
        quote! {
            #[allow(dead_code, nonstandard_style, clippy::all, clippy::pedantic)]
            mod __handlers {
                pub(super) trait Handlers<#(#parameters),*> {
                    type __MethodPlan;
                    #(#types)*
                    #(#methods)*
                }
            }
        }
    }

    /// The user's bodies, in an implementation of the hidden trait.
    fn hidden_impl(&self) -> TokenStream {
        let handlers = self.handlers();
        let block = &self.service.block;
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        let self_ty = &block.self_ty;
        let types = self.plain_types().map(|item| {
            let mut item = item.clone();
            item.attrs.retain(|attr| !attr.path().is_ident("doc"));
            quote!(#item)
        });
        let methods = self
            .methods()
            .map(|(method, chain)| self.hidden_method(method, chain));
        quote! {
            impl #impl_generics #handlers for #self_ty #where_clause {
                type __MethodPlan = &'static __interceptors::MethodPlan;
                #(#types)*
                #(#methods)*
            }
        }
    }

    fn hidden_method(&self, method: &Method, chain: &Chain) -> TokenStream {
        let Method {
            cfgs,
            request: request_ty,
            result: result_ty,
            block,
            ..
        } = method;
        let HiddenNames {
            handler,
            request,
            result,
            plan,
        } = &HiddenNames::new(method, chain);
        let mut attrs = method.attrs.clone();
        if chain.rename {
            attrs
                .iter_mut()
                .for_each(|attr| keep_span_name(attr, &method.name));
        }
        let lints = lints_for_copies(&method.attrs);
        let mut sig = method.sig.clone();
        sig.ident = handler.clone();
        let Chain {
            rpc,
            is_derived,
            entries,
            ..
        } = chain;
        let entries = entries
            .iter()
            .map(|&i| item_name("ENTRY", &self.service.entries[i], i));
        let reply = self.reply(method, &quote!(Self::#result));
        quote! {
            #(#cfgs)*
            #(#lints)*
            type #request = #request_ty;
            #(#cfgs)*
            #(#lints)*
            type #result = #result_ty;
            #(#cfgs)*
            const #plan: Self::__MethodPlan = &__interceptors::MethodPlan::new(
                __interceptors::Name {
                    service: __SERVICE,
                    method: #rpc,
                    path: __interceptors::path!(__SERVICE, #rpc),
                    derived: __SERVICE_IS_DERIVED || #is_derived,
                },
                __interceptors::Kind::new(
                    __interceptors::Probe::<Self::#request>::REQUEST_IS_STREAM,
                    __interceptors::reply_is_stream::<Self::#result, _>(#reply),
                ),
                __interceptors::Side::Server,
                &[#(#entries),*],
            );
            #(#cfgs)*
            #(#attrs)*
            #sig #block
        }
    }

    /// The implementation of the service's own trait.
    fn wrapper_impl(&self) -> TokenStream {
        let block = &self.service.block;
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        let (attrs, trait_path, self_ty) = (&block.attrs, &block.trait_path, &block.self_ty);
        let consts = &block.consts;
        let types = block.types.iter().map(|assoc| {
            let mut item = assoc.item.clone();
            if assoc.is_stream {
                let ty = &item.ty;
                item.ty = Type::Verbatim(quote!(__interceptors::ResponseStream<#ty>));
            }
            quote!(#item)
        });
        let methods = self
            .methods()
            .map(|(method, chain)| self.wrapper_method(method, chain));
        quote! {
            #(#attrs)*
            impl #impl_generics #trait_path for #self_ty #where_clause {
                #(#consts)*
                #(#types)*
                #(#methods)*
            }
        }
    }

    /// Output:
    ///
    /// ```text
    /// async fn get(&self, __request: Request<Id>) -> Result<Response<User>, Status> {
    ///     let __rpc = Rpc::<
    ///         <Self as __handlers::Handlers>::__get_Request,
    ///         <Self as __handlers::Handlers>::__get_Result,
    ///         _,
    ///     >::new(Probe::<<Self as __handlers::Handlers>::__get_Result>::REPLY);
    ///     let __0 = &Logging::new(__CONFIG_LOGGING_0);
    ///     __rpc.covers(__0);
    ///     let __handler =
    ///         __rpc.handler(|__request| <Self as __handlers::Handlers>::get(self, __request));
    ///     let mut __call = __rpc.call(
    ///         <Self as __handlers::Handlers>::__GET,
    ///         Abilities { resend: …, count: … },
    ///         __request,
    ///     );
    ///     let mut __chain = Chain::new(__0, __handler);
    ///     __rpc.leave(__rpc.run(&mut __chain, &mut __call).await, &mut __call)
    /// }
    /// ```
    fn wrapper_method(&self, method: &Method, chain: &Chain) -> TokenStream {
        let Method {
            cfgs,
            docs,
            result: result_ty,
            ..
        } = method;
        let HiddenNames {
            handler,
            request,
            result,
            plan,
        } = &HiddenNames::new(method, chain);
        let handlers = self.handlers();
        let handlers = quote!(<Self as #handlers>);
        let lints = lints_for_copies(&method.attrs);
        let this = method.receiver().self_token;
        let reply = self.reply(method, &quote!(#handlers::#result));

        let mut sig = method.sig.clone();
        if let Some(FnArg::Typed(arg)) = sig.inputs.last_mut() {
            arg.attrs.clear();
            *arg.pat = syn::Pat::Verbatim(quote!(__request));
        }
        let result_ty = match &method.stream {
            Some(stream) => quote! {
                ::core::result::Result<
                    __interceptors::tonic::Response<Self::#stream>,
                    __interceptors::tonic::Status,
                >
            },
            None => quote!(#result_ty),
        };
        let output = match (&method.returns, &method.stream) {
            (Returns::Async, _) => Some(result_ty),
            (_, None) => None,
            (Returns::Opaque, Some(_)) => Some(quote! {
                impl ::core::future::Future<Output = #result_ty> + ::core::marker::Send
            }),
            (Returns::Boxed(lifetime), Some(_)) => {
                let lifetime = lifetime.iter();
                Some(quote! {
                    ::core::pin::Pin<::std::boxed::Box<
                        dyn ::core::future::Future<Output = #result_ty>
                            + ::core::marker::Send #(+ #lifetime)*
                    >>
                })
            }
        };
        if let Some(output) = output {
            let output = Box::new(Type::Verbatim(output));
            sig.output = syn::ReturnType::Type(syn::token::RArrow::default(), output);
        }

        let call = if method.by_arc {
            quote!(#handlers::#handler(__interceptors::share(&#this), __request))
        } else {
            quote!(#handlers::#handler(#this, __request))
        };
        let mut bindings = TokenStream::new();
        let mut links = quote!(__handler);
        for &i in chain.entries.iter().rev() {
            let local = local_name(i, Span::call_site());
            links = quote!(__interceptors::Chain::new(#local, #links));
        }
        for &i in &chain.entries {
            let span = at(entry_span(&self.service.entries[i]));
            let local = local_name(i, span);
            let value = self.entry_value(i, method, chain);
            bindings.extend(quote_spanned! {span=>
                let #local = #value;
                __rpc.covers(#local);
            });
        }
        let inline_assertions = self
            .is_generic()
            .then(|| self.retry_assertions(method, chain, &quote!(Self)));
        let inline_assertions = inline_assertions
            .iter()
            .flatten()
            .map(|assertion| quote!(const { #assertion }));
        let body = quote! {
            #(#inline_assertions;)*
            let __rpc = __interceptors::Rpc::<#handlers::#request, #handlers::#result, _>::new(#reply);
            #bindings
            let __handler = __rpc.handler(|__request| #call);
            let mut __call = __rpc.call(
                #handlers::#plan,
                __interceptors::Abilities {
                    resend: __interceptors::Probe::<#handlers::#request>::RESEND,
                    count: __interceptors::Probe::<#handlers::#request>::COUNT,
                },
                __request,
            );
            let mut __chain = #links;
            __rpc.leave(__rpc.run(&mut __chain, &mut __call).await, &mut __call)
        };
        let body = match method.returns {
            Returns::Async => body,
            Returns::Opaque => quote!(async move { #body }),
            Returns::Boxed(_) => quote!(::std::boxed::Box::pin(async move { #body })),
        };
        quote! {
            #(#cfgs)*
            #(#docs)*
            #(#lints)*
            #sig { #body }
        }
    }

    /// How a method's reply travels through the chain; the compiler knows where the text does not.
    fn reply(&self, method: &Method, result: &TokenStream) -> TokenStream {
        match &method.stream {
            Some(_) => quote!(__interceptors::AssociatedStream),
            None => quote!(__interceptors::Probe::<#result>::REPLY),
        }
    }

    /// The interceptor of an entry, as a value for one call.
    fn entry_value(&self, i: usize, method: &Method, chain: &Chain) -> TokenStream {
        let entry = &self.service.entries[i];
        let config = item_name("CONFIG", entry, i);
        let span = at(entry.name.span());
        let this = method.receiver().self_token;
        let interceptor = |module: &str, name: &str| {
            let (module, name) = (Ident::new(module, span), Ident::new(name, span));
            quote_spanned!(span=> __interceptors::#module::#name)
        };
        match &entry.kind {
            EntryKind::Logging { fields, .. } => {
                let logging = interceptor("logging", "Logging");
                let fields = (!fields.is_empty()).then(|| self.fields(fields, method, chain));
                quote_spanned!(span=> &#logging::new(#config) #fields)
            }
            EntryKind::Auth { verifier, .. } => {
                let auth = interceptor("auth", "Auth");
                let verifier = match verifier {
                    Some(verifier) => self.borrowed(verifier, entry, i, method),
                    None => quote_spanned!(span=> &*#this),
                };
                quote_spanned!(at(entry_span(entry))=> &#auth::new(#config, #verifier))
            }
            EntryKind::RateLimit { limiter, key, .. } => {
                let rate_limit = interceptor("rate_limit", "RateLimit");
                let limiter = match limiter {
                    Some(limiter) => self.borrowed(limiter, entry, i, method),
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
                        let before = chain.entries.iter().take_while(|&&j| j != i);
                        let auth = before.copied().filter(|&j| {
                            matches!(self.service.entries[j].kind, EntryKind::Auth { .. })
                        });
                        let auth = auth.last().map(|j| local_name(j, at(*span)));
                        quote_spanned!(at(*span)=> __interceptors::rate_limit::ByIdentity::of_auth(#auth))
                    }
                };
                quote_spanned!(span=> &#rate_limit::new(#limiter, #key))
            }
            EntryKind::Retry { throttle, .. } => {
                let retry = interceptor("retry", "Retry");
                let throttle = throttle.as_ref().map(|_| {
                    let name = item_name("THROTTLE", entry, i);
                    quote!(.throttle(&#name))
                });
                quote_spanned!(span=> &#retry::new(#config) #throttle)
            }
            EntryKind::With(expr) => self.borrowed(expr, entry, i, method),
        }
    }

    /// A reference to what an expression gives: a place in `self`, or a value made once.
    fn borrowed(&self, expr: &Expr, entry: &Entry, i: usize, method: &Method) -> TokenStream {
        let span = at(entry_span(entry));
        if needs_receiver(expr) {
            let expr = with_self_of(expr, method.receiver().self_token.span);
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
        let parameters = self.service.block.generics.params.iter();
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
    fn fields(&self, fields: &[Field], method: &Method, chain: &Chain) -> TokenStream {
        let handlers = self.handlers();
        let HiddenNames { request, .. } = HiddenNames::new(method, chain);
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
                Sigil::Display => quote_spanned!(span=> __interceptors::display_text(&#expr)),
                Sigil::Debug => quote_spanned!(span=> __interceptors::debug_text(&#expr)),
            };
            quote!(let #local = #value;)
        });
        let names = fields.iter().map(|field| &field.name);
        // As the user spells it: in a `macro_rules!` it may not be what stands at the call site.
        let expressions = fields.iter().map(|field| field.expr.to_token_stream());
        let spelled = find_ident(expressions.collect(), "request");
        let argument = spelled.unwrap_or_else(|| Ident::new("request", Span::call_site()));
        quote! {
            .with_fields(|#argument: &<<Self as #handlers>::#request as __interceptors::RequestType>::Message| {
                let _ = #argument;
                #(#captures)*
                move |__finish: &__interceptors::logging::Finish<'_>| {
                    __interceptors::finish_event!(__finish, { #(#names = #locals,)* })
                }
            })
        }
    }

    fn plan_impl(&self) -> Option<TokenStream> {
        if !self.service.has_plan {
            return None;
        }
        let handlers = self.handlers();
        let block = &self.service.block;
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        let self_ty = &block.self_ty;
        let methods = self.methods().map(|(method, chain)| {
            let HiddenNames { plan, .. } = HiddenNames::new(method, chain);
            let cfgs = &method.cfgs;
            quote!(#(#cfgs)* <Self as #handlers>::#plan)
        });
        let (declaration, marker) = match &self.service.plan {
            Some(marker) => (None, quote!(#marker)),
            None => (
                Some(quote!(
                    #[allow(unreachable_pub)]
                    pub struct __Plan;
                )),
                quote!(__Plan),
            ),
        };
        Some(quote! {
            #declaration
            impl #impl_generics __interceptors::Intercepted<#marker> for #self_ty #where_clause {
                const PLAN: __interceptors::Plan = __interceptors::Plan::new(&[#(#methods),*]);
            }
        })
    }

    /// What only the compiler can check, for types without parameters.
    fn assertions(&self) -> TokenStream {
        let self_ty = &self.service.block.self_ty;
        let services = self.service.named_services.iter().map(|(span, service)| {
            let message = format!("this path names the service `{service}`, and this is another");
            quote_spanned! {at(*span)=>
                const _: () = ::core::assert!(__interceptors::same(__SERVICE, #service), #message);
            }
        });
        let retries = (!self.is_generic()).then(|| {
            let per_method = self.methods().map(|(method, chain)| {
                let cfgs = &method.cfgs;
                let assertions = self.retry_assertions(method, chain, &quote!(#self_ty));
                let items = assertions
                    .iter()
                    .map(|assertion| quote!(#(#cfgs)* const _: () = #assertion;));
                quote!(#(#items)*)
            });
            quote!(#(#per_method)*)
        });
        quote!(#(#services)* #retries)
    }

    fn retry_assertions(
        &self,
        method: &Method,
        chain: &Chain,
        this: &TokenStream,
    ) -> Vec<TokenStream> {
        let handlers = self.handlers();
        let HiddenNames { request, .. } = HiddenNames::new(method, chain);
        let probe = quote!(__interceptors::Probe::<<#this as #handlers>::#request>);
        let name = &method.name;
        let retry = chain
            .entries
            .iter()
            .map(|&i| &self.service.entries[i])
            .find(|entry| matches!(entry.kind, EntryKind::Retry { .. }));
        let mut assertions = Vec::new();
        if let Some(span) = chain.retry_named_at {
            let message = format!(
                "`retry` cannot send the request stream of `{name}` again; take it out here"
            );
            assertions.push(
                quote_spanned! {at(span)=> ::core::assert!(!#probe::REQUEST_IS_STREAM, #message) },
            );
        }
        if let Some(entry) = retry {
            let message = format!(
                "`retry` needs a request that is `Clone`, and that of `{name}` is not; derive `Clone` for it, or leave the method out with `except = [{name}]`"
            );
            assertions.push(quote_spanned! {at(entry.name.span())=>
                ::core::assert!(#probe::REQUEST_IS_STREAM || #probe::RESEND.is_some(), #message)
            });
        }
        assertions
    }

    fn is_generic(&self) -> bool {
        !self.service.block.generics.params.is_empty()
    }

    /// Associated types without parameters: those that bodies may name as `Self::X`.
    fn plain_types(&self) -> impl Iterator<Item = &syn::ImplItemType> {
        let types = self.service.block.types.iter().map(|assoc| &assoc.item);
        types.filter(|item| item.generics.params.is_empty())
    }
}

/// The names of a method's items in the hidden trait.
struct HiddenNames {
    handler: Ident,
    request: Ident,
    result: Ident,
    plan: Ident,
}

impl HiddenNames {
    fn new(method: &Method, chain: &Chain) -> Self {
        let name = &method.name;
        let span = method.ident().span();
        let handler = if chain.rename {
            Ident::new(&format!("__{name}"), span)
        } else {
            method.ident().clone()
        };
        Self {
            handler,
            request: format_ident!("__{name}_Request"),
            result: format_ident!("__{name}_Result"),
            plan: format_ident!("__{}", name.to_uppercase()),
        }
    }
}

/// The place of a token of the user's, for code that is not: errors point there, lints stay away.
pub(crate) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

fn item_name(what: &str, entry: &Entry, i: usize) -> Ident {
    format_ident!("__{what}_{}_{i}", entry.name.to_string().to_uppercase())
}

fn local_name(i: usize, span: Span) -> Ident {
    Ident::new(&format!("__{i}"), span)
}

/// The expression whose value is kept when it does not depend on `self`.
fn value_of(entry: &Entry) -> Option<&Expr> {
    match &entry.kind {
        EntryKind::Auth { verifier, .. } => verifier.as_ref(),
        EntryKind::RateLimit { limiter, .. } => limiter.as_ref(),
        EntryKind::With(expr) => Some(expr),
        EntryKind::Logging { .. } | EntryKind::Retry { .. } => None,
    }
}

fn cfgs(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| is_cfg(attr))
}

/// The user's lint levels, for the places where the types of the signature stand once more.
fn lints_for_copies(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| is_lint_level(attr))
        .map(expect_to_allow)
        .collect()
}
