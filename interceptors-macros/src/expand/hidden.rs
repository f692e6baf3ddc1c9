use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Attribute;

use super::common::hidden_parameters;
use super::expander::{Expander, HiddenNames, lints_for_copies};
use super::policy::{Policies, key};
use super::server_policy::ServerPolicy;
use crate::entries::chain::Chain;
use crate::item::mount::Side;
use crate::item::service::{Method, Returns};
use crate::text::attributes::{is_cfg, keep_span_name};

impl Expander<'_> {
    /// Output:
    ///
    /// ```text
    /// mod __handlers {
    ///     pub(super) trait Handlers {
    ///         type __MethodPlan;
    ///         type ListStream;
    ///         type __get_Request;
    ///         type __get_Result;
    ///         const __get_Plan: Self::__MethodPlan;
    ///         pub(super) fn get(&self, request: Self::__get_Request)
    ///             -> impl Future<Output = Self::__get_Result> + Send;
    ///     }
    /// }
    /// ```
    ///
    /// It has the generic parameters of the `impl` without their bounds. It names no user type, because it is in a module of its own.
    pub(super) fn hidden_trait(&self) -> TokenStream {
        let parameters = hidden_parameters(&self.block.generics);
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

    /// The `impl` of the hidden trait, with the user's bodies.
    pub(super) fn hidden_impl(
        &self,
        policies: &Policies<'_>,
        server_policy: Option<&ServerPolicy<'_>>,
    ) -> TokenStream {
        let handlers = self.handlers();
        let block = self.block;
        let (impl_generics, _, where_clause) = block.generics.split_for_impl();
        let self_ty = &block.self_ty;
        let types = self.plain_types().map(|item| {
            let mut item = item.clone();
            item.attrs.retain(|attr| !attr.path().is_ident("doc"));
            quote!(#item)
        });
        let methods = self
            .methods()
            .map(|(method, chain)| self.hidden_method(policies, server_policy, method, chain));
        quote! {
            impl #impl_generics #handlers for #self_ty #where_clause {
                type __MethodPlan = &'static __interceptors::MethodPlan;
                #(#types)*
                #(#methods)*
            }
        }
    }

    fn hidden_method(
        &self,
        policies: &Policies<'_>,
        server_policy: Option<&ServerPolicy<'_>>,
        method: &Method,
        chain: &Chain,
    ) -> TokenStream {
        let Method {
            cfgs,
            request: request_ty,
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
        let result_ty = self.result(method);
        let lints = lints_for_copies(&method.attrs);
        let mut sig = method.sig.clone();
        sig.ident = handler.clone();
        let Chain {
            rpc,
            is_derived,
            is_exact,
            ..
        } = chain;
        let entries = policies.plan_entries(key(method, chain), Some(&self.policy_trait()));
        let reply = self.reply(method);
        let (new, side) = match (server_policy, self.checked.mount.side()) {
            (Some(server_policy), _) => {
                let (name, list) = (&method.name, server_policy.list(method));
                (quote!(found), quote!(&__POLICY, #name, #list))
            }
            (None, Side::Server) => (quote!(new), quote!(__interceptors::Side::Server)),
            (None, Side::Client) => (quote!(new), quote!(__interceptors::Side::Client)),
        };
        quote! {
            #(#cfgs)*
            #(#lints)*
            type #request = #request_ty;
            #(#cfgs)*
            #(#lints)*
            type #result = #result_ty;
            #(#cfgs)*
            const #plan: Self::__MethodPlan = &__interceptors::MethodPlan::#new(
                __interceptors::Name {
                    service: __SERVICE,
                    method: #rpc,
                    path: __interceptors::path!(__SERVICE, #rpc),
                    derived: __SERVICE_IS_DERIVED || #is_derived,
                    exact: #is_exact,
                },
                __interceptors::kind!(Self::#request, Self::#result #reply),
                #side,
                const { &[#(#entries),*] },
            );
            #(#cfgs)*
            #(#attrs)*
            #sig #block
        }
    }

    /// Output, for methods of a hand-written client that take `&mut self`:
    ///
    /// ```text
    /// mod __methods {
    ///     pub(super) struct get;
    /// }
    /// impl CallMut<__methods::get> for Users {
    ///     type Request = <Self as __handlers::Handlers>::__get_Request;
    ///     type Result = <Self as __handlers::Handlers>::__get_Result;
    ///     fn call_mut(&mut self, request: Self::Request) -> impl Future<Output = Self::Result> + Send {
    ///         <Self as __handlers::Handlers>::get(self, request)
    ///     }
    /// }
    /// ```
    ///
    /// A closure cannot return a future that borrows mutably from what the closure captured. A method can return one that borrows
    /// from `&mut self`.
    pub(super) fn methods_by_mut(&self) -> Option<TokenStream> {
        let methods: Vec<_> = self.methods().filter(|(method, _)| method.by_mut).collect();
        if methods.is_empty() {
            return None;
        }
        let handlers = self.handlers();
        let (impl_generics, _, where_clause) = self.block.generics.split_for_impl();
        let self_ty = &self.block.self_ty;
        let markers = methods.iter().map(|(method, chain)| {
            let (cfgs, handler) = (&method.cfgs, HiddenNames::new(method, chain).handler);
            quote!(#(#cfgs)* pub(super) struct #handler;)
        });
        let impls = methods.iter().map(|(method, chain)| {
            let cfgs = &method.cfgs;
            let HiddenNames {
                handler,
                request,
                result,
                ..
            } = HiddenNames::new(method, chain);
            quote! {
                #(#cfgs)*
                impl #impl_generics __interceptors::CallMut<__methods::#handler> for #self_ty #where_clause {
                    type Request = <Self as #handlers>::#request;
                    type Result = <Self as #handlers>::#result;

                    fn call_mut(
                        &mut self,
                        request: Self::Request,
                    ) -> impl ::core::future::Future<Output = Self::Result> + ::core::marker::Send {
                        <Self as #handlers>::#handler(self, request)
                    }
                }
            }
        });
        Some(quote! {
            #[allow(nonstandard_style)]
            mod __methods {
                #(#markers)*
            }
            #(#impls)*
        })
    }
}

fn cfgs(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| is_cfg(attr))
}
