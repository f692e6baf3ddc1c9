use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{FnArg, Item, parse_quote};

use super::entries::{Site, at, item_name};
use super::{entries, imports, plan_impl};
use crate::args::EntryKind;
use crate::check::{Chain, Checked};
use crate::client_module::{ClientMethod, ClientModule};

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
        let hedges = |chain: &Chain| {
            let mut covering = chain.entries.iter().map(|&i| &checked.entries[i].kind);
            covering.any(|kind| matches!(kind, EntryKind::Hedge { .. }))
        };
        if checked.chains.iter().any(hedges) {
            clauses
                .predicates
                .push(parse_quote!(#transport: ::core::clone::Clone));
        }
    }
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let pairs = || module.methods.iter().zip(&checked.chains);
    let constants = pairs().map(|(method, chain)| constants(checked, method, chain));
    let methods = pairs().map(|(method, chain)| method_impl(checked, module, method, chain));
    let plans = module.methods.iter().map(plan_name);
    let plan_impl = plan_impl(checked, &module.generics, self_ty, plans);
    let generated = quote! {
        const _: () = {
            #imports
            #entries
            #(#constants)*
            impl #impl_generics #self_ty #where_clause {
                #(#methods)*
            }
            #plan_impl
        };
    };
    let mut output = module.module.clone();
    if let Some((_, items)) = &mut output.content {
        items.push(Item::Verbatim(generated));
    }
    quote!(#output)
}

fn plan_name(method: &ClientMethod) -> syn::Ident {
    format_ident!("__PLAN_{}", method.name.to_uppercase())
}

fn method_name(method: &ClientMethod) -> syn::Ident {
    format_ident!("__METHOD_{}", method.name.to_uppercase())
}

fn constants(checked: &Checked, method: &ClientMethod, chain: &Chain) -> TokenStream {
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
    let covering = || chain.entries.iter().map(|&i| (i, &checked.entries[i]));
    let entries = covering().map(|(i, entry)| item_name("ENTRY", entry, i));
    let resends =
        |kind: &EntryKind| matches!(kind, EntryKind::Retry { .. } | EntryKind::Hedge { .. });
    let assertion = covering().find(|(_, entry)| resends(&entry.kind)).map(|(_, entry)| {
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
        let message = format!(
            "`{name}` needs {what}, and that of `{of}` is not; leave the method out with `except = [{of}]`"
        );
        quote_spanned!(span=> const _: () = ::core::assert!(#can, #message);)
    });
    quote! {
        const #plan: &__interceptors::MethodPlan = &__interceptors::MethodPlan::new(
            __interceptors::Name { service: #service, method: #rpc, path: #path, derived: false },
            __interceptors::Kind::new(#request_is_stream, #response_is_stream),
            __interceptors::Side::Client,
            &[#(#entries),*],
        );
        const #name: &__interceptors::Method = &__interceptors::Method {
            path: || __interceptors::PathAndQuery::from_static(#path),
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
///     let __abilities = Abilities::new(…);
///     let __rpc = Rpc::<_, Result<tonic::Response<User>, tonic::Status>, _>::of(&__request, Single);
///     let __0 = &Logging::new(__CONFIG_LOGGING_0);
///     __rpc.covers(__0);
///     let mut __call = __rpc.outgoing(__PLAN_GET, __abilities, __request);
///     let mut __chain = Chain::new(
///         __0,
///         Outgoing::<_, _, One, One>::new(&mut self.inner, __METHOD_GET, || ProstCodec::default()),
///     );
///     __rpc.leave(__rpc.send(&mut __chain, &mut __call).await, &mut __call)
/// }
/// ```
fn method_impl(
    checked: &Checked,
    module: &ClientModule,
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
            let enter = quote! {
                let __request = #tonic::IntoRequest::into_request(#argument);
                let __abilities = __interceptors::Abilities::new(#probe::RESEND, #probe::COUNT)
                    .sized(#probe::SIZE_OF);
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
    let site = Site {
        mount: checked.mount,
        chain,
        generics: &module.generics,
        this: None,
        message,
    };
    let bindings = site.bindings(&checked.entries);
    let mut hedged = chain.entries.iter().map(|&i| &checked.entries[i].kind);
    let forking = hedged
        .any(|kind| matches!(kind, EntryKind::Hedge { .. }))
        .then(|| quote!(.forking()));
    let links = site.links(quote! {
        __interceptors::Outgoing::<_, _, #request_kind, #response_kind>::new(
            &mut self.inner,
            #name,
            || #codec,
        )
        #forking
    });
    quote! {
        #(#attrs)*
        pub #sig {
            #enter
            let __rpc = __interceptors::Rpc::<
                _,
                ::core::result::Result<#tonic::Response<#result>, #tonic::Status>,
                _,
            >::of(&__request, __interceptors::#reply);
            #bindings
            let mut __call = __rpc.outgoing(#plan, __abilities, __request);
            let mut __chain = #links;
            __rpc.leave(__rpc.send(&mut __chain, &mut __call).await, &mut __call)
        }
    }
}
