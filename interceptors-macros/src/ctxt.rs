use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::Span;
use quote::ToTokens;
use syn::spanned::Spanned;

use crate::codes::{self, Code};

/// Collects every error of one use of the attribute, so that the user sees them all at once.
///
/// Panics if it is dropped before [`Ctxt::check`], because the errors would be lost.
pub(crate) struct Ctxt(RefCell<Option<Vec<syn::Error>>>);

impl Ctxt {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Some(Vec::new())))
    }

    pub(crate) fn error_at(&self, code: Code, span: Span, message: impl Display) {
        self.push(code.error(span, message));
    }

    pub(crate) fn error_on(&self, code: Code, tokens: &impl Spanned, message: impl Display) {
        self.error_at(code, tokens.span(), message);
    }

    /// Adds an error. Errors of syn have no code, so they get `UNREADABLE`.
    pub(crate) fn push(&self, error: syn::Error) {
        let mut errors = self.0.borrow_mut();
        let errors = errors.get_or_insert_default();
        errors.extend(
            error
                .into_iter()
                .map(|error| match error.to_string().starts_with("[I") {
                    true => error,
                    false => codes::UNREADABLE.error(error.span(), error),
                }),
        );
    }

    /// The number of errors so far.
    pub(crate) fn errors(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, Vec::len)
    }

    /// Returns the value, or collects the error and returns `None`.
    pub(crate) fn ok<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn check(self) -> syn::Result<()> {
        let errors = self.0.borrow_mut().take().unwrap_or_default();
        let combined = errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        });
        combined.map_or(Ok(()), Err)
    }
}

impl Code {
    pub(crate) fn error(self, span: Span, message: impl Display) -> syn::Error {
        syn::Error::new(span, self.text(message))
    }

    /// An error that underlines all of `tokens`, not only the first one.
    pub(crate) fn spanned(self, tokens: impl ToTokens, message: impl Display) -> syn::Error {
        syn::Error::new_spanned(tokens, self.text(message))
    }

    /// The message of an error with this code.
    pub(crate) fn text(self, message: impl Display) -> String {
        format!("[{self}] {message}")
    }
}

impl Drop for Ctxt {
    fn drop(&mut self) {
        let forgotten = self.0.borrow().is_some();
        assert!(
            !forgotten || std::thread::panicking(),
            "the collected errors were not checked"
        );
    }
}
