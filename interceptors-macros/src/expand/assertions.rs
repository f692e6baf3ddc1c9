use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Attribute;

use super::expander::{Expander, HiddenNames};
use crate::entries::chain::Chain;
use crate::entries::row::Needs;
use crate::item::service::Method;
use crate::text::span::at;

impl Expander<'_> {
    /// What only the compiler can check, for types without parameters.
    pub(super) fn assertions(&self) -> TokenStream {
        let self_ty = &self.block.self_ty;
        let services = self.checked.named_services.iter().map(|(span, service)| {
            let message = format!("this path names the service `{service}`, and this is another; name the method alone");
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
            let streams = self.checked.entries.iter().enumerate();
            let streams = streams.filter_map(|(i, _)| {
                let (cfgs, assertion) = self.stream_assertion(i, &quote!(#self_ty))?;
                Some(quote!(#(#cfgs)* const _: () = #assertion;))
            });
            quote!(#(#per_method)* #(#streams)*)
        });
        quote!(#(#services)* #retries)
    }

    /// A setting of streams alone does nothing where no method has one. Output, for `auth(outlive_token = true)`:
    ///
    /// ```text
    /// assert!(
    ///     !__CONFIG_AUTH_0.lets_streams_go_on() || !<Users as __handlers::Handlers>::__get_Plan.kind().is_unary(),
    ///     "…"
    /// )
    /// ```
    fn stream_assertion(
        &self,
        i: usize,
        this: &TokenStream,
    ) -> Option<(&[Attribute], TokenStream)> {
        let listed = &self.checked.entries[i];
        let place = listed.place(self.checked.mount, i);
        let (key, is_on) = listed.entry.of_streams(&place)?;
        let handlers = self.handlers();
        let covered: Vec<_> = self.covered(i).collect();
        let (cfgs, of) = match covered[..] {
            [] => return None,
            [(method, _)] => (&method.cfgs[..], format!("`{}` is unary", method.name)),
            // With other features there may be one with a stream.
            _ if covered.iter().any(|(it, _)| !it.cfgs.is_empty()) => return None,
            _ => {
                let auth = &listed.name;
                let of = format!("each method that this `{auth}` covers is unary");
                (&[][..], of)
            }
        };
        let message = format!("`{key}` is for streams, and {of}; take it out");
        let plans = covered
            .iter()
            .map(|(method, chain)| HiddenNames::new(method, chain).plan);
        let assertion = quote_spanned! {at(key.span())=>
            ::core::assert!(
                !#is_on #(|| !<#this as #handlers>::#plans.kind().is_unary())*,
                #message
            )
        };
        Some((cfgs, assertion))
    }

    /// The methods that this entry covers.
    fn covered(&self, i: usize) -> impl Iterator<Item = (&Method, &Chain)> {
        self.methods()
            .filter(move |(_, chain)| chain.entries.contains(&i))
    }

    /// The same for types with parameters, in a method. What is said of several methods is said in the first.
    pub(super) fn inline_assertions(&self, method: &Method, chain: &Chain) -> Vec<TokenStream> {
        let this = quote!(Self);
        let mut assertions = self.method_assertions(method, chain, &this);
        let is_first = |&&i: &&usize| {
            let first = self.covered(i).next();
            first.is_some_and(|(first, _)| std::ptr::eq(first, method))
        };
        let streams = chain.entries.iter().filter(is_first);
        let streams = streams.filter_map(|&i| self.stream_assertion(i, &this));
        assertions.extend(streams.map(|(_, assertion)| assertion));
        assertions
    }

    fn method_assertions(
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
            let message = format!(
                "`{hedge}` is for unary calls with a request that is `Clone`, and `{name}` is none; leave it out with `except = [{name}]`"
            );
            assertions.push(quote_spanned! {at(hedge.span())=>
                ::core::assert!(<#this as #handlers>::#plan.kind().is_unary() && #probe::RESEND.is_some(), #message)
            });
        }
        if let Some(span) = chain.retry_named_at {
            let message =
                format!("`retry` cannot repeat the request stream of `{name}`; take it out here");
            assertions.push(
                quote_spanned! {at(span)=> ::core::assert!(!#probe::REQUEST_IS_STREAM, #message) },
            );
        }
        if let Some(entry) = retry {
            let message = format!(
                "`retry` needs a request that is `Clone`, and that of `{name}` is not; derive `Clone` for it, or leave the method out with `except = [{name}]`"
            );
            assertions.push(quote_spanned! {at(entry.name.span())=>
                ::core::assert!(#probe::REQUEST_IS_STREAM || #probe::RESEND.is_some(), #message)
            });
        }
        assertions
    }
}
