//! The `impl` by which a generated server finds the policy of its service.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{AngleBracketedGenericArguments, GenericArgument, Path, PathArguments, Type};

use super::common::{hide_secrets, plan_marker};
use super::expander::Expander;
use super::policy::{Policies, PolicyKey, key, unknown_method_key};
use super::server::challenge;
use crate::item::service::Method;

/// The policy of a service, for a generated server.
pub(super) struct ServerPolicy<'a> {
    object: TokenStream,
    unknown: PolicyKey<'a>,
    arms: Vec<Arm<'a>>,
    /// The arm of each method.
    lists: Vec<(&'a Method, usize)>,
}

struct Arm<'a> {
    key: PolicyKey<'a>,
    call_policy: TokenStream,
    text: String,
}

impl ServerPolicy<'_> {
    pub(super) fn list(&self, method: &Method) -> usize {
        let mut lists = self.lists.iter();
        let list = lists.find(|(other, _)| std::ptr::eq(*other, method));
        list.map_or(usize::MAX, |(_, list)| *list)
    }
}

impl Expander<'_> {
    pub(super) fn server_policy<'e>(&'e self, policies: &Policies<'_>) -> Option<ServerPolicy<'e>> {
        let unknown = self.checked.unknown.as_ref()?;
        // Methods share an arm if they call the same policy function with the same arguments.
        let mut arms: Vec<Arm<'_>> = Vec::new();
        let mut lists = Vec::new();
        for (method, chain) in self.methods() {
            let key = key(method, chain);
            let call_policy = self.call_policy(policies, key);
            let text = call_policy.to_string();
            let known = arms
                .iter()
                .position(|arm| arm.key == key && arm.text == text);
            lists.push((method, known.unwrap_or(arms.len())));
            if known.is_none() {
                arms.push(Arm {
                    key,
                    call_policy,
                    text,
                });
            }
        }
        Some(ServerPolicy {
            object: self.object()?,
            unknown: unknown_method_key(unknown),
            arms,
            lists,
        })
    }

    /// Output, for `logging, auth(…, public = [login])`:
    ///
    /// ```text
    /// static __POLICY: PolicyId = PolicyId::new();
    /// impl ServicePolicy<dyn UserService<ListStream = <Users as UserService>::ListStream>> for Users {
    ///     const METHODS: &'static [&'static MethodPlan] = <Self as Intercepted<__Plan>>::PLAN.methods();
    ///     const UNKNOWN: &'static [EntryPlan] = &[__ENTRY_LOGGING_0, __ENTRY_AUTH_1];
    ///     const CHALLENGE: Option<&'static str> = __CONFIG_AUTH_1.challenge();
    ///     async fn receive<__Module: 'static>(
    ///         &self,
    ///         __list: usize,
    ///         __call: &mut Call<Opaque>,
    ///         __behind: Behind<'_>,
    ///     ) -> OpaqueAnswer {
    ///         match __list {
    ///             0 => <Self as __Policy>::__policy_0(self, __call, __behind).await,
    ///             _ => <Self as __Policy>::__policy_1(self, __call, __behind).await,
    ///         }
    ///     }
    /// }
    /// ```
    pub(super) fn server_policy_impl(
        &self,
        policies: &Policies<'_>,
        server_policy: &ServerPolicy<'_>,
    ) -> TokenStream {
        let ServerPolicy {
            object,
            unknown,
            arms,
            ..
        } = server_policy;
        let (impl_generics, _, where_clause) = self.block.generics.split_for_impl();
        let self_ty = &self.block.self_ty;
        let kept = self.methods().flat_map(|(method, chain)| {
            let kept: Vec<_> = policies.kept_items(key(method, chain)).collect();
            kept
        });
        let kept_by_unknown = policies.kept_items(*unknown);
        let arms = arms.iter().enumerate().map(|(list, arm)| {
            let (cfgs, call_policy) = (arm.key.cfgs, &arm.call_policy);
            quote!(#(#cfgs)* #list => #call_policy,)
        });
        let otherwise = self.call_policy(policies, *unknown);
        let entries = policies.plan_entries(*unknown, Some(&self.policy_trait()));
        let challenge = challenge(self.checked);
        let marker = plan_marker(self.checked);
        quote! {
            static __POLICY: __interceptors::PolicyId = __interceptors::PolicyId::new();
            #(#kept)*
            #(#kept_by_unknown)*
            impl #impl_generics __interceptors::ServicePolicy<#object> for #self_ty #where_clause {
                const METHODS: &'static [&'static __interceptors::MethodPlan] =
                    <Self as __interceptors::Intercepted<#marker>>::PLAN.methods();
                const UNKNOWN: &'static [__interceptors::EntryPlan] = &[#(#entries),*];
                const CHALLENGE: ::core::option::Option<&'static ::core::primitive::str> = #challenge;

                async fn receive<__Module: 'static>(
                    &self,
                    __list: ::core::primitive::usize,
                    __call: &mut __interceptors::Call<__interceptors::Opaque>,
                    __behind: __interceptors::Behind<'_>,
                ) -> __interceptors::OpaqueAnswer {
                    match __list {
                        #(#arms)*
                        _ => #otherwise,
                    }
                }
            }
        }
    }

    /// Calls a policy function.
    fn call_policy(&self, policies: &Policies<'_>, key: PolicyKey<'_>) -> TokenStream {
        let (policy, name, kept) = (self.policy_trait(), policies.name(key), policies.kept(key));
        let hide = hide_secrets(self.checked, Some(key.chain));
        quote! {{
            #hide
            <Self as #policy>::#name(self, __call, __behind, #(#kept),*).await
        }}
    }

    /// `dyn UserService<ListStream = <Users as UserService>::ListStream>`
    fn object(&self) -> Option<TokenStream> {
        let (path, self_ty) = (self.block.trait_path.as_ref()?, &self.block.self_ty);
        let mut object: Path = path.clone();
        let last = object.segments.last_mut()?;
        for assoc in &self.block.types {
            let name = &assoc.item.ident;
            let value = quote!(#name = <#self_ty as #path>::#name);
            let value = GenericArgument::Type(Type::Verbatim(value));
            match &mut last.arguments {
                PathArguments::AngleBracketed(arguments) => arguments.args.push(value),
                arguments => {
                    let mut only = Punctuated::new();
                    only.push(value);
                    *arguments = PathArguments::AngleBracketed(AngleBracketedGenericArguments {
                        colon2_token: None,
                        lt_token: Default::default(),
                        args: only,
                        gt_token: Default::default(),
                    });
                }
            }
        }
        Some(quote!(dyn #object))
    }
}
