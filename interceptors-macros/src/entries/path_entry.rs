//! Entries of other crates: `my_crate::audit(level = 3)`. Only the compiler knows their settings.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Expr, Lit, Path, Token};

use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{Fit, Row, Sees, Start};
use super::scope::Place;
use crate::codes;
use crate::item::mount::Side;
use crate::text::args::{Arg, ArgValue, parse_value};
use crate::text::config::Config;
use crate::text::literals::literal;
use crate::text::settings::Settings;
use crate::text::source::source;
use crate::text::span::at;
use crate::text::summary::summary;
use crate::text::tokens::find_ident;

/// The row of all of them. The type's `impl` of `interceptors::Entry` has the rest.
pub(crate) static ROW: Row = Row {
    sees: Sees::Depends,
    start: Start::Nothing,
    fit: Fit::CheckedPerMethod,
    runs_user_code: true,
    ..Row::DEFAULT
};

struct PathEntry {
    path: Path,
    /// Calls of the type's const functions.
    config: Config,
}

/// Each setting becomes a call of the function with its name: `level = 3` becomes `level(3)`, `fast` becomes `fast()`, and
/// `range(1, 2)` stays the same.
pub(crate) fn read(
    reader: &Reader<'_>,
    path: Path,
    key: String,
    tokens: TokenStream,
) -> Option<Listed> {
    let unnamed = |value: &TokenStream| {
        format!(
            "the settings of an interceptor have names: write `name = {}`",
            source(value)
        )
    };
    let mut settings = Settings::with_any_names(reader.cx, tokens, &unnamed);
    let methods = reader.selector(&mut settings);
    let mut config = Config::new(quote!(new()), reader.name.span());
    let mut all_shown = Vec::new();
    for Arg { name, value, .. } in settings.rest() {
        let (value, value_span, shown) = match value {
            ArgValue::None => (TokenStream::new(), name.span(), "true".to_owned()),
            ArgValue::Expr(expr) => (expr.to_token_stream(), expr.span(), shown(&expr)),
            ArgValue::List(tokens) => {
                let Some(values) = reader.cx.ok(parse_values(&name, tokens)) else {
                    continue;
                };
                let all: Vec<String> = values.iter().map(shown).collect();
                let all = format!("({})", all.join(", "));
                (quote!(#(#values),*), name.span(), all)
            }
        };
        if let Some(this) = find_ident(value.clone(), "self") {
            reader.cx.error_on(
                codes::SELF_IN_CONSTANT,
                &this,
                "the settings of an interceptor of another crate are constants, so there is no `self` here; keep the interceptor in a field, and write `with(self.field)`",
            );
            continue;
        }
        config.set(&name, value_span, &value);
        all_shown.push((name.to_string(), shown));
    }
    Some(Listed {
        name: reader.name.clone(),
        key,
        row: &ROW,
        methods,
        shown: all_shown,
        entry: Box::new(PathEntry { path, config }),
    })
}

/// `1, 2` of `range(1, 2)`
fn parse_values(name: &Ident, tokens: TokenStream) -> syn::Result<Vec<Expr>> {
    let parser = |input: ParseStream<'_>| {
        let mut values = Vec::new();
        while !input.is_empty() {
            values.push(parse_value(input, &name.to_string(), name.span())?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(values)
    };
    parser.parse2(tokens)
}

/// How the plan shows a value. Numbers and booleans are shown; strings may be secrets.
fn shown(expr: &Expr) -> String {
    match literal(expr) {
        Some(Lit::Int(_) | Lit::Float(_) | Lit::Bool(_)) => {
            expr.to_token_stream().to_string().replace(' ', "")
        }
        _ => summary(expr),
    }
}

impl PathEntry {
    /// The alias of the user's type. The user's path is written only once, so a wrong path is one error.
    fn ty(place: &Place<'_>) -> Ident {
        Ident::new(&format!("__Own{}", place.i), at(place.span))
    }

    /// `{ let config = __Own1::new(); let config = config.level(3); config }`
    fn make(&self, place: &Place<'_>) -> TokenStream {
        let ty = Self::ty(place);
        let Config {
            start,
            start_span,
            calls,
        } = &self.config;
        let start = quote_spanned!(*start_span=> let config = #ty::#start;);
        quote!({ #start #(#calls)* config })
    }
}

impl Entry for PathEntry {
    fn is_user_code(&self) -> bool {
        true
    }

    /// Output, for `my_crate::audit(level = 3)`:
    ///
    /// ```text
    /// type __Own1 = my_crate::audit;
    /// static __OWN_AUDIT_1: __Own1 = {
    ///     let config = __Own1::new();
    ///     let config = config.level(3);
    ///     config
    /// };
    /// ```
    ///
    /// On a struct, a function creates the value for each channel or server.
    fn items(&self, place: &Place<'_>) -> TokenStream {
        let (ty, name, path) = (Self::ty(place), place.item("OWN"), &self.path);
        let made = self.make(place);
        let span = at(place.span);
        let listed_type = Ident::new(&format!("__Listed{}", place.i), span);
        let is_asked = quote_spanned!(span=> __interceptors::is_entry::<#listed_type>());
        let state = match place.mount {
            mount if mount.is_struct() => quote! {
                #[allow(non_snake_case)]
                fn #name() -> #ty {
                    const { #made }
                }
            },
            _ => quote!(static #name: #ty = #made;),
        };
        let listed = Ident::new(&format!("__Listed{}", place.i), span);
        let is_entry = place.item("IS_ENTRY");
        quote! {
            // The user has to write `self::Audit` for a type in scope: a name alone would mean an entry of ours.
            #[allow(unused_qualifications)]
            type #listed = #path;
            const #is_entry: __interceptors::Fit = __interceptors::fits(|| #is_asked);
            type #ty = __interceptors::Guarded<#is_entry, #listed>;
            #state
        }
    }

    fn struct_state(&self, place: &Place<'_>) -> Option<(TokenStream, Ident)> {
        let ty = Self::ty(place);
        Some((quote!(#ty), place.item("OWN")))
    }

    /// Output:
    ///
    /// ```text
    /// {
    ///     const fn plan<E: Entry>(shown: &'static [Setting]) -> EntryPlan {
    ///         assert!(E::SIDES.contains(Side::Server), "…");
    ///         EntryPlan::of::<E>(&[], shown)
    ///     }
    ///     plan::<__Own1>(&[…])
    /// }
    /// ```
    ///
    /// The function has the only bound `E: Entry`, so a type that is not an `Entry` is one error.
    fn plan(&self, place: &Place<'_>, shown: &TokenStream) -> Option<TokenStream> {
        let (ty, name) = (Self::ty(place), place.name);
        let (side, message) = match place.mount.side() {
            Side::Server => (
                quote!(Server),
                format!(
                    "`{name}` belongs on a client, and the `impl` of a trait is a service; take it out here"
                ),
            ),
            Side::Client => (
                quote!(Client),
                format!("`{name}` belongs on a service; take it out of this client"),
            ),
        };
        let message = codes::ENTRY_OF_OTHER_SIDE.text(message);
        let span = at(place.span);
        Some(quote_spanned! {span=> {
            const fn plan<E: __interceptors::Entry>(
                shown: &'static [__interceptors::Setting],
            ) -> __interceptors::EntryPlan {
                ::core::assert!(E::SIDES.contains(__interceptors::Side::#side), #message);
                __interceptors::EntryPlan::of::<E>(&[], shown)
            }
            plan::<#ty>(#shown)
        }})
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        let place = &context.place;
        let span = at(place.span);
        match place.mount {
            mount if mount.is_struct() => {
                let name = place.state();
                quote_spanned!(span=> &__state.#name)
            }
            _ => {
                let name = Ident::new(&place.item("OWN").to_string(), span);
                quote_spanned!(span=> &#name)
            }
        }
    }
}
