use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{GenericParam, Generics, ImplItem, Item, WherePredicate, parse_quote};

use super::common::{imports, plan_impl};
use crate::check::Checked;
use crate::codes;
use crate::item::server_module::{ServerMethod, ServerModule};
use crate::text::tokens::find_ident;

/// Input:
///
/// ```text
/// pub mod user_service_server {
///     pub trait UserService: Send + Sync + 'static { … }
///     pub struct UserServiceServer<T> { inner: Arc<T>, … }
///     impl<T, B> Service<http::Request<B>> for UserServiceServer<T>
///     where
///         T: UserService,
///         …
///     {
///         fn call(&mut self, req: http::Request<B>) -> Self::Future {
///             match req.uri().path() { "/user.v1.UserService/Login" => …, _ => … }
///         }
///     }
/// }
/// ```
///
/// Output:
///
/// ```text
/// pub mod user_service_server {
///     pub trait UserService: Send + Sync + 'static { … }
///     pub struct UserServiceServer<T> { inner: Arc<T>, … }
///     const _: () = {
///         impl<T> GeneratedServer for UserServiceServer<T> where T: UserService {
///             type Inner = T;
///             fn inner(&self) -> &T { &self.inner }
///             fn decode(&self, req: http::Request<Arrived>) -> BoxFuture<…> {
///                 match req.uri().path() { "/user.v1.UserService/Login" => …, _ => … }
///             }
///         }
///         impl<T, B> Service<http::Request<B>> for UserServiceServer<T>
///         where
///             T: UserService,
///             …,
///             T: __HasPolicy, // ServicePolicy<dyn UserService<…>>
///         {
///             fn call(&mut self, req: http::Request<B>) -> Self::Future {
///                 let method = match req.uri().path() { "/user.v1.UserService/Login" => …, _ => … };
///                 // the first part of the list, then `decode`
///             }
///         }
///         impl<T> Intercepted<__Plan> for UserServiceServer<T> where … { const PLAN: Plan = …; }
///     };
/// }
/// ```
pub(crate) fn expand(checked: &Checked, module: &ServerModule) -> TokenStream {
    let ServerModule {
        server,
        service,
        inner,
        request,
        call,
        ..
    } = module;
    let imports = imports(checked);
    let object = object(module);
    let of_self = object_of(module, &quote!(Self));
    let policy: WherePredicate = parse_quote!(#inner: __HasPolicy);
    let message = codes::NO_POLICY.text(format_args!(
        "put `#[intercept(…)]` on `impl {} for {{Self}}`",
        module.service
    ));
    let own = generics_without_body(module);
    let (own_generics, _, own_where) = own.split_for_impl();
    let mut found = own.clone();
    found.make_where_clause().predicates.push(policy.clone());
    let (_, _, found_where) = found.split_for_impl();
    let self_ty = module.self_ty();
    let constants = module.methods.iter().map(|method| {
        let (constant, plan) = (constant(method), plan_name(method));
        let ServerMethod {
            name,
            path,
            service,
            rpc,
            request_is_stream,
            response_is_stream,
        } = method;
        quote! {
            const #constant: &'static __interceptors::ModuleMethod =
                &__interceptors::ModuleMethod::new::<#inner, #object>(
                    #name,
                    __interceptors::Name {
                        service: #service,
                        method: #rpc,
                        path: #path,
                        derived: false,
                        exact: true,
                    },
                    __interceptors::Kind::new(#request_is_stream, #response_is_stream),
                );
            const #plan: &'static __interceptors::MethodPlan = Self::#constant.plan();
        }
    });
    let name = module.methods.first();
    let name = name.map_or(String::new(), |method| method.service.clone());
    let paths = module.methods.iter().map(|method| {
        let (path, constant) = (&method.path, constant(method));
        quote!(#path => __Methods::<#inner>::#constant,)
    });
    let paths: Vec<TokenStream> = paths.collect();
    let tonic = quote!(__interceptors::tonic);
    let mut block = module.block.clone();
    block
        .generics
        .make_where_clause()
        .predicates
        .push(policy.clone());
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item
            && method.sig.ident == "call"
        {
            method.block = parse_quote!({
                let __method = match #request.uri().path() {
                    #(#paths)*
                    _ => __Methods::<#inner>::__UNKNOWN,
                };
                __interceptors::take_in::<#object, __Module, Self, _>(self, __method, #request)
            });
        }
    }
    let plans = module.methods.iter().map(|method| {
        let plan = plan_name(method);
        quote!(__Methods::<#inner>::#plan)
    });
    let plan_impl = plan_impl(checked, &found, self_ty, &quote!(&[#(#plans),*]));
    let generated = quote! {
        const _: () = {
            #imports
            #[diagnostic::on_unimplemented(
                message = #message,
                label = "this service has no policy for its server to run",
                note = "`#[intercept]` is on the generated server, so it runs the policy of the service before it decodes a request",
                note = "a policy is found where `#[intercept(…)]` is above `#[tonic::async_trait]`; that of an `impl<T> … for T` is not"
            )]
            #[allow(unreachable_pub)]
            pub trait __HasPolicy: __interceptors::ServicePolicy<#of_self> + #service {}
            #[diagnostic::do_not_recommend]
            impl<#inner> __HasPolicy for #inner
            where
                #inner: #service + __interceptors::ServicePolicy<#object>,
            {}
            struct __Module;
            struct __Methods<#inner>(::core::marker::PhantomData<#inner>);
            #[allow(non_upper_case_globals)]
            impl #own_generics __Methods<#inner> #found_where {
                #(#constants)*
                const __UNKNOWN: &'static __interceptors::ModuleMethod =
                    &__interceptors::ModuleMethod::unknown::<#inner, #object>(#name);
            }
            impl #own_generics __interceptors::GeneratedServer for #server<#inner> #own_where {
                type Inner = #inner;

                fn inner(&self) -> &#inner {
                    &self.inner
                }

                fn decode(
                    &self,
                    #request: #tonic::codegen::http::Request<__interceptors::server::Arrived>,
                ) -> #tonic::codegen::BoxFuture<
                    #tonic::codegen::http::Response<#tonic::body::Body>,
                    ::core::convert::Infallible,
                >
                #call
            }
            #block
            #plan_impl
        };
    };
    let mut output = module.module.clone();
    if let Some((_, items)) = &mut output.content {
        items.push(Item::Verbatim(generated));
    }
    quote!(#output)
}

