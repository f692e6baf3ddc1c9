use proc_macro2::Span;

/// The place of a token of the user's, for code that is not: errors point there, lints stay away.
pub(crate) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}
