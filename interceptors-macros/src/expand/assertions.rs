use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::expander::{Expander, HiddenNames};
use crate::codes;
use crate::entries::chain::Chain;
use crate::entries::row::Needs;
use crate::item::service::Method;
use crate::text::span::at;

impl Expander<'_> {
    /// What only the compiler can check, for types without parameters.
    pub(super) fn assertions(&self) -> TokenStream {
        let self_ty = &self.block.self_ty;
        let services = self.checked.named_services.iter().map(|(span, service)| {
            let message = codes::OTHER_SERVICE.text(format_args!("this path names the service `{service}`, and this is another; name the method alone"));
            quote_spanned! {at(*span)=>
                const _: () = ::core::assert!(__interceptors::same(__SERVICE, #service), #message);
            }
        });
        let retries = (!self.is_generic()).then(|| {
            let per_method = self.methods().map(|(method, chain)| {
                let cfgs = &method.cfgs;
                let assertions = self.method_assertions(method, chain, &quote!(#self_ty));
                let items = assertions
                    .iter()
                    .map(|assertion| quote!(#(#cfgs)* const _: () = #assertion;));
                quote!(#(#items)*)
            });
            quote!(#(#per_method)*)
        });
        quote!(#(#services)* #retries)
    }

    pub(super) fn method_assertions(
        &self,
        method: &Method,
        chain: &Chain,
        this: &TokenStream,
    ) -> Vec<TokenStream> {
        let handlers = self.handlers();
        let HiddenNames { request, .. } = HiddenNames::new(method, chain);
        let probe = quote!(__interceptors::Probe::<<#this as #handlers>::#request>);
        let name = &method.name;
        let first = |is: fn(Needs) -> bool| {
            chain.first(&self.checked.entries, |listed| is(listed.row.needs))
        };
        let retry = first(|needs| needs.resend && !needs.unary);
        let mut assertions = Vec::new();
        if let Some(entry) = first(|needs| needs.unary) {
            let HiddenNames { plan, .. } = HiddenNames::new(method, chain);
            let hedge = &entry.name;
            let message = codes::NOT_REPEATABLE.text(format_args!(
                "`{hedge}` is for unary calls with a request that is `Clone`, and `{name}` is none; leave it out with `except = [{name}]`"
            ));
            assertions.push(quote_spanned! {at(hedge.span())=>
                ::core::assert!(<#this as #handlers>::#plan.kind().is_unary() && #probe::RESEND.is_some(), #message)
            });
        }
        if let Some(span) = chain.retry_named_at {
            let message = codes::NOT_REPEATABLE.text(format_args!(
                "`retry` cannot repeat the request stream of `{name}`; take it out here"
            ));
            assertions.push(
                quote_spanned! {at(span)=> ::core::assert!(!#probe::REQUEST_IS_STREAM, #message) },
            );
        }
        if let Some(entry) = retry {
            let message = codes::NOT_REPEATABLE.text(format_args!(
                "`retry` needs a request that is `Clone`, and that of `{name}` is not; derive `Clone` for it, or leave the method out with `except = [{name}]`"
            ));
            assertions.push(quote_spanned! {at(entry.name.span())=>
                ::core::assert!(#probe::REQUEST_IS_STREAM || #probe::RESEND.is_some(), #message)
            });
        }
        assertions
    }
}