/// `dyn UserService<ListStream = <T as UserService>::ListStream>`
fn object(module: &ServerModule) -> TokenStream {
    object_of(module, &module.inner.to_token_stream())
}

fn object_of(module: &ServerModule, inner: &TokenStream) -> TokenStream {
    let ServerModule { service, types, .. } = module;
    match &types[..] {
        [] => quote!(dyn #service),
        types => quote!(dyn #service<#(#types = <#inner as #service>::#types),*>),
    }
}

/// The generic parameters of the server, without that of the request's body.
fn generics_without_body(module: &ServerModule) -> Generics {
    let mut generics = module.block.generics.clone();
    let is_body = |param: &GenericParam| matches!(param, GenericParam::Type(param) if param.ident == module.body);
    generics.params = generics
        .params
        .into_iter()
        .filter(|param| !is_body(param))
        .collect();
    if let Some(clause) = &mut generics.where_clause {
        let body = module.body.to_string();
        let predicates = std::mem::take(&mut clause.predicates);
        clause.predicates = predicates
            .into_iter()
            .filter(|predicate| find_ident(predicate.to_token_stream(), &body).is_none())
            .collect();
    }
    generics
}

/// `__METHOD_login`
fn constant(method: &ServerMethod) -> syn::Ident {
    format_ident!("__METHOD_{}", method.name)
}

/// `__PLAN_login`
fn plan_name(method: &ServerMethod) -> syn::Ident {
    format_ident!("__PLAN_{}", method.name)
}
