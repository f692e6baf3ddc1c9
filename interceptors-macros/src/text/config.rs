use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::span::at;

/// The settings of an entry, as a chain of builder calls.
pub(crate) struct Config {
    /// The constructor, such as `new()`, and its span.
    pub(crate) start: TokenStream,
    pub(crate) start_span: Span,
    /// `let config = config.max(3);`
    pub(crate) calls: Vec<TokenStream>,
}

impl Config {
    pub(crate) fn new(start: TokenStream, start_span: Span) -> Self {
        Self {
            start,
            start_span: at(start_span),
            calls: Vec::new(),
        }
    }

    /// Sets a value. The statement has the span of the value, so that errors about the value point there. The method name has
    /// the span of the setting's name, which an editor looks up.
    pub(crate) fn set(&mut self, key: &Ident, value_span: Span, value: &TokenStream) {
        let method = Ident::new(&key.to_string(), at(key.span()));
        self.call(&method, at(value_span), value);
    }

    /// Calls a method without arguments, such as one that checks several values. Its errors point to `place`.
    pub(crate) fn finish(&mut self, method: &str, place: Span) {
        let span = at(place);
        self.call(&Ident::new(method, span), span, &TokenStream::new());
    }

    fn call(&mut self, method: &Ident, span: Span, value: &TokenStream) {
        let config = Ident::new("config", span);
        self.calls
            .push(quote_spanned!(span=> let #config = #config.#method(#value);));
    }
}
