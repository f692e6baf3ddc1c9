use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Ident, Lit};

use super::literals::{is_negative, literal};
use super::metadata::wrong_metadata_key;
use super::source::source;
use super::span::at;
use super::suggestions;
use super::words::{nearest, unknown};
use crate::codes::{self, Code};
use crate::ctxt::Ctxt;

/// Reads the values of settings.
///
/// A literal is checked here. Any other expression is a constant, which the compiler checks. Each function reports a
/// wrong literal and returns `None`.
pub(crate) struct Values<'a> {
    pub(crate) cx: &'a Ctxt,
}

pub(crate) const CODES: [&str; 16] = [
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
    /// An integer from `least` to `most`. The runtime checks a constant, and only a literal is checked here.
    pub(crate) fn integer(
        &self,
        name: &Ident,
        expr: &Expr,
        least: u64,
        most: u64,
    ) -> Option<TokenStream> {
        let number = match literal(expr) {
            None => return Some(quote!(#expr)),
            Some(Lit::Int(number)) if is_integer_suffix(number.suffix()) => number,
            Some(other) => {
                let number = suggestions::whole_number(other).unwrap_or_else(|| "10".to_owned());
                let message = format!("`{name}` must be a whole number; write `{name} = {number}`");
                return self.report(codes::WRONG_TYPE, expr, message);
            }
        };
        let number = number.base10_parse::<u64>();
        if is_negative(expr) || number.is_ok_and(|number| !(least..=most).contains(&number)) {
            let message = match most {
                u64::MAX => format!("`{name}` must be at least {least}"),
                _ => format!("`{name}` must be from {least} to {most}"),
            };
            return self.report(codes::OUT_OF_RANGE, expr, message);
        }
        Some(quote!(#expr))
    }

    /// A floating-point number. `problem` returns what is wrong with a number, if anything.
    pub(crate) fn float(
        &self,
        name: &Ident,
        expr: &Expr,
        problem: fn(f64) -> Option<&'static str>,
    ) -> Option<TokenStream> {
        let number = match literal(expr) {
            None => return Some(quote!(#expr)),
            Some(Lit::Float(number)) => number.base10_parse::<f64>(),
            Some(Lit::Int(number)) => number.base10_parse::<f64>(),
            other => {
                let meant = match other {
                    Some(Lit::Str(text)) => suggestions::ratio_of_text(&text.value()),
                    _ => None,
                };
                let message = match meant.filter(|number| problem(*number).is_none()) {
                    Some(number) => format!(
                        "`{name}` must be a floating-point number; write `{name} = {number:?}`"
                    ),
                    None => format!("`{name}` must be a floating-point number, such as `0.5`"),
                };
                return self.report(codes::WRONG_TYPE, expr, message);
            }
        };
        let sign = if is_negative(expr) { -1.0 } else { 1.0 };
        let number = number.ok().map(|number| sign * number);
        let what = number.and_then(problem);
        let is_integer = matches!(literal(expr), Some(Lit::Int(_)));
        let (code, message) = match (what, number) {
            (Some(what), Some(number)) => {
                // Someone who writes 50 may mean 50 %.
                let part = number / 100.0;
                let message = match problem(part) {
                    None if number >= 2.0 => format!("`{name}` {what}; write `{name} = {part:?}`"),
                    _ => format!("`{name}` {what}"),
                };
                (codes::OUT_OF_RANGE, message)
            }
            (None, Some(number)) if is_integer => (
                codes::WRONG_TYPE,
                format!("`{name}` must be a floating-point number; write `{name} = {number:?}`"),
            ),
            _ => return Some(quote!(#expr)),
        };
        self.report(code, expr, message)
    }

    pub(crate) fn boolean(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        let word = match expr {
            Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
            _ => None,
        };
        let meant = match word.as_deref() {
            Some("True" | "yes" | "on") => Some(true),
            Some("False" | "no" | "off") => Some(false),
            _ => None,
        };
        if let Some(meant) = meant {
            let message = format!("`{name}` must be `true` or `false`; write `{name} = {meant}`");
            return self.report(codes::WRONG_TYPE, expr, message);
        }
        match literal(expr) {
            None | Some(Lit::Bool(_)) => Some(quote!(#expr)),
            _ => self.report(
                codes::WRONG_TYPE,
                expr,
                format!("`{name}` must be `true` or `false`"),
            ),
        }
    }

    pub(crate) fn text(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        match literal(expr) {
            None | Some(Lit::Str(_)) => Some(quote!(#expr)),
            _ => self.report(
                codes::WRONG_TYPE,
                expr,
                format!("`{name}` must be a string"),
            ),
        }
    }

    /// One of the strings `all`, or a constant.
    pub(crate) fn one_of(&self, name: &Ident, expr: &Expr, all: &[&str]) -> Option<TokenStream> {
        match literal(expr) {
            None => Some(quote!(#expr)),
            Some(Lit::Str(text)) if all.contains(&text.value().as_str()) => Some(quote!(#expr)),
            Some(_) => {
                let all: Vec<String> = all.iter().map(|it| format!("`\"{it}\"`")).collect();
                self.report(
                    codes::NOT_A_CHOICE,
                    expr,
                    format!("`{name}` must be {}", all.join(" or ")),
                )
            }
        }
    }

    /// `["a", "b"]`, or a constant of type `&[&str]`.
    pub(crate) fn texts(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        let Expr::Array(array) = expr else {
            if literal(expr).is_none() {
                return Some(quote!(#expr));
            }
            let message = format!("`{name}` must be a list of strings: `{name} = [\"…\"]`");
            return self.report(codes::WRONG_TYPE, expr, message);
        };
        if array.elems.is_empty() {
            return self.report(
                codes::EMPTY,
                expr,
                format!("`{name}` is empty; add a string"),
            );
        }
        let mut seen: Vec<String> = Vec::new();
        for element in &array.elems {
            match literal(element) {
                None => {}
                Some(Lit::Str(text)) if text.value().is_empty() => {
                    let message = format!("`{name}` has an empty string; take it out");
                    return self.report(codes::EMPTY, element, message);
                }
                Some(Lit::Str(text)) if seen.contains(&text.value()) => {
                    let message = format!("duplicate {}; take one out", text.token());
                    return self.report(codes::DUPLICATE_VALUE, element, message);
                }
                Some(Lit::Str(text)) => seen.push(text.value()),
                Some(_) => {
                    return self.report(
                        codes::WRONG_TYPE,
                        element,
                        format!("`{name}` is a list of strings"),
                    );
                }
            }
        }
        Some(quote!(&#expr))
    }

    /// A metadata key whose value is text.
    pub(crate) fn text_key(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        if let Some(Lit::Str(text)) = literal(expr) {
            let key = text.value();
            if let Some(problem) = wrong_metadata_key(&key) {
                return self.report(codes::METADATA_KEY, expr, problem);
            }
            if key.ends_with("-bin") {
                return self.report(
                    codes::METADATA_KEY,
                    expr,
                    format!("a key that ends in `-bin` carries bytes, and `{name}` is for text; choose another key"),
                );
            }
        }
        self.text(name, expr)
    }

    /// A string such as `"250ms"`, or a constant of type `Duration`.
    pub(crate) fn duration(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        self.time(name, expr, false, |time| format!("{name} = \"{time}\""))
    }

    /// A duration that an entry takes without a name: `deadline("2s")`.
    pub(crate) fn unnamed_duration(&self, entry: &Ident, expr: &Expr) -> Option<TokenStream> {
        self.time(entry, expr, false, |time| format!("{entry}(\"{time}\")"))
    }

    /// A duration that may be zero.
    pub(crate) fn delay(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        self.time(name, expr, true, |time| format!("{name} = \"{time}\""))
    }

    /// `written` formats a suggestion: the whole setting with this time.
    fn time(
        &self,
        name: &Ident,
        expr: &Expr,
        may_be_zero: bool,
        written: impl Fn(&str) -> String,
    ) -> Option<TokenStream> {
        let text = match literal(expr) {
            None if matches!(expr, Expr::Path(path) if path.path.is_ident("None")) => {
                let message = format!(
                    "`{name}` has no `None`; take it out, or write `{}`",
                    written("2s")
                );
                return self.report(codes::NOT_A_TIME, expr, message);
            }
            None => return Some(quote!(#expr)),
            Some(Lit::Str(text)) => text,
            Some(other) => {
                let time = suggestions::time_of_text(&other.to_token_stream().to_string());
                let time = time.unwrap_or_else(|| "250ms".to_owned());
                let shown = written(&time);
                let message = format!("`{name}` must be a string with a unit; write `{shown}`");
                return self.report(codes::NOT_A_TIME, expr, message);
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
                if let Some(time) = suggestions::time_of_text(&text.value()) {
                    let shown = written(&time);
                    let message = format!("`{name}` must be a time with a unit; write `{shown}`");
                    return self.report(codes::NOT_A_TIME, expr, message);
                }
                let longer = if may_be_zero { "" } else { " longer than zero" };
                let message = format!(
                    "`{name}` must be a time{longer} with a unit, such as `\"250ms\"`, `\"2s\"` or `\"1m 30s\"`"
                );
                self.report(codes::NOT_A_TIME, expr, message)
            }
        }
    }

    pub(crate) fn level(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        if let Some(level) = bare_level(expr) {
            return self.report(
                codes::NOT_A_LEVEL,
                expr,
                format!("`{name}` is a string; write `{name} = \"{level}\"`"),
            );
        }
        if let Some(level) = level_of_other_type(expr) {
            return self.report(
                codes::NOT_A_LEVEL,
                expr,
                format!("`{name}` is a string; write `{name} = \"{level}\"`"),
            );
        }
        if let Expr::Path(path) = expr
            && let Some(level) = named_level(&path.path)
        {
            return Some(quote_spanned!(at(level.span())=> __interceptors::tracing::Level::#level));
        }
        match literal(expr) {
            None => Some(quote!(#expr)),
            Some(Lit::Str(text)) if LEVELS.contains(&text.value().as_str()) => {
                let level = Ident::new(&text.value().to_uppercase(), text.span());
                Some(quote_spanned!(at(text.span())=> __interceptors::tracing::Level::#level))
            }
            Some(Lit::Str(text)) => self.report(
                codes::NOT_A_LEVEL,
                expr,
                unknown("level", &text.value(), &LEVELS),
            ),
            Some(_) => self.report(
                codes::NOT_A_LEVEL,
                expr,
                format!("`{name}` must be a level, such as `\"debug\"`"),
            ),
        }
    }

    /// `[Unavailable, Aborted]`, or a constant of type `&[Code]`.
    pub(crate) fn codes(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        if matches!(expr, Expr::Array(array) if array.elems.is_empty()) {
            return self.report(
                codes::EMPTY,
                expr,
                format!("`{name}` must name at least one status code, such as `Unavailable`"),
            );
        }
        self.codes_or_empty(name, expr)
    }

    /// A list of status codes that may be empty.
    pub(crate) fn codes_or_empty(&self, name: &Ident, expr: &Expr) -> Option<TokenStream> {
        let Expr::Array(array) = expr else {
            if let Expr::Tuple(list) = expr {
                let list = source(&list.elems);
                let message = format!("`{name}` is a list; write `{name} = [{list}]`");
                return self.report(codes::WRONG_TYPE, expr, message);
            }
            let one = match expr {
                Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
                _ => None,
            };
            let one = one.and_then(|name| nearest(&name.replace('_', ""), &CODES));
            if one.is_none() && literal(expr).is_none() {
                return Some(quote!(#expr));
            }
            let list = one.unwrap_or("Unavailable, Aborted");
            return self.report(
                codes::WRONG_TYPE,
                expr,
                format!("`{name}` is a list; write `{name} = [{list}]`"),
            );
        };
        let mut seen: Vec<String> = Vec::new();
        let mut codes = Vec::new();
        for element in &array.elems {
            let Some(code) = last_ident(element) else {
                self.report(
                    codes::NOT_A_STATUS_CODE,
                    element,
                    "expected a status code, such as `Unavailable`",
                );
                continue;
            };
            let text = code.to_string();
            if text == "Ok" {
                self.report(
                    codes::OK_AMONG_FAILURES,
                    element,
                    format!("`Ok` means success, and `{name}` lists failures; take it out"),
                );
            } else if !CODES.contains(&text.as_str()) {
                self.report(codes::NOT_A_STATUS_CODE, element, unknown_code(&text));
            } else if seen.contains(&text) {
                self.report(
                    codes::DUPLICATE_VALUE,
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

    pub(crate) fn report(
        &self,
        code: Code,
        expr: &Expr,
        message: impl std::fmt::Display,
    ) -> Option<TokenStream> {
        self.cx.error_on(code, expr, message);
        None
    }
}

fn unknown_code(name: &str) -> String {
    match nearest(&name.replace('_', ""), &CODES) {
        Some(near) => format!("unknown status code `{name}`; did you mean `{near}`?"),
        None => format!("unknown status code `{name}`; expected one such as `Unavailable`"),
    }
}

/// Whether Rust knows this suffix. Syn also parses `1k` as an integer literal.
fn is_integer_suffix(suffix: &str) -> bool {
    let digits = suffix.strip_prefix(['u', 'i']);
    suffix.is_empty()
        || digits.is_some_and(|it| matches!(it, "8" | "16" | "32" | "64" | "128" | "size"))
}

pub(crate) fn is_level(text: &str) -> bool {
    LEVELS.contains(&text)
}

/// The level that a bare `info` or `INFO` means.
fn bare_level(expr: &Expr) -> Option<String> {
    let Expr::Path(path) = expr else {
        return None;
    };
    let name = path.path.get_ident()?.to_string().to_lowercase();
    is_level(&name).then_some(name)
}

/// `info` of `tracing::INFO`, `log::Level::Info` and `LevelFilter::INFO`. None of them is a `tracing::Level`.
fn level_of_other_type(expr: &Expr) -> Option<String> {
    let Expr::Path(path) = expr else {
        return None;
    };
    let mut backwards = path.path.segments.iter().rev();
    let (level, parent) = (backwards.next()?.ident.to_string(), backwards.next()?);
    let is_level_of = |parent: &str| match parent {
        "tracing" | "log" | "LevelFilter" => true,
        "Level" => level != level.to_uppercase(),
        _ => false,
    };
    let word = level.to_lowercase();
    (is_level(&word) && is_level_of(&parent.ident.to_string())).then_some(word)
}

/// `INFO` of `Level::INFO` and of `tracing::Level::INFO`.
fn named_level(path: &syn::Path) -> Option<&Ident> {
    let mut backwards = path.segments.iter().rev().map(|segment| &segment.ident);
    let (level, parent) = (backwards.next()?, backwards.next()?);
    let name = level.to_string();
    let is_named =
        parent == "Level" && name == name.to_uppercase() && is_level(&name.to_lowercase());
    is_named.then_some(level)
}

/// Whether an expression is the name of a status code.
pub(crate) fn is_code(expr: &Expr) -> bool {
    last_ident(expr).is_some_and(|code| CODES.contains(&code.to_string().as_str()))
}

/// The identifier of `Unavailable`, `Code::Unavailable` or `tonic::Code::Unavailable`.
fn last_ident(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}
