use proc_macro2::Span;

/// A span for generated code at the position of a user's token. Errors point to the token, but lints ignore the code,
/// because it resolves at the call site.
pub(crate) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}
