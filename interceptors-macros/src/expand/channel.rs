use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{ItemStruct, Visibility, parse_quote};

use super::chain::{CheckAt, Links, Part, local_name};
use super::common::{entries, hide_secrets, imports, plan_impl};
use super::descriptors::{DescriptorItems, descriptor_items};
use crate::check::Checked;
use crate::entries::chain::Chain;
use crate::entries::scope::Scope;
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
    let companion_items = companion_items(checked, item, true);
    quote!(#item #companion_items)
}

/// The items that come after the struct. If the struct may also be for a server (`is_alone` is false), the server's items have
/// `layer`.
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
    let named = rows().skip(1).map(|(n, chain)| {
        let (path, name) = (&chain.rpc, plan_name(n));
        quote!(if __interceptors::is_path(path, #path) { return #name; })
    });
    let others: Vec<_> = rows().map(|(n, _)| plan_name(n)).collect();
    let DescriptorItems {
        items: descriptors,
        find,
        plan,
    } = descriptor_items(checked, &others);
    let send = send(checked, item);
    let plan_impl = plan_impl(checked, parameters, &self_ty, &plan);
    // The generated code uses the struct, which must not cause a warning.
    let is_deprecated = item
        .attrs
        .iter()
        .any(|attr| attr.path().is_ident("deprecated"));
    let allow = is_deprecated.then(|| quote!(#[allow(deprecated)]));
    let wrap = format!(
        " Puts the interceptors of `{ident}` around a channel. If tonic's own `Channel` is needed, call `into_channel()` on the result (feature `into-channel`)."
    );
    let layer = (is_alone && cfg!(feature = "server")).then(|| layer(vis));
    quote! {
        #allow
        const _: () = {
            #imports
            #entries
            #(#plans)*
            #descriptors
            #state
            impl #impl_generics __interceptors::ChannelChain for #self_ty #bounds {
                type State = __State;

                fn state() -> __State {
                    __State::new()
                }

                fn plan(path: &::core::primitive::str) -> &'static __interceptors::MethodPlan {
                    let _ = path;
                    #find
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
                #layer
            }
            #plan_impl
        };
    }
}

/// The method `layer` of a server's struct. Here nobody can call it: the error says that the struct is not for a server.
/// With `for<'a>`, the compiler checks the bound only where the method is called.
fn layer(vis: &Visibility) -> TokenStream {
    quote! {
        #[doc(hidden)]
        #vis fn layer(self) -> __interceptors::server::InterceptLayer<Self>
        where
            for<'__a> Self: __interceptors::ServerChain,
        {
            __interceptors::server::InterceptLayer::new(self)
        }
    }
}

/// The chains with a plan constant, and their indices. With descriptors, the plans of methods are in a table instead.
pub(super) fn rows(checked: &Checked) -> impl Iterator<Item = (usize, &Chain)> {
    let chains = checked.chains.iter().enumerate();
    chains.filter(|(_, chain)| {
        let is_method = chain.rpc.starts_with('/') && !chain.rpc.ends_with('*');
        checked.descriptors.is_empty() || !is_method
    })
}

pub(super) fn plan_name(n: usize) -> syn::Ident {
    format_ident!("__PLAN_{n}")
}

pub(super) fn plan(checked: &Checked, n: usize, chain: &Chain) -> TokenStream {
    let name = plan_name(n);
    let path = &chain.rpc;
    let (service, method) = match path.split_once(' ') {
        // The path is the name of a plain HTTP request.
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
    // All plans have the same entries and say which of them apply. Otherwise, the table of methods would need a list for each method.
    let entries = checked.entries.iter().enumerate();
    let entries = entries.map(|(i, listed)| listed.place(checked.mount, i).item("ENTRY"));
    let covered = (0..checked.entries.len()).map(|i| chain.entries.contains(&i));
    let undescribed = !checked.descriptors.is_empty() && path.ends_with('*');
    let undescribed = undescribed.then(|| quote!(.undescribed()));
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
        )
        .covered(&[#(#covered),*])
        #undescribed;
    }
}

/// The state of the entries for one channel or server.
pub(super) fn state(checked: &Checked) -> TokenStream {
    let entries = checked.entries.iter().enumerate();
    let states = entries.filter_map(|(i, listed)| {
        let place = listed.place(checked.mount, i);
        let (ty, new) = listed.entry.struct_state(&place)?;
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

/// The body of the function that passes `__call` through all entries. `run` is the method of `WireRpc` that runs the chain.
pub(super) fn call_body(
    checked: &Checked,
    item: &ItemStruct,
    hide: &TokenStream,
    run: &TokenStream,
) -> TokenStream {
    // All entries are in one chain. Those that do not cover all calls look into the plan of the call.
    let everything = Chain::of_pattern("*", (0..checked.entries.len()).collect());
    let links = Links {
        mount: checked.mount,
        chain: &everything,
        method: None,
        entries: &checked.entries,
        scope: Scope {
            generics: &item.generics,
            this: Some(Default::default()),
            message: quote!(__interceptors::client::Body),
            messages: None,
        },
        by_mut: false,
        part: Part::Whole,
        check_at: CheckAt::Here,
    };
    let bindings = links.bindings(&everything.entries);
    let selected = (0..checked.entries.len()).filter_map(|i| {
        if holds_for_all(checked, i) {
            return None;
        }
        let local = local_name(i, Span::call_site());
        let applies = quote!(__call.plan().covers(#i));
        Some(match checked.entries[i].is_made_lazily() {
            true => quote! {
                let #local = {
                    let __applies = #applies;
                    move || __interceptors::Selected::new(__applies.then(#local))
                };
            },
            false => quote! {
                let #local = &__interceptors::Selected::new(#applies.then_some(#local));
            },
        })
    });
    let innermost = links.attempts(quote!(__next));
    let links = links.links(&everything.entries, innermost);
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

/// Whether an entry covers all calls.
pub(super) fn holds_for_all(checked: &Checked, i: usize) -> bool {
    let listed = &checked.entries[i];
    let is_in = |chain: &Chain| chain.entries.contains(&i);
    let is_for_all = checked.chains.iter().all(is_in) && !listed.depends_on_descriptors();
    // With descriptors, entries for unary calls skip the streaming methods.
    is_for_all && (checked.descriptors.is_empty() || !listed.row.needs.unary)
}

fn send(checked: &Checked, item: &ItemStruct) -> TokenStream {
    let body = call_body(checked, item, &hide_secrets(checked, None), &quote!(send));
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
