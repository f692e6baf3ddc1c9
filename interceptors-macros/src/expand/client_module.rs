use heck::ToUpperCamelCase;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::{
    Field, Fields, FnArg, GenericArgument, ImplItem, Item, PathArguments, Type, parse_quote,
};

use super::chain::{CheckAt, Links, Part};
use super::common::{entries, hide_secrets, imports, plan_impl};
use super::fit_checks::{self, messages};
use super::fits::{Fits, Guard, behind};
use super::policy::{Policies, PolicyKey, Split, may_be_kept};
use super::rest;
use crate::check::Checked;
use crate::codes;
use crate::entries::chain::Chain;
use crate::entries::scope::Scope;
use crate::item::client_module::{ClientMethod, ClientModule, is_impl_of};
use crate::item::constructors::with_plaintext_field;
use crate::text::span::at;

/// Input:
///
/// ```text
/// pub mod user_service_client {
///     pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }
///     impl<T> UserServiceClient<T> where … {
///         pub fn new(inner: T) -> Self { … }
///         pub async fn get(&mut self, request: impl tonic::IntoRequest<Id>) -> Result<…> { … }
///     }
/// }
/// ```
///
/// Output:
///
/// ```text
/// pub mod user_service_client {
///     pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }
///     impl<T> UserServiceClient<T> where … {
///         pub fn new(inner: T) -> Self { … }
///     }
///     const _: () = {
///         impl<T> UserServiceClient<T> where …, T: Send, T::Future: Send {
///             pub async fn get(&mut self, request: impl tonic::IntoRequest<Id>) -> Result<…> {
///                 // the interceptors, then what the body did
///             }
///         }
///         impl<T> Intercepted<__Plan> for UserServiceClient<T> where … { const PLAN: Plan = …; }
///     };
/// }
/// ```
pub(crate) fn expand(checked: &Checked, module: &ClientModule) -> TokenStream {
    let imports = imports(checked);
    let entries = entries(checked);
    let self_ty = &module.self_ty;
    let mut generics = module.generics.clone();
    if let Some(transport) = module.generics.type_params().next() {
        let transport = &transport.ident;
        let clauses = generics.make_where_clause();
        clauses
            .predicates
            .push(parse_quote!(#transport: ::core::marker::Send));
        clauses.predicates.push(parse_quote!(
            <#transport as __interceptors::tonic::client::GrpcService<__interceptors::tonic::body::Body>>::Future: ::core::marker::Send
        ));
        let chains = &mut checked.chains.iter();
        if chains.any(|chain| forks(checked, chain)) {
            clauses
                .predicates
                .push(parse_quote!(#transport: ::core::clone::Clone));
        }
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let pairs = || module.methods.iter().zip(&checked.chains);
    let policies = Policies::new(checked, checked.chains.iter().map(key));
    let functions = policies.functions(&module.generics, None);
    let verdicts = policies.verdicts(&module.generics, false);
    let constants = pairs().map(|(method, chain)| constants(checked, &policies, method, chain));
    let fits = fit_checks::of_module(checked, module);
    let fit_checks = fits.items();
    let methods = pairs().enumerate().map(|(index, (method, chain))| {
        method_impl(checked, module, &policies, (&fits, index), method, chain)
    });
    let plans = module.methods.iter().map(plan_name);
    let plan_impl = plan_impl(checked, &module.generics, self_ty, &quote!(&[#(#plans),*]));
    let siblings = siblings(checked);
    let generated = quote! {
        #(#siblings)*
        const _: () = {
            #imports
            #entries
            #(#constants)*
            #functions
            #verdicts
            #fit_checks
            impl #impl_generics #self_ty #where_clause {
                #(#methods)*
            }
            #plan_impl
        };
    };
    let mut output = module.module.clone();
    if let Some((_, items)) = &mut output.content {
        // The user's path is only in imports, so a wrong path is one error.
        let krate = &checked.krate;
        items.push(Item::Verbatim(quote! {
            #[allow(unused_imports)]
            use #krate::__private as __interceptors;
        }));
        let remembers = sends_tokens(checked);
        for item in items.iter_mut() {
            if remembers {
                add_plaintext_field(item, module);
            }
            inherit_deadlines(item);
            wrap_transport(item, module);
        }
        items.push(Item::Verbatim(generated));
    }
    quote!(#output)
}

/// Output, for `only = ["/user.v1.LoginService/Login"]` on the client of another service of `user.v1`:
///
/// ```text
/// use super::login_service_client as _;
/// ```
///
/// All clients of a package have the same attribute, but each only knows its own methods. The import makes the compiler check
/// that the other client exists.
fn siblings(checked: &Checked) -> impl Iterator<Item = TokenStream> + '_ {
    checked.named_services.iter().map(|(span, service)| {
        let module = format_ident!("{}", client_module_of(service), span = at(*span));
        quote_spanned! {at(*span)=>
            #[allow(unused_imports)]
            use super::#module as _;
        }
    })
}

/// The module name that tonic's code generator uses: `login_service_client` for `user.v1.LoginService`.
fn client_module_of(service: &str) -> String {
    let name = service.rsplit('.').next().unwrap_or(service);
    let mut module = String::new();
    for letter in name.to_upper_camel_case().chars() {
        if letter.is_uppercase() && !module.is_empty() {
            module.push('_');
        }
        module.push(letter.to_ascii_lowercase());
    }
    module + "_client"
}

fn sends_tokens(checked: &Checked) -> bool {
    let mut entries = checked.entries.iter();
    entries.any(|listed| listed.row.needs.scheme)
}

/// Whether an entry makes concurrent attempts.
fn forks(checked: &Checked, chain: &Chain) -> bool {
    let entry = chain.first(&checked.entries, |listed| listed.row.needs.unary);
    entry.is_some()
}

/// Input:
///
/// ```text
/// pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }
/// pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error> where … { … }
/// pub fn with_origin(inner: T, origin: Uri) -> Self { …; Self { inner } }
/// ```
///
/// Output:
///
/// ```text
/// pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T>, is_plaintext: Option<bool> }
/// pub async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error> where … {
///     let endpoint = tonic::transport::Endpoint::new(dst)?;
///     let is_plaintext = …;
///     let client = Self::new(endpoint.connect().await?);
///     Ok(Self { is_plaintext, ..client })
/// }
/// pub fn with_origin(inner: T, origin: Uri) -> Self {
///     let is_plaintext = …;
///     …; Self { inner, is_plaintext }
/// }
/// ```
///
/// The field tells `auth` not to send a token over a connection that is known to be plaintext.
fn add_plaintext_field(item: &mut Item, module: &ClientModule) {
    match item {
        Item::Struct(client) if client.ident == module.client => {
            if let Fields::Named(fields) = &mut client.fields {
                fields.named.push(parse_quote!(
                    is_plaintext: ::core::option::Option<::core::primitive::bool>
                ));
            }
        }
        Item::Impl(block) if is_impl_of(block, &module.client) => {
            for item in &mut block.items {
                if let ImplItem::Fn(constructor) = item
                    && let Ok(body) = with_plaintext_field(constructor)
                {
                    constructor.block = body;
                }
            }
        }
        _ => {}
    }
}

/// Input:
///
/// ```text
/// pub fn new(inner: T) -> Self { …; Self { inner } }
/// ```
///
/// Output:
///
/// ```text
/// pub fn new(inner: T) -> Self { interceptors::__private::inherit(); …; Self { inner } }
/// ```
///
/// `inherit` switches on inherited deadlines. So handlers only keep track of deadlines in processes that have such a client.
fn inherit_deadlines(item: &mut Item) {
    let Item::Impl(block) = item else { return };
    for item in &mut block.items {
        if let ImplItem::Fn(constructor) = item
            && matches!(
                constructor.sig.ident.to_string().as_str(),
                "new" | "with_origin"
            )
        {
            let inherit = parse_quote!(__interceptors::inherit(););
            constructor.block.stmts.insert(0, inherit);
        }
    }
}

/// Input:
///
/// ```text
/// pub struct UserServiceClient<T> { inner: tonic::client::Grpc<T> }
/// let inner = tonic::client::Grpc::with_origin(inner, origin);
/// ```
///
/// Output:
///
/// ```text
/// pub struct UserServiceClient<T> { inner: tonic::client::Grpc<InOnePiece<T>> }
/// let inner = tonic::client::Grpc::with_origin(InOnePiece::new(inner), origin);
/// ```
fn wrap_transport(item: &mut Item, module: &ClientModule) {
    match item {
        Item::Struct(client) if client.ident == module.client => {
            let inner = client.fields.iter_mut().find_map(transport_of);
            if let Some(transport) = inner {
                *transport = parse_quote!(__interceptors::InOnePiece<#transport>);
            }
        }
        Item::Impl(block) if is_impl_of(block, &module.client) => {
            for item in &mut block.items {
                if let ImplItem::Fn(constructor) = item {
                    let statements = &constructor.block.stmts;
                    let wrapped = wrap_arguments(quote!(#(#statements)*));
                    if let Ok(body) = syn::parse2(quote!({ #wrapped })) {
                        constructor.block = body;
                    }
                }
            }
        }
        _ => {}
    }
}

/// `T` of `inner: tonic::client::Grpc<T>`.
fn transport_of(field: &mut Field) -> Option<&mut Type> {
    let Type::Path(path) = &mut field.ty else {
        return None;
    };
    let last = path.path.segments.last_mut()?;
    match (&mut last.arguments, last.ident == "Grpc") {
        (PathArguments::AngleBracketed(arguments), true) => {
            arguments
                .args
                .iter_mut()
                .find_map(|argument| match argument {
                    GenericArgument::Type(transport) => Some(transport),
                    _ => None,
                })
        }
        _ => None,
    }
}

/// Wraps the first argument of `Grpc::new` and `Grpc::with_origin` in `InOnePiece::new(…)`.
fn wrap_arguments(tokens: TokenStream) -> TokenStream {
    let mut before: [Option<String>; 4] = Default::default();
    let wrapped = tokens.into_iter().map(|tree| {
        let is_call = matches!(
            before.each_ref().map(Option::as_deref),
            [Some("Grpc"), Some(":"), Some(":"), Some("new" | "with_origin")]
        );
        before.rotate_left(1);
        before[3] = match &tree {
            TokenTree::Ident(name) => Some(name.to_string()),
            TokenTree::Punct(punct) => Some(punct.as_char().to_string()),
            _ => None,
        };
        let TokenTree::Group(group) = &tree else {
            return tree;
        };
        let mut inside = group.stream().into_iter();
        let stream = if is_call && group.delimiter() == Delimiter::Parenthesis {
            let is_comma = |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
            let first: TokenStream = inside.by_ref().take_while(|tree| !is_comma(tree)).collect();
            let rest: TokenStream = inside.collect();
            let comma = (!rest.is_empty()).then(|| quote!(,));
            quote!(__interceptors::InOnePiece::new(#first) #comma #rest)
        } else {
            wrap_arguments(group.stream())
        };
        let mut wrapped = Group::new(group.delimiter(), stream);
        wrapped.set_span(group.span());
        TokenTree::Group(wrapped)
    });
    wrapped.collect()
}

fn plan_name(method: &ClientMethod) -> syn::Ident {
    format_ident!("__PLAN_{}", method.name)
}

fn method_name(method: &ClientMethod) -> syn::Ident {
    format_ident!("__METHOD_{}", method.name)
}

fn constants(
    checked: &Checked,
    policies: &Policies<'_>,
    method: &ClientMethod,
    chain: &Chain,
) -> TokenStream {
    let (plan, name) = (plan_name(method), method_name(method));
    let ClientMethod {
        path,
        service,
        rpc,
        request,
        request_is_stream,
        response_is_stream,
        ..
    } = method;
    let entries = policies.plan_entries(key(chain), None);
    let resends = chain.first(&checked.entries, |listed| listed.row.needs.resend);
    let assertion = resends.map(|entry| {
        let (name, of) = (&entry.name, &method.name);
        let span = at(entry.name.span());
        let (can, what) = match request_is_stream {
            false => (
                quote!(__interceptors::Probe::<__interceptors::tonic::Request<#request>>::RESEND.is_some()),
                "a request that is `Clone`",
            ),
            true => (
                quote!(__interceptors::StreamProbe::<#request>::CAN_REPLAY),
                "messages that are `Clone` and `prost::Message`",
            ),
        };
        let message = codes::NOT_REPEATABLE.text(format_args!(
            "`{name}` needs {what}, and that of `{of}` is not; leave the method out with `except = [{of}]`"
        ));
        quote_spanned!(span=> const _: () = ::core::assert!(#can, #message);)
    });
    quote! {
        #[allow(non_upper_case_globals)]
        const #plan: &__interceptors::MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name { service: #service, method: #rpc, path: #path, derived: false, exact: true },
            __interceptors::Kind::new(#request_is_stream, #response_is_stream),
            __interceptors::Side::Client,
            const { &[#(#entries),*] },
        );
        #[allow(non_upper_case_globals)]
        const #name: &__interceptors::Method = &__interceptors::Method {
            path: || const { __interceptors::PathAndQuery::from_static(#path) },
            service: #service,
            method: #rpc,
        };
        #assertion
    }
}

/// Output:
///
/// ```text
/// pub async fn get(&mut self, request: impl tonic::IntoRequest<Id>) -> Result<…> {
///     let __request = tonic::IntoRequest::into_request(request);
///     let __abilities = || Abilities::new(…);
///     let __rpc = Rpc::<_, Result<tonic::Response<User>, tonic::Status>, _>::of(&__request, Single);
///     let (mut __call, __message) = __rpc.outgoing(__PLAN_get, __abilities(), __request);
///     let __verdict = Lends;
///     let __behind = Lends.around(
///         Outgoing::<_, _, One, One>::new(&mut self.inner, __METHOD_get, || ProstCodec::default()),
///         |__innermost| __innermost,
///     );
///     let mut __stage = __verdict.stage();
///     let mut __home = __verdict.home(&mut __stage);
///     let __running = pin!(None);
///     let mut __frame =
///         __behind.frame(&mut __home, __message, __abilities, NoLooks, __running, run_rest);
///     let __answer = __policy_0(&mut __call, Behind::new(&mut __frame)).await;
///     __rpc.leave(&mut __frame, __answer, &mut __call)
/// }
/// ```
fn method_impl(
    checked: &Checked,
    module: &ClientModule,
    policies: &Policies<'_>,
    (fits, index): (&Fits, usize),
    method: &ClientMethod,
    chain: &Chain,
) -> TokenStream {
    let ClientMethod {
        attrs,
        sig,
        codec,
        request,
        response,
        request_is_stream,
        response_is_stream,
        ..
    } = method;
    let (plan, name) = (plan_name(method), method_name(method));
    let argument = match sig.inputs.iter().nth(1) {
        Some(FnArg::Typed(argument)) => &argument.pat,
        _ => unreachable!("find() has seen the argument"),
    };
    let tonic = quote!(__interceptors::tonic);
    let (message, enter) = match request_is_stream {
        false => {
            let probe = quote!(__interceptors::Probe::<#tonic::Request<#request>>);
            let sized = may_be_kept(checked, chain).then(|| quote!(.sized(#probe::SIZE_OF)));
            let enter = quote! {
                let __request = #tonic::IntoRequest::into_request(#argument);
                let __abilities = || {
                    __interceptors::Abilities::new(#probe::RESEND, #probe::COUNT) #sized
                };
            };
            (quote!(#request), enter)
        }
        true => {
            let enter = quote! {
                let (__request, __abilities) = __interceptors::request_stream(
                    #argument,
                    __interceptors::StreamProbe::<#request>::REPLAY,
                );
            };
            (quote!(__interceptors::client::RequestStream<_>), enter)
        }
    };
    let (result, reply) = match response_is_stream {
        false => (quote!(#response), quote!(Single)),
        true => (quote!(#tonic::Streaming<#response>), quote!(TonicStream)),
    };
    let direction = |is_stream: bool| match is_stream {
        false => quote!(__interceptors::One),
        true => quote!(__interceptors::Many),
    };
    let (request_kind, response_kind) = (
        direction(*request_is_stream),
        direction(*response_is_stream),
    );
    let scope = |guard: Option<&Guard>| Scope {
        generics: &module.generics,
        this: None,
        message: behind(guard, message.clone()),
        messages: Some(messages(method, guard)),
    };
    let guarded = |guard: &Guard| scope(Some(guard));
    let links = Links {
        mount: checked.mount,
        chain,
        method: Some(&sig.ident),
        entries: &checked.entries,
        scope: scope(None),
        by_mut: false,
        part: Part::Rest,
        check_at: CheckAt::Apart {
            fits,
            method: index,
            scope: &guarded,
            outlives: false,
        },
    };
    let split = Split::of(chain, &checked.entries, false);
    let forking = forks(checked, chain).then(|| quote!(.forking()));
    let innermost = quote! {
        __interceptors::Outgoing::<_, _, #request_kind, #response_kind>::new(
            &mut self.inner,
            #name,
            || #codec,
        )
        #forking
    };
    let guard_statements = fits.guard_statements(chain);
    let rest = rest::rest(&links, &split, &innermost, true);
    let frame = rest::frame(&links, &split, &TokenStream::new());
    let (policy, kept) = (policies.name(key(chain)), policies.kept(key(chain)));
    let hide = hide_secrets(checked, None);
    let over = sends_tokens(checked).then(|| quote!(__call.set_plaintext(self.is_plaintext);));
    quote! {
        #(#attrs)*
        pub #sig {
            #enter
            let __rpc = __interceptors::Rpc::<
                _,
                ::core::result::Result<#tonic::Response<#result>, #tonic::Status>,
                _,
            >::of(&__request, __interceptors::#reply);
            #(#guard_statements)*
            let (mut __call, __message) = __rpc.outgoing(#plan, __abilities(), __request);
            #over
            #hide
            #rest
            #frame
            let __answer = #policy(
                &mut __call,
                __interceptors::Behind::new(&mut __frame),
                #(#kept),*
            )
            .await;
            __rpc.leave(&mut __frame, __answer, &mut __call)
        }
    }
}

fn key(chain: &Chain) -> PolicyKey<'_> {
    PolicyKey {
        chain,
        by_mut: false,
        cfgs: &[],
    }
}
