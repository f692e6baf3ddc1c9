use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{ItemStruct, parse_quote};

use super::chain::{Links, Part, local_name};
use super::common::{entries, hide_secrets, imports, plan_impl};
use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::entries::site::Site;
use crate::item::mount::Mount;

/// Input:
///
/// ```text
/// struct Outbound { tokens: TokenCache }
/// ```
///
/// Output:
///
/// ```text
/// struct Outbound { tokens: TokenCache }
/// const _: () = {
///     impl ChannelChain for Outbound {
///         async fn send<N: Next<Body, Body>>(…) -> Result<Response<Body>, Status> {
///             // the interceptors, then the channel
///         }
///         …
///     }
///     impl Outbound {
///         pub fn wrap<S>(self, channel: S) -> InterceptedChannel<Self, S> { … }
///     }
///     impl Intercepted<__Plan> for Outbound { const PLAN: Plan = …; }
/// };
/// ```
pub(super) fn expand(checked: &Checked, item: &ItemStruct) -> TokenStream {
    let beside = beside(checked, item);
    quote!(#item #beside)
}

/// All that comes after the struct.
pub(super) fn beside(checked: &Checked, item: &ItemStruct) -> TokenStream {
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
    let plans = checked
        .chains
        .iter()
        .enumerate()
        .map(|(n, chain)| plan(checked, n, chain));
    let named = checked.chains.iter().enumerate().skip(1).map(|(n, chain)| {
        let (path, name) = (&chain.rpc, plan_name(n));
        quote!(if __interceptors::is_path(path, #path) { return #name; })
    });
    let send = send(checked, item);
    let plan_impl = plan_impl(
        checked,
        parameters,
        &self_ty,
        (0..checked.chains.len()).map(plan_name),
    );
    // That others should not use it is no reason to speak of what is written here.
    let is_deprecated = item
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("deprecated"));
    let allow = is_deprecated.then(|| quote!(#[allow(deprecated)]));
    let wrap = format!(" Puts the interceptors of `{ident}` around a channel.");
    quote! {
        #allow
        const _: () = {
            #imports
            #entries
            #(#plans)*
            #state
            impl #impl_generics __interceptors::ChannelChain for #self_ty #bounds {
                type State = __State;

                fn state() -> __State {
                    __State::new()
                }

                fn plan(path: &::core::primitive::str) -> &'static __interceptors::MethodPlan {
                    let _ = path;
                    #(#named)*
                    __PLAN_0
                }

                #send
            }
            #[allow(dead_code)]
            impl #impl_generics #self_ty #where_clause {
                #[doc = #wrap]
                #vis fn wrap<__S>(self, channel: __S) -> __interceptors::client::InterceptedChannel<Self, __S>
                where
                    Self: __interceptors::ChannelChain,
                {
                    __interceptors::client::InterceptedChannel::new(self, channel)
                }
            }
            #plan_impl
        };
    }
}

pub(super) fn plan_name(n: usize) -> syn::Ident {
    format_ident!("__PLAN_{n}")
}

pub(super) fn plan(checked: &Checked, n: usize, chain: &Chain) -> TokenStream {
    let name = plan_name(n);
    let path = &chain.rpc;
    let (service, method) = match path.split_once(' ') {
        // Of plain HTTP, the path is what is called.
        Some((_, path)) => ("", path),
        None => {
            let parts = path.trim_start_matches('/').split_once('/');
            parts.unwrap_or((path, path))
        }
    };
    let of = match checked.mount {
        Mount::Server => quote!(of_server),
        _ => quote!(of_channel),
    };
    let entries = checked.plan_entries(chain);
    quote! {
        const #name: &__interceptors::MethodPlan = &__interceptors::MethodPlan::#of(
            __interceptors::Name {
                service: #service,
                method: #method,
                path: #path,
                derived: false,
                exact: true,
            },
            &[#(#entries),*],
        );
    }
}

/// What the entries keep for each channel, or for each server.
pub(super) fn state(checked: &Checked) -> TokenStream {
    let entries = checked.entries.iter().enumerate();
    let states = entries.filter_map(|(i, listed)| {
        let place = listed.place(checked.mount, i);
        let (ty, new) = listed.entry.channel_state(&place)?;
        let field = place.state();
        Some((quote!(#field: #ty), quote!(#field: #new())))
    });
    let (fields, values): (Vec<_>, Vec<_>) = states.unzip();
    quote! {
        #[allow(missing_debug_implementations, unreachable_pub)]
        pub struct __State {
            #(#fields,)*
        }

        impl __State {
            fn new() -> Self {
                Self { #(#values,)* }
            }
        }
    }
}

/// The parts of a function that takes a call through all entries.
pub(super) struct Through {
    bindings: TokenStream,
    /// Entries that do not hold for all calls, as those that let the others pass.
    selected: Vec<TokenStream>,
    hide: TokenStream,
    links: TokenStream,
}

impl Through {
    /// `applies` says of an entry, and of the chains where it is not as in the first one, when it holds.
    pub(super) fn new(
        checked: &Checked,
        item: &ItemStruct,
        hide: TokenStream,
        applies: impl Fn(bool, &[usize]) -> TokenStream,
    ) -> Self {
        // Every entry that holds for some method; those that do not hold for all ask.
        let everything = Chain {
            name: "*".to_owned(),
            rpc: "*".to_owned(),
            is_derived: false,
            is_exact: true,
            entries: (0..checked.entries.len()).collect(),
            rename: false,
            retry_named_at: None,
        };
        let links = Links {
            mount: checked.mount,
            chain: &everything,
            method: None,
            entries: &checked.entries,
            site: Site {
                generics: &item.generics,
                this: Some(Default::default()),
                message: quote!(__interceptors::client::Body),
                messages: None,
            },
            by_mut: false,
            part: Part::Whole,
        };
        let bindings = links.bindings(&everything.entries);
        let default = &checked.chains[0];
        let selected = (0..checked.entries.len()).filter_map(|i| {
            let by_default = default.entries.contains(&i);
            let others = checked.chains.iter().enumerate().skip(1);
            let others = others.filter(|(_, chain)| chain.entries.contains(&i) != by_default);
            let others: Vec<usize> = others.map(|(n, _)| n).collect();
            if others.is_empty() {
                return None;
            }
            let local = local_name(i, Span::call_site());
            let applies = applies(by_default, &others);
            Some(match checked.entries[i].is_made_at_its_turn() {
                true => quote! {
                    let #local = {
                        let __applies = #applies;
                        move || __interceptors::Selected::new(__applies.then(#local))
                    };
                },
                false => quote! {
                    let #local = &__interceptors::Selected::new((#applies).then_some(#local));
                },
            })
        });
        let selected = selected.collect();
        let innermost = links.attempts(quote!(__next));
        let links = links.links(&everything.entries, innermost);
        Self {
            bindings,
            selected,
            hide,
            links,
        }
    }

    /// `run` takes the call through the chain.
    pub(super) fn body(&self, run: &TokenStream) -> TokenStream {
        let Self {
            bindings,
            selected,
            hide,
            links,
        } = self;
        quote! {
            let _ = __state;
            let __rpc = __interceptors::WireRpc;
            #bindings
            #(#selected)*
            #hide
            let mut __chain = #links;
            __rpc.#run(&mut __chain, __call).await
        }
    }
}

fn send(checked: &Checked, item: &ItemStruct) -> TokenStream {
    let applies = |by_default: bool, others: &[usize]| {
        let paths = others.iter().map(|&n| &checked.chains[n].rpc);
        let is_one = quote!(#(__interceptors::is_path(__call.path(), #paths))||*);
        match by_default {
            true => quote!(!(#is_one)),
            false => is_one,
        }
    };
    let body =
        Through::new(checked, item, hide_secrets(checked, None), applies).body(&quote!(send));
    quote! {
        async fn send<__N: __interceptors::Next<__interceptors::client::Body, __interceptors::client::Body>>(
            &self,
            __state: &__State,
            __call: &mut __interceptors::Call<__interceptors::client::Body>,
            __next: __N,
        ) -> ::core::result::Result<
            __interceptors::tonic::Response<__interceptors::client::Body>,
            __interceptors::tonic::Status,
        > {
            #body
        }
    }
}
