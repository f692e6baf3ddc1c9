use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemStruct, parse_quote};

use super::channel::{call_body, holds_for_all, plan, plan_name, rows, state};
use super::common::{entries, imports, plan_impl};
use super::descriptors::{DescriptorItems, descriptor_items};
use crate::check::Checked;

/// Input:
///
/// ```text
/// #[intercept(server, auth(public = ["/user.v1.UserService/Login"]))]
/// struct Inbound { tokens: Tokens }
/// ```
///
/// Output:
///
/// ```text
/// struct Inbound { tokens: Tokens }
/// const _: () = {
///     impl ServerChain for Inbound {
///         fn plan(target: Target<'_>) -> &'static MethodPlan {
///             if target.is_rpc("/user.v1.UserService/Login") { return __PLAN_1; }
///             __PLAN_0
///         }
///         async fn receive<N: Next<Body, Body>>(…) -> Result<Response<Body>, Status> {
///             // the interceptors, then the service
///         }
///         …
///     }
///     impl Inbound {
///         pub fn layer(self) -> InterceptLayer<Self> { … }
///         pub fn wrap<S>(self, service: S) -> InterceptedService<Self, S> { … }
///     }
///     impl Intercepted<__Plan> for Inbound { const PLAN: Plan = …; }
/// };
/// ```
pub(super) fn expand(checked: &Checked, item: &ItemStruct) -> TokenStream {
    let companion_items = companion_items(checked, item, true);
    quote!(#item #companion_items)
}

/// The items that come after the struct. If the struct may also be for a client (`is_alone` is false), the client's items have
/// `wrap` and the plan.
pub(super) fn companion_items(checked: &Checked, item: &ItemStruct, is_alone: bool) -> TokenStream {
    let imports = imports(checked);
    let entries = entries(checked);
    let (vis, ident, parameters) = (&item.vis, &item.ident, &item.generics);
    let (impl_generics, type_generics, where_clause) = parameters.split_for_impl();
    let self_ty: syn::Type = parse_quote!(#ident #type_generics);
    let mut bounded = parameters.clone();
    bounded.make_where_clause().predicates.push(parse_quote! {
        #self_ty: ::core::marker::Send + ::core::marker::Sync + 'static
    });
    let (_, _, bounds) = bounded.split_for_impl();
    let state = state(checked);
    let rows = || rows(checked);
    let plans = rows().map(|(n, chain)| plan(checked, n, chain));
    let others: Vec<_> = rows().map(|(n, _)| plan_name(n)).collect();
    let DescriptorItems {
        items: descriptors,
        find,
        plan: plan_rows,
    } = descriptor_items(checked, &others);
    let conditions = |is_http: bool| {
        let rows = rows().skip(1);
        let rows = rows.filter(move |(_, chain)| chain.rpc.contains(' ') == is_http);
        rows.map(|(n, chain)| {
            let (matches, plan) = (pattern_condition(&chain.rpc), plan_name(n));
            quote!(if #matches { return #plan; })
        })
    };
    let (http, rpcs) = (conditions(true), conditions(false));
    let listed = || checked.entries.iter().enumerate();
    let passes = listed().filter_map(|(i, listed)| {
        let passes = listed
            .entry
            .for_uncovered_calls(&listed.place(checked.mount, i))?;
        let is_needed = !holds_for_all(checked, i);
        is_needed.then(|| quote!(if !__call.plan().covers(#i) { #passes }))
    });
    let also = &checked.struct_items;
    let receive = call_body(checked, item, &hide(checked), &quote!(run));
    let plan_impl = is_alone.then(|| plan_impl(checked, parameters, &self_ty, &plan_rows));
    let challenge = challenge(checked);
    let is_deprecated = item
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("deprecated"));
    let allow = is_deprecated.then(|| quote!(#[allow(deprecated)]));
    let layer = format!(" Puts the interceptors of `{ident}` in front of a server.");
    let wrap = is_alone.then(|| {
        let doc = format!(" Puts the interceptors of `{ident}` in front of one service.");
        quote! {
            #[doc = #doc]
            #vis fn wrap<__S>(self, service: __S) -> __interceptors::server::InterceptedService<Self, __S>
            where
                Self: __interceptors::ServerChain,
            {
                __interceptors::server::InterceptedService::new(self, service)
            }
        }
    });
    quote! {
        #allow
        const _: () = {
            #imports
            #entries
            #(#plans)*
            #descriptors
            #state
            impl #impl_generics __interceptors::ServerChain for #self_ty #bounds {
                type State = __State;

                const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = #challenge;

                fn state() -> __State {
                    __State::new()
                }

                fn plan(__target: __interceptors::server::Target<'_>) -> &'static __interceptors::MethodPlan {
                    let path = __target.path();
                    let _ = path;
                    #(#http)*
                    #find
                    #(#rpcs)*
                    __PLAN_0
                }

                async fn receive<__N: __interceptors::Next<__interceptors::server::Body, __interceptors::server::Body>>(
                    &self,
                    __state: &__State,
                    __call: &mut __interceptors::Call<__interceptors::server::Body>,
                    __next: __N,
                ) -> ::core::result::Result<
                    __interceptors::tonic::Response<__interceptors::server::Body>,
                    __interceptors::tonic::Status,
                > {
                    #(#passes)*
                    #receive
                }
            }
            #[allow(dead_code)]
            impl #impl_generics #self_ty #where_clause {
                #[doc = #layer]
                #vis fn layer(self) -> __interceptors::server::InterceptLayer<Self>
                where
                    Self: __interceptors::ServerChain,
                {
                    __interceptors::server::InterceptLayer::new(self)
                }

                #wrap
            }
            #(#also)*
            #plan_impl
        };
    }
}

/// Hides the secrets that entries read, in calls that the entries do not cover and in calls that user code sees first.
fn hide(checked: &Checked) -> TokenStream {
    let listed = checked.entries.iter().enumerate();
    let secrets = listed.filter_map(|(i, listed)| {
        let secret = listed
            .entry
            .secret_header(&listed.place(checked.mount, i))?;
        let mut before = checked.entries[..i].iter();
        if before.any(|listed| listed.entry.is_user_code()) {
            return Some(quote!(__call.hide(#secret);));
        }
        let is_needed = !holds_for_all(checked, i);
        is_needed.then(|| quote!(if !__call.plan().covers(#i) { __call.hide(#secret); }))
    });
    secrets.collect()
}

/// The condition that a request matches a pattern.
fn pattern_condition(pattern: &str) -> TokenStream {
    if let Some((method, path)) = pattern.split_once(' ') {
        return quote!(__target.is_http(#method, #path));
    }
    if let Some(service) = pattern.strip_suffix("**") {
        return quote!(__target.is_beneath(#service));
    }
    match pattern.strip_suffix('*') {
        Some(service) => quote!(__target.is_rpc_of(#service)),
        None => quote!(__target.is_rpc(#pattern)),
    }
}

/// The HTTP challenge of the entry that verifies callers.
pub(super) fn challenge(checked: &Checked) -> TokenStream {
    let entries = checked.entries.iter().enumerate();
    let verifier = entries.rev().find(|(_, listed)| listed.row.verifies);
    match verifier {
        Some((i, listed)) if listed.entry.config().is_some() => {
            let config = listed.place(checked.mount, i).item("CONFIG");
            quote!(#config.challenge())
        }
        _ => quote!(::core::option::Option::None),
    }
}
