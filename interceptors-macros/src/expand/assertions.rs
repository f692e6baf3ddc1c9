use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

use super::expander::{Expander, HiddenNames};
use crate::codes;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::row::Needs;
use crate::item::service::Method;
use crate::text::span::at;
use crate::text::tokens::{find_ident, has_lifetimes, has_macro_call};

/// What an entry needs of the messages of a method.
struct Assertion<'a> {
    entry: Option<&'a Listed>,
    /// Whether it is about the method's request alone.
    of_request: bool,
    asserted: TokenStream,
}

impl Expander<'_> {
    /// What only the compiler can check, where it does not depend on parameters of the type.
    pub(super) fn assertions(&self) -> TokenStream {
        let self_ty = &self.block.self_ty;
        let services = self.checked.named_services.iter().map(|(span, service)| {
            let message = codes::OTHER_SERVICE.text(format_args!("this path names the service `{service}`, and this is another; name the method alone"));
            quote_spanned! {at(*span)=>
                const _: () = ::core::assert!(__interceptors::same(__SERVICE, #service), #message);
            }
        });
        // Those of an entry are in one constant, of which the compiler says the first that does not hold: one entry is one error.
        let mut entries: Vec<(Option<&Listed>, Vec<TokenStream>)> = Vec::new();
        for (method, chain) in self.methods() {
            let cfgs = &method.cfgs;
            for assertion in self.of_method(method, chain, &quote!(#self_ty)) {
                if !self.is_known_here(method, &assertion) {
                    continue;
                }
                let asserted = &assertion.asserted;
                let asserted = quote!(#(#cfgs)* #asserted;);
                let is_of = |other: &Option<&Listed>| match (*other, assertion.entry) {
                    (Some(a), Some(b)) => std::ptr::eq(a, b),
                    (a, b) => a.is_none() && b.is_none(),
                };
                match entries.iter_mut().find(|(other, _)| is_of(other)) {
                    Some((_, all)) => all.push(asserted),
                    None => entries.push((assertion.entry, vec![asserted])),
                }
            }
        }
        let entries = entries.iter().map(|(_, all)| {
            quote! {
                #[allow(deprecated)]
                const _: () = { #(#all)* };
            }
        });
        quote!(#(#services)* #(#entries)*)
    }

    /// The assertions that depend on parameters of the type: what they are is known where a value of it is made.
    pub(super) fn assertions_in_method(
        &self,
        method: &Method,
        chain: &Chain,
        this: &TokenStream,
    ) -> Vec<TokenStream> {
        let all = self.of_method(method, chain, this).into_iter();
        let here = all.filter(|assertion| !self.is_known_here(method, assertion));
        here.map(|assertion| assertion.asserted).collect()
    }

    fn is_known_here(&self, method: &Method, assertion: &Assertion<'_>) -> bool {
        !self.is_generic() || assertion.of_request && self.is_independent(&method.request)
    }

    /// Whether a type is the same for all parameters of the block.
    pub(super) fn is_independent(&self, ty: &Type) -> bool {
        let tokens = quote!(#ty);
        let names = self
            .block
            .generics
            .params
            .iter()
            .filter_map(|param| match param {
                syn::GenericParam::Type(param) => Some(&param.ident),
                syn::GenericParam::Const(param) => Some(&param.ident),
                syn::GenericParam::Lifetime(_) => None,
            });
        let mut names = names.map(ToString::to_string).chain(["Self".to_owned()]);
        !has_lifetimes(ty)
            && !has_macro_call(tokens.clone())
            && !names.any(|name| find_ident(tokens.clone(), &name).is_some())
    }

    fn of_method(&self, method: &Method, chain: &Chain, this: &TokenStream) -> Vec<Assertion<'_>> {
        let handlers = self.handlers();
        let HiddenNames { request, .. } = HiddenNames::new(method, chain);
        let request = match self.is_generic() && self.is_independent(&method.request) {
            true => {
                let ty = &method.request;
                quote!(#ty)
            }
            false => quote!(<#this as #handlers>::#request),
        };
        let probe = quote!(__interceptors::Probe::<#request>);
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
            assertions.push(Assertion {
                entry: Some(entry),
                of_request: false,
                asserted: quote_spanned! {at(hedge.span())=>
                    ::core::assert!(<#this as #handlers>::#plan.kind().is_unary() && #probe::RESEND.is_some(), #message)
                },
            });
        }
        if let Some(span) = chain.retry_named_at {
            let message = codes::NOT_REPEATABLE.text(format_args!(
                "`retry` cannot repeat the request stream of `{name}`; take it out here"
            ));
            assertions.push(Assertion {
                entry: None,
                of_request: true,
                asserted: quote_spanned! {at(span)=>
                    ::core::assert!(!#probe::REQUEST_IS_STREAM, #message)
                },
            });
        }
        if let Some(entry) = retry {
            let message = codes::NOT_REPEATABLE.text(format_args!(
                "`retry` needs a request that is `Clone`, and that of `{name}` is not; derive `Clone` for it, or leave the method out with `except = [{name}]`"
            ));
            assertions.push(Assertion {
                entry: Some(entry),
                of_request: true,
                asserted: quote_spanned! {at(entry.name.span())=>
                    ::core::assert!(#probe::REQUEST_IS_STREAM || #probe::RESEND.is_some(), #message)
                },
            });
        }
        assertions
    }
}
