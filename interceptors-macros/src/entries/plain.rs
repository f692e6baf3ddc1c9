//! Entries that need no code besides their rows.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Ident};

use super::entry::{Entry, Listed, ValueContext};
use super::reader::{Per, Reader};
use super::row::{KeptState, Looks, Row};
use super::scope::Place;
use crate::text::config::Config;
use crate::text::span::at;

pub(crate) struct Plain {
    row: &'static Row,
    config: Option<Config>,
    given: Option<Expr>,
    per: Per,
}

pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let mut reading = reader.read(tokens)?;
    let entry = Plain {
        row: reader.row,
        config: reading.config.take(),
        given: reading.given.take(),
        per: reading.per,
    };
    Some(reading.listed(entry))
}

impl Entry for Plain {
    fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    fn given(&self) -> Option<&Expr> {
        self.given.as_ref()
    }

    fn items(&self, place: &Place<'_>) -> TokenStream {
        match (self.generated_state(), self.per, place.mount) {
            (Some(state), _, mount) if mount.is_struct() => {
                self.struct_state_function(state, place)
            }
            (Some(state), Per::Service, _) => self.shared(state, place),
            _ => TokenStream::new(),
        }
    }

    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let state = self.generated_state()?;
        let (module, many) = (
            format_ident!("{}", self.row.module),
            format_ident!("{}", state.many),
        );
        Some((
            quote!(__interceptors::#module::#many),
            place.item(state.item),
        ))
    }

    fn looks(&self) -> Looks {
        self.row.looks
    }

    fn method_state(&self, place: &Place<'_>) -> Option<(TokenStream, TokenStream)> {
        let state = self.generated_state()?;
        match (place.mount, self.per) {
            (mount, _) if mount.is_struct() => None,
            (_, Per::Service) => None,
            (_, Per::Method) => {
                let (module, one) = (
                    format_ident!("{}", self.row.module),
                    format_ident!("{}", state.one),
                );
                let ty = quote!(__interceptors::#module::#one);
                Some((ty, self.state_reference(state, place)))
            }
        }
    }

    /// `__CONFIG_TIMEOUT_0`, `&Concurrency::new(&*__LIMITER_CONCURRENCY_0)`
    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let place = &context.place;
        let interceptor = place.interceptor(self.row.module, self.row.interceptor);
        let span = at(place.span);
        if let Some(given) = &self.given {
            let (by, given) = (
                Ident::new(self.row.given_constructor, span),
                context.borrowed(given),
            );
            let ampersand = context.ampersand();
            return quote_spanned!(span=> #ampersand #interceptor::#by(#given));
        }
        let argument = match self.row.state {
            Some(_) if context.in_policy && self.method_state(place).is_some() => {
                let kept = place.kept();
                Some(quote!(#kept))
            }
            Some(state) => Some(self.state_reference(state, place)),
            // The settings type itself is the interceptor.
            None if self.config.is_some() => {
                let config = place.item("CONFIG");
                return quote!(#config);
            }
            None => None,
        };
        quote_spanned!(span=> &#interceptor::new(#argument))
    }
}

impl Plain {
    /// The state that generated code creates. There is none if the user gives a value.
    fn generated_state(&self) -> Option<KeptState> {
        self.row.state.filter(|_| self.given.is_none())
    }

    /// `static __LIMITER_CONCURRENCY_0: LazyLock<Limiter> = …;`
    fn shared(&self, state: KeptState, place: &Place<'_>) -> TokenStream {
        let (name, config) = (place.item(state.item), place.item("CONFIG"));
        let (module, one) = (
            format_ident!("{}", self.row.module),
            format_ident!("{}", state.one),
        );
        quote! {
            static #name: ::std::sync::LazyLock<__interceptors::#module::#one> =
                ::std::sync::LazyLock::new(|| __interceptors::#module::#one::new(#config));
        }
    }

    /// `fn __LIMITER_CONCURRENCY_0() -> Limiters { … }`, which creates the state of one channel or server.
    fn struct_state_function(&self, state: KeptState, place: &Place<'_>) -> TokenStream {
        let (name, config) = (place.item(state.item), place.item("CONFIG"));
        let (module, many) = (
            format_ident!("{}", self.row.module),
            format_ident!("{}", state.many),
        );
        let per = match self.per {
            Per::Method => format_ident!("per_method"),
            Per::Service => format_ident!("per_service"),
        };
        quote! {
            #[allow(non_snake_case)]
            fn #name() -> __interceptors::#module::#many {
                __interceptors::#module::#many::#per(#config)
            }
        }
    }

    /// A reference to the state.
    fn state_reference(&self, state: KeptState, place: &Place<'_>) -> TokenStream {
        let name = place.item(state.item);
        match (place.mount, self.per) {
            (mount, _) if mount.is_struct() => {
                let name = place.state();
                quote!(&__state.#name)
            }
            (_, Per::Service) => quote!(&*#name),
            (_, Per::Method) => {
                let item = self.shared(state, place);
                quote!({ #item &*#name })
            }
        }
    }
}
