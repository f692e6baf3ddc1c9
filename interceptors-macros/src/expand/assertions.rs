use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Attribute, GenericParam, Generics, Type};

use super::expander::{Expander, HiddenNames};
use crate::codes;
use crate::entries::chain::Chain;
use crate::entries::entry::Listed;
use crate::entries::row::Needs;
use crate::item::service::Method;
use crate::text::span::at;
use crate::text::tokens::{find_ident, has_lifetimes, has_macro_call};

/// The names of a block's type and const parameters, and `Self`.
pub(super) fn parameters(generics: &Generics) -> Vec<String> {
    let names = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(param.ident.to_string()),
        GenericParam::Const(param) => Some(param.ident.to_string()),
        GenericParam::Lifetime(_) => None,
    });
    names.chain(["Self".to_owned()]).collect()
}

/// An assertion about the messages of a method.
struct Assertion<'a> {
    entry: Option<&'a Listed>,
    /// Whether it is only about the request.
    of_request: bool,
    asserted: TokenStream,
}

impl Expander<'_> {
    /// Assertions that only the compiler can check, and that do not depend on generic parameters.
    pub(super) fn assertions(&self) -> TokenStream {
        let self_ty = &self.block.self_ty;
        let services = self.checked.named_services.iter().map(|(span, service)| {
            let message = codes::OTHER_SERVICE.text(format_args!("this path names the service `{service}`, and this is another; name the method alone"));
            quote_spanned! {at(*span)=>
                const _: () = ::core::assert!(__interceptors::same(__SERVICE, #service), #message);
            }
        });
        // All assertions of an entry are in one constant. The compiler reports the first that fails, so each entry has at most one error.
        let mut entries: Vec<(Option<&Listed>, Vec<TokenStream>)> = Vec::new();
        for (method, chain) in self.methods() {
            let cfgs = &method.cfgs;
            for assertion in self.method_assertions(method, chain, &quote!(#self_ty)) {
                if !self.is_independent_of_generics(method, &assertion) {
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
        let streams = (!self.is_generic()).then(|| {
            let of_entries = self.checked.entries.iter().enumerate();
            let all = of_entries.filter_map(|(i, _)| {
                let (cfgs, assertion) = self.stream_assertion(i, &quote!(#self_ty))?;
                Some(quote!(#(#cfgs)* const _: () = #assertion;))
            });
            quote!(#(#all)*)
        });
        quote!(#(#services)* #(#entries)* #streams)
    }

    /// Asserts that a setting for streams covers a streaming method. Output, for `auth(outlive_token = true)`:
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
        let (key, is_on) = listed.entry.stream_setting(&place)?;
        let handlers = self.handlers();
        let covered: Vec<_> = self.covered(i).collect();
        let (cfgs, of) = match covered[..] {
            [] => return None,
            [(method, _)] => (&method.cfgs[..], format!("`{}` is unary", method.name)),
            // Under another `cfg`, there may be a method with a stream.
            _ if covered.iter().any(|(it, _)| !it.cfgs.is_empty()) => return None,
            _ => {
                let auth = &listed.name;
                let of = format!("each method that this `{auth}` covers is unary");
                (&[][..], of)
            }
        };
        let message = codes::NO_STREAM.text(format_args!(
            "`{key}` is for streams, and {of}; take it out"
        ));
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

    /// The methods that an entry covers.
    fn covered(&self, i: usize) -> impl Iterator<Item = (&Method, &Chain)> {
        self.methods()
            .filter(move |(_, chain)| chain.entries.contains(&i))
    }

    /// Assertions that depend on generic parameters. They are in the methods, because the compiler only evaluates them for the
    /// instances that are used. An assertion about several methods is in the first of them.
    pub(super) fn assertions_in_method(
        &self,
        method: &Method,
        chain: &Chain,
        this: &TokenStream,
    ) -> Vec<TokenStream> {
        let all = self.method_assertions(method, chain, this).into_iter();
        let here = all.filter(|assertion| !self.is_independent_of_generics(method, assertion));
        let is_first = |&&i: &&usize| {
            let first = self.covered(i).next();
            first.is_some_and(|(first, _)| std::ptr::eq(first, method))
        };
        let streams = chain.entries.iter().filter(is_first);
        let streams = streams.filter_map(|&i| self.stream_assertion(i, this));
        let streams = streams.map(|(_, assertion)| assertion);
        here.map(|assertion| assertion.asserted)
            .chain(streams)
            .collect()
    }

    fn is_independent_of_generics(&self, method: &Method, assertion: &Assertion<'_>) -> bool {
        !self.is_generic() || assertion.of_request && self.is_independent(&method.request)
    }

    /// Whether a type does not depend on the generic parameters of the block.
    pub(super) fn is_independent(&self, ty: &Type) -> bool {
        let tokens = quote!(#ty);
        let mentions = |name: &String| find_ident(tokens.clone(), name).is_some();
        !has_lifetimes(ty)
            && !has_macro_call(tokens.clone())
            && !parameters(&self.block.generics).iter().any(mentions)
    }

    fn method_assertions(
        &self,
        method: &Method,
        chain: &Chain,
        this: &TokenStream,
    ) -> Vec<Assertion<'_>> {
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
                "`{hedge}` is for unary calls with a request that is `Clone`, and `{name}` is not one; leave it out with `except = [{name}]`"
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
