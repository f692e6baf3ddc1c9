use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Token, token};

use crate::ctxt::Ctxt;

/// One element of a list of arguments, before it has a meaning.
pub(crate) struct Arg {
    pub(crate) name: Ident,
    pub(crate) value: ArgValue,
}

pub(crate) enum ArgValue {
    /// `name`
    None,
    /// `name = expr`, perhaps with a sigil in front: `name = %expr`
    Expr(Box<Expr>),
    /// `name(…)`
    List(TokenStream),
}

/// Parses `a, b = expr, c(…)`. What is wrong in one element does not hide the others.
pub(crate) fn parse_args(cx: &Ctxt, tokens: TokenStream) -> Vec<Arg> {
    let parser = |input: ParseStream<'_>| {
        let mut args = Vec::new();
        while !input.is_empty() {
            match parse_arg(input) {
                Ok(arg) => args.push(arg),
                Err(error) => {
                    cx.push(error);
                    skip_to_comma(input)?;
                }
            }
            if input.is_empty() {
                break;
            }
            if let Err(error) = input.parse::<Token![,]>() {
                cx.push(error);
                skip_to_comma(input)?;
                input.parse::<Option<Token![,]>>()?;
            }
        }
        Ok(args)
    };
    cx.ok(parser.parse2(tokens)).unwrap_or_default()
}

fn parse_arg(input: ParseStream<'_>) -> syn::Result<Arg> {
    // `crate` is a keyword, so `parse_any`.
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected the name of an interceptor or of a setting"));
    }
    let name = input.call(Ident::parse_any)?;
    let value = if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        ArgValue::Expr(Box::new(parse_value(
            input,
            &name.to_string(),
            name.span(),
        )?))
    } else if input.peek(token::Paren) {
        let content;
        syn::parenthesized!(content in input);
        ArgValue::List(content.parse()?)
    } else {
        ArgValue::None
    };
    Ok(Arg { name, value })
}

/// The value of `name`. The end of a list has no place of its own, so what is not finished there is told at the name.
pub(crate) fn parse_value(input: ParseStream<'_>, name: &str, span: Span) -> syn::Result<Expr> {
    if input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{name}` needs a value: `{name} = …`");
        return Err(syn::Error::new(span, message));
    }
    input.parse().map_err(|error: syn::Error| {
        if error.to_string().starts_with("unexpected end of input") {
            let message =
                format!("the value of `{name}` is not finished; write the rest of the expression");
            return syn::Error::new(span, message);
        }
        error
    })
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

/// The settings of one entry. Each can be taken once, under its one name.
pub(crate) struct Settings<'c> {
    cx: &'c Ctxt,
    given: Vec<Arg>,
    /// Whether all of them could be read. Otherwise one that is missing may be among those that could not.
    pub(crate) is_complete: bool,
}

impl<'c> Settings<'c> {
    /// Reports unknown and repeated settings; what remains is known and there once.
    pub(crate) fn new(cx: &'c Ctxt, tokens: TokenStream, known: &[&str]) -> Self {
        let errors = cx.errors();
        let mut given: Vec<Arg> = Vec::new();
        for arg in parse_args(cx, tokens) {
            let name = &arg.name;
            if !known.contains(&name.to_string().as_str()) {
                cx.error_on(name, unknown("setting", &name.to_string(), known));
            } else if given.iter().any(|earlier| earlier.name == *name) {
                cx.error_on(name, format!("duplicate setting `{name}`; take one out"));
            } else {
                given.push(arg);
            }
        }
        let is_complete = cx.errors() == errors;
        Self {
            cx,
            given,
            is_complete,
        }
    }

    /// `name = expr`
    pub(crate) fn expr(&mut self, name: &str) -> Option<(Ident, Expr)> {
        let Arg { name, value } = self.take(name)?;
        match value {
            ArgValue::Expr(expr) => Some((name, *expr)),
            _ => {
                self.cx
                    .error_on(&name, format!("`{name}` needs a value: `{name} = …`"));
                None
            }
        }
    }

    /// `name(…)`
    pub(crate) fn list(&mut self, name: &str) -> Option<(Ident, TokenStream)> {
        let Arg { name, value } = self.take(name)?;
        match value {
            ArgValue::List(tokens) => Some((name, tokens)),
            _ => {
                self.cx
                    .error_on(&name, format!("`{name}` needs a list: `{name}(…)`"));
                None
            }
        }
    }

    /// The later of two settings that exclude each other, if both are given.
    pub(crate) fn conflict(&self, a: &str, b: &str) {
        let at = |name| self.given.iter().position(|arg| arg.name == name);
        if let (Some(i), Some(j)) = (at(a), at(b)) {
            let (earlier, later) = (&self.given[i.min(j)].name, &self.given[i.max(j)].name);
            self.cx.error_on(
                later,
                format!("`{later}` cannot be given together with `{earlier}`; keep one of them"),
            );
        }
    }

    fn take(&mut self, name: &str) -> Option<Arg> {
        let index = self.given.iter().position(|arg| arg.name == name)?;
        Some(self.given.remove(index))
    }
}

/// The message for a name that is not one of those known.
pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
        None => {
            let list: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            format!(
                "unknown {what} `{name}`; expected one of {}",
                list.join(", ")
            )
        }
    }
}

pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    // Who writes `attempts` means `max_attempts` and not `attempt_timeout`, which has more letters in common.
    let likeness = |candidate: &&str| match candidate.to_lowercase() {
        candidate if candidate.split('_').any(|word| word == name) => 1.0,
        candidate => strsim::jaro_winkler(&name, &candidate),
    };
    // Of several that are as near, the first.
    let best = known
        .iter()
        .rev()
        .copied()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.8).then_some(best)
}
