use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::Span;
use syn::spanned::Spanned;

/// Collects every error of one use of the attribute, so that the user sees them all at once.
///
/// Dropping it unchecked panics, so nobody can forget.
pub(crate) struct Ctxt(RefCell<Option<Vec<syn::Error>>>);

impl Ctxt {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Some(Vec::new())))
    }

    pub(crate) fn error_at(&self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn error_on(&self, tokens: &impl Spanned, message: impl Display) {
        self.error_at(tokens.span(), message);
    }

    pub(crate) fn push(&self, error: syn::Error) {
        self.0.borrow_mut().get_or_insert_default().push(error);
    }

    /// How many errors there are.
    pub(crate) fn errors(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, Vec::len)
    }

    /// The value, or `None` and the error collected.
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

impl Drop for Ctxt {
    fn drop(&mut self) {
        let forgotten = self.0.borrow().is_some();
        assert!(
            !forgotten || std::thread::panicking(),
            "the collected errors were not checked"
        );
    }
}
