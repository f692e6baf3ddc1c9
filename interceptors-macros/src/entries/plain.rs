//! Entries that need no code besides their rows.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, Ident};

use super::entry::{Entry, Listed, ValueContext};
use super::reader::{Per, Reader};
use super::row::{Keeps, Looks, Row};
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
        match (self.kept(), self.per, place.mount) {
            (Some(keeps), _, mount) if mount.is_struct() => self.of_struct(keeps, place),
            (Some(keeps), Per::Service, _) => self.shared(keeps, place),
            _ => TokenStream::new(),
        }
    }

    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let keeps = self.kept()?;
        let (module, many) = (
            format_ident!("{}", self.row.module),
            format_ident!("{}", keeps.many),
        );
        Some((
            quote!(__interceptors::#module::#many),
            place.item(keeps.what),
        ))
    }

    fn looks(&self) -> Looks {
        self.row.looks
    }

    fn method_state(&self, place: &Place<'_>) -> Option<(TokenStream, TokenStream)> {
        let keeps = self.kept()?;
        match (place.mount, self.per) {
            (mount, _) if mount.is_struct() => None,
            (_, Per::Service) => None,
            (_, Per::Method) => {
                let (module, one) = (
                    format_ident!("{}", self.row.module),
                    format_ident!("{}", keeps.one),
                );
                let ty = quote!(__interceptors::#module::#one);
                Some((ty, self.kept_value(keeps, place)))
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
        let argument = match self.row.keeps {
            Some(_) if context.in_policy && self.method_state(place).is_some() => {
                let kept = place.kept();
                Some(quote!(#kept))
            }
            Some(keeps) => Some(self.kept_value(keeps, place)),
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
    fn kept(&self) -> Option<Keeps> {
        self.row.keeps.filter(|_| self.given.is_none())
    }

    /// `static __LIMITER_CONCURRENCY_0: LazyLock<Limiter> = …;`
    fn shared(&self, keeps: Keeps, place: &Place<'_>) -> TokenStream {
        let (name, config) = (place.item(keeps.what), place.item("CONFIG"));
        let (module, one) = (
            format_ident!("{}", self.row.module),
            format_ident!("{}", keeps.one),
        );
        quote! {
            static #name: ::std::sync::LazyLock<__interceptors::#module::#one> =
                ::std::sync::LazyLock::new(|| __interceptors::#module::#one::new(#config));
        }
    }

    /// `fn __LIMITER_CONCURRENCY_0() -> Limiters { … }`, which creates the state of one channel or server.
    fn of_struct(&self, keeps: Keeps, place: &Place<'_>) -> TokenStream {
        let (name, config) = (place.item(keeps.what), place.item("CONFIG"));
        let (module, many) = (
            format_ident!("{}", self.row.module),
            format_ident!("{}", keeps.many),
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
    fn kept_value(&self, keeps: Keeps, place: &Place<'_>) -> TokenStream {
        let name = place.item(keeps.what);
        match (place.mount, self.per) {
            (mount, _) if mount.is_struct() => {
                let name = place.state();
                quote!(&__state.#name)
            }
            (_, Per::Service) => quote!(&*#name),
            (_, Per::Method) => {
                let item = self.shared(keeps, place);
                quote!({ #item &*#name })
            }
        }
    }
}
