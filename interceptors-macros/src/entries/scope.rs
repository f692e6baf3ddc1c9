//! What the expressions of an entry can name, and the names of the entry's items in generated code.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Expr, GenericParam, Generics, Ident, Token};

use crate::item::mount::Mount;
use crate::text::span::at;
use crate::text::tokens::{
    base, find_ident, has_macro_call, needs_receiver, ungroup_expr, with_base, with_receiver,
    without_reference,
};

/// What the expressions of an entry can name in the code of one method.
pub(crate) struct Scope<'a> {
    /// The generic parameters in scope.
    pub(crate) generics: &'a Generics,
    /// The method's `self` token, if there is one.
    pub(crate) this: Option<Token![self]>,
    /// The type of the request message.
    pub(crate) message: TokenStream,
    /// `None` on a struct, where messages are encoded.
    pub(crate) messages: Option<Messages>,
}

/// The messages of a method, as `payload` sees them: expressions of the type `payload::Messages`.
pub(crate) struct Messages {
    pub(crate) request: TokenStream,
    pub(crate) response: TokenStream,
}

impl Scope<'_> {
    fn this_span(&self) -> Span {
        self.this.map_or_else(Span::call_site, |this| this.span)
    }

    /// An expression of the attribute, with the method's `self`.
    pub(crate) fn with_self(&self, expr: &Expr) -> TokenStream {
        with_receiver(expr, self.this_span())
    }

    /// `&*self`. The token resolves like the method's own `self`, but errors about it point to `place`.
    pub(crate) fn self_reference(&self, place: Span) -> TokenStream {
        let this = Token![self](self.this_span().located_at(place));
        quote_spanned!(place=> &*#this)
    }
}

/// An entry's place in the list, and the names of its items in generated code.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) mount: Mount,
    pub(crate) i: usize,
    pub(crate) name: &'a Ident,
    /// The span for errors about the entry.
    pub(crate) span: Span,
}

impl Place<'_> {
    /// `__CONFIG_RETRY_0`
    pub(crate) fn item(&self, what: &str) -> Ident {
        format_ident!(
            "__{what}_{}_{}",
            self.name.to_string().to_uppercase(),
            self.i
        )
    }

    /// `__0`: the field for the entry's state in the state of a channel or server.
    pub(crate) fn state(&self) -> Ident {
        format_ident!("__{}", self.i)
    }

    /// `__value_0`: the local variable for a value that is created from `self` for a call.
    pub(crate) fn made(&self) -> Ident {
        Ident::new(&format!("__value_{}", self.i), at(self.span))
    }

    /// `__kept_0`: the parameter of the policy function for state that each method has separately.
    pub(crate) fn kept(&self) -> Ident {
        format_ident!("__kept_{}", self.i)
    }

    /// The path of an interceptor, with the span of the entry's name, which an editor looks up.
    pub(crate) fn interceptor(&self, module: &str, name: &str) -> TokenStream {
        let span = at(self.name.span());
        let module = module.split("::").map(|segment| Ident::new(segment, span));
        let name = Ident::new(name, span);
        quote_spanned!(span=> __interceptors::#(#module)::*::#name)
    }

    /// A reference to the value of an expression: a place in `self`, a value created from `self`, or a value that is evaluated once.
    ///
    /// Output:
    ///
    /// | expression | reference |
    /// | --- | --- |
    /// | `self.tokens`, `&self.tokens` | `&(self.tokens)` |
    /// | `self.state().tokens` | `&((*__value_0.get_or_init(\|\| self.state())).tokens)` |
    /// | `Tokens::new()` | `evaluate_once::<(), _>(&__VALUE_AUTH_0, \|\| Tokens::new())` |
    /// | `&*TOKENS` | `*evaluate_once::<(), _>(&__VALUE_AUTH_0, \|\| &*TOKENS)` |
    pub(crate) fn borrowed(&self, expr: &Expr, scope: &Scope<'_>, by_mut: bool) -> TokenStream {
        let span = at(self.span);
        if needs_receiver(expr) {
            let of = base(expr);
            if let Expr::Path(_) = of {
                let place = scope.with_self(without_reference(expr));
                return quote_spanned!(span=> &(#place));
            }
            let (made, value) = (self.made(), scope.with_self(of));
            let lent = match by_mut {
                true => quote_spanned!(span=> (*#made.get())),
                false => quote_spanned!(span=> (*#made.get_or_init(|| #value))),
            };
            let place = match std::ptr::eq(without_reference(expr), of) {
                true => lent,
                false => {
                    let place = with_base(without_reference(expr), Expr::Verbatim(lent));
                    scope.with_self(&place)
                }
            };
            return quote_spanned!(span=> &(#place));
        }
        let once = self.item("VALUE");
        let evaluate = match expr {
            Expr::Path(_) => quote_spanned!(span=> evaluate_path),
            _ => quote_spanned!(span=> evaluate_once),
        };
        // A value that depends on the service's generic parameters is kept once per instance. A macro call may hide that
        // it depends on them.
        let tokens = expr.to_token_stream();
        let parameters = scope.generics.params.iter();
        let parameters: Vec<String> = parameters
            .filter_map(|param| match param {
                GenericParam::Type(param) => Some(param.ident.to_string()),
                GenericParam::Const(param) => Some(param.ident.to_string()),
                GenericParam::Lifetime(_) => None,
            })
            .collect();
        let mentions = |name: &str| find_ident(tokens.clone(), name).is_some();
        let depends = mentions("Self")
            || parameters.iter().any(|name| mentions(name))
            || !parameters.is_empty() && has_macro_call(tokens.clone());
        let instance = if depends { quote!(Self) } else { quote!(()) };
        // The path may be a `static`, which cannot be moved. An associated constant of the service cannot be one.
        if let Expr::Path(path) = expr
            && !depends
            && path
                .path
                .segments
                .last()
                .is_some_and(|last| is_upper_case(&last.ident))
        {
            return quote_spanned!(span=> __interceptors::path_value(|| &#expr).keep::<#instance>(&#once));
        }
        // For `&*TOKENS`, the reference is kept, and the value behind it is borrowed.
        let deref = matches!(ungroup_expr(expr), Expr::Reference(_)).then(|| Token![*](span));
        quote_spanned!(span=> #deref __interceptors::#evaluate::<#instance, _>(&#once, || #expr))
    }
}

fn is_upper_case(name: &Ident) -> bool {
    let name = name.to_string();
    name == name.to_uppercase()
}
