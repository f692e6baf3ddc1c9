use std::ops::{Bound, RangeBounds};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprLit, Ident, Lit, Path, UnOp};

use super::span::at;
use super::words::{nearest, unknown};
use crate::ctxt::Ctxt;

/// Reads the values of settings. What is not a literal is a constant expression, which the
/// compiler checks; what is wrong is reported and `None`.
pub(crate) struct Values<'a> {
    pub(crate) cx: &'a Ctxt,
}

const CODES: [&str; 16] = [
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];

impl Values<'_> {
    /// A constant is compared with the limits where it is used; a literal already here.
    pub(crate) fn integer(
        &self,
        name: &Ident,
        expr: &Expr,
        legal: impl RangeBounds<u64>,
    ) -> Option<TokenStream> {
        let number = match literal(expr) {
            None => return Some(quote!(#expr)),
            Some(Lit::Int(number)) => number,
            _ => {
                let message = format!("`{name}` must be a whole number, such as `10`");
                return self.wrong(expr, message);
            }
        };
        let number = number.base10_parse::<u64>();
        if is_negative(expr) || number.is_ok_and(|number| !legal.contains(&number)) {
            let message = match (legal.start_bound(), legal.end_bound()) {
                (Bound::Included(least), Bound::Included(most)) => {
                    format!("`{name}` must be from {least} to {most}")
                }
                (Bound::Included(least), _) => format!("`{name}` must be at least {least}"),
                _ => format!("`{name}` is out of range"),
            };
            return self.wrong(expr, message);
        }
        Some(quote!(#expr))
    }

    /// The same; `wrong` says what is the matter with a number.
    pub(crate) fn float(
        &self,
        name: &Ident,
        expr: &Expr,
        wrong: fn(f64) -> Option<&'static str>,
    ) -> Option<TokenStream> {
        let number = match literal(expr) {
            None => return Some(quote!(#expr)),
            Some(Lit::Float(number)) => number.base10_parse::<f64>(),
            Some(Lit::Int(_)) => {
                let shown = expr.to_token_stream().to_string().replace(' ', "");
                return self.wrong(expr, format!("`{name}` must be a float; write `{shown}.0`"));
            }
            _ => return self.wrong(expr, format!("`{name}` must be a float, such as `0.5`")),
        };
        let sign = if is_negative(expr) { -1.0 } else { 1.0 };
        match number.ok().and_then(|number| wrong(sign * number)) {
            Some(what) => self.wrong(expr, format!("`{name}` {what}")),
            None => Some(quote!(#expr)),
        }
    }

    pub(crate) fn boolean(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        match literal(expr) {
            None | Some(Lit::Bool(_)) => Some(quote!(#expr)),
            _ => self.wrong(expr, format!("`{name}` must be `true` or `false`")),
        }
    }

    pub(crate) fn text(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        match literal(expr) {
            None | Some(Lit::Str(_)) => Some(quote!(#expr)),
            _ => self.wrong(expr, format!("`{name}` must be a string")),
        }
    }

    /// `["a", "b"]`, or a constant of type `&[&str]`.
    pub(crate) fn texts(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        let Expr::Array(array) = expr else {
            if literal(expr).is_none() {
                return Some(quote!(#expr));
            }
            let message = format!("`{name}` must be a list of strings: `{name} = [\"…\"]`");
            return self.wrong(expr, message);
        };
        if array.elems.is_empty() {
            return self.wrong(expr, format!("`{name}` is empty; add a string"));
        }
        let mut seen: Vec<String> = Vec::new();
        for element in &array.elems {
            match literal(element) {
                None => {}
                Some(Lit::Str(text)) if text.value().is_empty() => {
                    let message = format!("`{name}` has an empty string; take it out");
                    return self.wrong(element, message);
                }
                Some(Lit::Str(text)) if seen.contains(&text.value()) => {
                    let message = format!("duplicate {}; take one out", text.token());
                    return self.wrong(element, message);
                }
                Some(Lit::Str(text)) => seen.push(text.value()),
                Some(_) => return self.wrong(element, format!("`{name}` is a list of strings")),
            }
        }
        Some(quote!(&#expr))
    }

    /// A metadata key for text that may be seen.
    pub(crate) fn text_key(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        if let Some(Lit::Str(text)) = literal(expr) {
            let key = text.value();
            if let Some(wrong) = wrong_metadata_key(&key) {
                return self.wrong(expr, wrong);
            }
            if key.ends_with("-bin") {
                return self.wrong(
                    expr,
                    format!("a key that ends in `-bin` carries bytes, and `{name}` is for text; choose another key"),
                );
            }
        }
        self.text(name, expr)
    }

    /// A string such as `"250ms"`, or a constant of type `Duration`.
    pub(crate) fn duration(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        self.time(name, expr, false)
    }

    /// The same; it may also be zero.
    pub(crate) fn delay(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        self.time(name, expr, true)
    }

    fn time(&self, name: &Ident, expr: &Expr, may_be_zero: bool) -> Option<TokenStream> {
        let text = match literal(expr) {
            None => return Some(quote!(#expr)),
            Some(Lit::Str(text)) => text,
            Some(_) => {
                let message = format!("`{name}` must be a string with a unit, such as `\"250ms\"`");
                return self.wrong(expr, message);
            }
        };
        let duration = humantime::parse_duration(text.value().trim());
        let legal = |duration: &std::time::Duration| may_be_zero || !duration.is_zero();
        match duration.ok().filter(legal) {
            Some(duration) => {
                let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
                Some(
                    quote_spanned!(at(text.span())=> ::core::time::Duration::new(#seconds, #nanos)),
                )
            }
            None => {
                let longer = if may_be_zero { "" } else { " longer than zero" };
                let message = format!(
                    "`{name}` must be a time{longer} with a unit, such as `\"250ms\"`, `\"2s\"` or `\"1m 30s\"`"
                );
                self.wrong(expr, message)
            }
        }
    }

    pub(crate) fn level(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        match literal(expr) {
            None => Some(quote!(#expr)),
            Some(Lit::Str(text)) if LEVELS.contains(&text.value().as_str()) => {
                let level = Ident::new(&text.value().to_uppercase(), text.span());
                Some(quote_spanned!(at(text.span())=> __interceptors::tracing::Level::#level))
            }
            Some(Lit::Str(text)) => self.wrong(expr, unknown("level", &text.value(), &LEVELS)),
            Some(_) => self.wrong(
                expr,
                format!("`{name}` must be a level, such as `\"debug\"`"),
            ),
        }
    }

    /// `[Unavailable, Aborted]`, or a constant of type `&[Code]`.
    pub(crate) fn codes(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        if matches!(expr, Expr::Array(array) if array.elems.is_empty()) {
            return self.wrong(
                expr,
                format!("`{name}` must name at least one status code, such as `Unavailable`"),
            );
        }
        self.codes_or_none(name, expr)
    }

    /// The same; it may also be empty.
    pub(crate) fn codes_or_none(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        let Expr::Array(array) = expr else {
            if literal(expr).is_none() {
                return Some(quote!(#expr));
            }
            let message = format!("`{name}` must be a list, such as `[Unavailable, Aborted]`");
            return self.wrong(expr, message);
        };
        let mut seen: Vec<String> = Vec::new();
        let mut codes = Vec::new();
        for element in &array.elems {
            let Some(code) = last_ident(element) else {
                self.wrong(element, "expected a status code, such as `Unavailable`");
                continue;
            };
            let text = code.to_string();
            if text == "Ok" {
                self.wrong(
                    element,
                    format!("`Ok` is no failure; take it out of `{name}`"),
                );
            } else if !CODES.contains(&text.as_str()) {
                self.wrong(element, unknown_code(&text));
            } else if seen.contains(&text) {
                self.wrong(
                    element,
                    format!("duplicate status code `{text}`; take one out"),
                );
            } else {
                codes.push(quote_spanned!(at(code.span())=> __interceptors::tonic::Code::#code));
                seen.push(text);
            }
        }
        Some(quote!(&[#(#codes),*]))
    }

    pub(crate) fn wrong(
        &self,
        expr: &Expr,
        message: impl std::fmt::Display,
    ) -> Option<TokenStream> {
        self.cx.error_on(expr, message);
        None
    }
}

/// What is wrong with a metadata key: the gRPC over HTTP/2 specification, "Custom-Metadata".
pub(crate) fn wrong_metadata_key(key: &str) -> Option<String> {
    let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-.".contains(c);
    const RESERVED: [&str; 6] = [
        "te",
        "content-type",
        "content-length",
        "user-agent",
        "host",
        "connection",
    ];
    if key.is_empty() {
        return Some("a metadata key cannot be empty".to_owned());
    }
    if key.starts_with("grpc-") || RESERVED.contains(&key) {
        return Some(format!(
            "`{key}` is reserved for gRPC itself; choose another key"
        ));
    }
    if key.chars().any(|c| c.is_ascii_uppercase()) {
        let lower = key.to_ascii_lowercase();
        return Some(format!("metadata keys are lower case; write `\"{lower}\"`"));
    }
    (!key.chars().all(is_legal)).then(|| {
        "a metadata key is made of lower-case letters, digits, `-`, `_` and `.`".to_owned()
    })
}

/// What is wrong with a literal as the value of a metadata key.
pub(crate) fn wrong_metadata_value(is_binary: bool, value: &Expr) -> Option<&'static str> {
    match (is_binary, literal(value)?) {
        (false, Lit::Str(text)) if text.value().chars().all(|c| (' '..='~').contains(&c)) => None,
        (false, Lit::Str(_)) => Some(
            "a metadata value is visible ASCII; for other text take a key that ends in `-bin`, and bytes",
        ),
        (false, Lit::ByteStr(_)) => {
            Some("bytes need a key that ends in `-bin`; or write the value as a string")
        }
        (true, Lit::Str(_)) => {
            Some("a key that ends in `-bin` takes bytes; write the value as `b\"…\"`")
        }
        _ => None,
    }
}

fn unknown_code(name: &str) -> String {
    match nearest(&name.replace('_', ""), &CODES) {
        Some(near) => format!("unknown status code `{name}`; did you mean `{near}`?"),
        None => format!("unknown status code `{name}`; expected one such as `Unavailable`"),
    }
}

/// The identifier of `Unavailable`, `Code::Unavailable` or `tonic::Code::Unavailable`.
fn last_ident(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// The literal that an expression is, a sign in front of it apart.
pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => literal(&unary.expr),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

fn is_negative(expr: &Expr) -> bool {
    matches!(expr, Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)))
}

/// How an expression shows in a plan: without literals and arguments, which may be secrets.
pub(crate) fn summary(expr: &Expr) -> String {
    match expr {
        Expr::Path(path) => compact(&path.path),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => format!("{}.{name}", summary(&field.base)),
            syn::Member::Unnamed(index) => format!("{}.{}", summary(&field.base), index.index),
        },
        Expr::Call(call) => with_elision(summary(&call.func), call.args.is_empty(), "()", "(…)"),
        Expr::MethodCall(call) => {
            let callee = format!("{}.{}", summary(&call.receiver), call.method);
            with_elision(callee, call.args.is_empty(), "()", "(…)")
        }
        Expr::Macro(call) => format!("{}!(…)", compact(&call.mac.path)),
        Expr::Struct(value) => format!("{} {{ … }}", compact(&value.path)),
        Expr::Reference(reference) => format!("&{}", summary(&reference.expr)),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => {
            format!("*{}", summary(&unary.expr))
        }
        Expr::Await(future) => format!("{}.await", summary(&future.base)),
        Expr::Try(attempt) => format!("{}?", summary(&attempt.expr)),
        Expr::Group(group) => summary(&group.expr),
        Expr::Paren(paren) => summary(&paren.expr),
        _ => "…".to_owned(),
    }
}

fn with_elision(callee: String, empty: bool, none: &str, some: &str) -> String {
    callee + if empty { none } else { some }
}

fn compact(path: &Path) -> String {
    let segments: Vec<_> = path
        .segments
        .iter()
        .map(|segment| segment.ident.to_string())
        .collect();
    segments.join("::")
}
