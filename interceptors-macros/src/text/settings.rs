use proc_macro2::TokenStream;
use syn::{Expr, Ident};

use super::args::{Arg, ArgValue, parse_args};
use super::words::unknown;
use crate::ctxt::Ctxt;

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
