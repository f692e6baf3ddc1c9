//! Methods whose call is a single future: the runtime creates it, and the method returns it in a box. All other methods are `async`
//! themselves and await their policy function.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{
    Attribute, ConstParam, FnArg, GenericParam, Meta, ReceiverKind, Signature, Type, TypeParam,
    parse_quote,
};

use super::common::hide_secrets;
use super::expander::Expander;
use super::policy::{Policies, Split, key};
use super::rest::outlives;
use crate::entries::chain::Chain;
use crate::item::service::{Method, Returns};
use crate::text::tokens::{find_ident, has_lifetimes};

impl Expander<'_> {
    /// Whether the call of a method is a single future.
    pub(super) fn is_one_future(
        &self,
        policies: &Policies<'_>,
        method: &Method,
        chain: &Chain,
    ) -> bool {
        let key = key(method, chain);
        let entries = &self.checked.entries;
        self.boxes(method)
            && policies.kept(key).is_empty()
            && hide_secrets(self.checked, Some(chain)).is_empty()
            && outlives(chain, entries, &Split::of(chain, entries, method.by_mut))
    }

    /// Whether a method returns its future in a box. The user may have written the box, or `#[async_trait]` adds it. `#[async_trait]`
    /// does not change a method that already returns a box.
    fn boxes(&self, method: &Method) -> bool {
        let block = self.block;
        let is = |attribute: &Attribute, name: &str| {
            let last = attribute.path().segments.last();
            last.is_some_and(|last| last.ident == name)
        };
        let boxed = match method.returns {
            Returns::Async => {
                let mut attrs = block.attrs.iter().filter(|attribute| !is(attribute, "doc"));
                attrs.all(|attribute| {
                    is(attribute, "async_trait") && matches!(attribute.meta, Meta::Path(_))
                }) && !block.attrs.iter().all(|attribute| is(attribute, "doc"))
            }
            Returns::Boxed(_) => true,
            Returns::Opaque => false,
        };
        // The generated `impl` of a runtime trait can only have generic parameters that are part of the type. The orphan rule forbids
        // it for a reference to a type parameter, and for a box of one.
        let (is_own, named) = match &block.self_ty {
            Type::Path(ty) => {
                let last = ty.path.segments.last().map(|last| &last.ident);
                let is_fundamental = last.is_some_and(|last| last == "Box" || last == "Pin");
                (!is_fundamental, ty.path.get_ident())
            }
            _ => (false, None),
        };
        let is_of_type = |param: &GenericParam| match param {
            GenericParam::Lifetime(_) => false,
            GenericParam::Type(TypeParam { ident, .. })
            | GenericParam::Const(ConstParam { ident, .. }) => {
                is_own
                    && named != Some(ident)
                    && find_ident(block.self_ty.to_token_stream(), &ident.to_string()).is_some()
            }
        };
        boxed
            && block.trait_path.is_some()
            && matches!(method.receiver().kind, ReceiverKind::Reference(..))
            && method.sig.generics.params.is_empty()
            && method.sig.generics.where_clause.is_none()
            && !has_lifetimes(&method.request)
            && block.generics.params.iter().all(is_of_type)
    }

    /// Marker types for the policy functions of these methods. The runtime calls the functions by their markers.
    ///
    /// Output:
    ///
    /// ```text
    /// struct __Policy0;
    /// impl PolicyOf<__Policy0> for Users {
    ///     fn run(&self, call: &mut Call<Opaque>, behind: Behind<'_>) -> impl Future<Output = OpaqueAnswer> + Send {
    ///         <Self as __Policy>::__policy_0(self, call, behind)
    ///     }
    /// }
    /// ```
    pub(super) fn markers(&self, policies: &Policies<'_>) -> TokenStream {
        let (impl_generics, _, where_clause) = self.block.generics.split_for_impl();
        let (policy, self_ty) = (self.policy_trait(), &self.block.self_ty);
        let methods = self.methods();
        let methods = methods.filter(|(method, chain)| self.is_one_future(policies, method, chain));
        let markers = policies.markers(methods.map(|(method, chain)| key(method, chain)));
        let markers = markers.map(|(cfgs, marker, name)| quote! {
            #(#cfgs)*
            struct #marker;
            #(#cfgs)*
            impl #impl_generics __interceptors::PolicyOf<#marker> for #self_ty #where_clause {
                fn run(
                    &self,
                    __call: &mut __interceptors::Call<__interceptors::Opaque>,
                    __behind: __interceptors::Behind<'_>,
                ) -> impl ::core::future::Future<Output = __interceptors::OpaqueAnswer> + ::core::marker::Send {
                    <Self as #policy>::#name(self, __call, __behind)
                }
            }
        });
        quote!(#(#markers)*)
    }
}

/// Input:
///
/// ```text
/// async fn get(&self, request: Request<Id>) -> R
/// ```
///
/// Output, the same as that of `#[async_trait]`:
///
/// ```text
/// fn get<'__this, '__call>(&'__this self, request: Request<Id>)
///     -> Pin<Box<dyn Future<Output = R> + Send + '__call>>
/// where
///     '__this: '__call,
///     Self: '__call
/// ```
pub(super) fn return_box(sig: &mut Signature) {
    sig.asyncness = None;
    let this: syn::Lifetime = parse_quote!('__this);
    if let Some(FnArg::Receiver(receiver)) = sig.inputs.first_mut()
        && let ReceiverKind::Reference(_, lifetime, _) = &mut receiver.kind
    {
        *lifetime = Some(this);
    }
    if let syn::ReturnType::Type(_, output) = &mut sig.output {
        **output = Type::Verbatim(quote! {
            ::core::pin::Pin<::std::boxed::Box<
                dyn ::core::future::Future<Output = #output> + ::core::marker::Send + '__call
            >>
        });
    }
    sig.generics = parse_quote!(<'__this, '__call>);
    sig.generics.where_clause = Some(parse_quote!(where '__this: '__call, Self: '__call));
}
