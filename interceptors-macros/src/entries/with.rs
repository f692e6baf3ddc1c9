use proc_macro2::TokenStream;
use syn::Expr;

use super::entry::{Entry, Listed, Spot};
use super::reader::Reader;
use super::row::{Fit, Positional, Row, Sees, Start, Times};
use crate::codes;
use crate::text::summary::summary;

pub(crate) static ROW: Row = Row {
    name: "with",
    also_called: &["interceptor", "use", "custom"],
    times: Times::Any,
    sees: Sees::Depends,
    says: "an interceptor of yours, as a value",
    start: Start::Nothing,
    example: "with(self.audit)",
    positional: Positional::Own,
    fit: Fit::AskedByMethod,
    runs_users_code: true,
    ..Row::USUAL
};

struct With(Expr);

/// `with(expr)`, `with(expr, only = […])`.
pub(crate) fn read(reader: &Reader<'_>, tokens: TokenStream) -> Option<Listed> {
    let missing = "`with` needs an interceptor: `with(self.audit)`";
    let (expr, rest) = reader.value_and_rest(tokens, missing)?;
    if let Expr::Closure(closure) = &expr {
        reader.cx.error_on(
            codes::CLOSURE,
            closure,
            "a closure is no interceptor; implement `Interceptor` for a type, and give `with` a value of it",
        );
        return None;
    }
    let mut reading = reader.read(rest)?;
    reading.shown.push(("value".to_owned(), summary(&expr)));
    Some(reading.listed(With(expr)))
}

impl Entry for With {
    fn is_users_code(&self) -> bool {
        true
    }

    fn given(&self) -> Option<&Expr> {
        Some(&self.0)
    }

    fn is_given(&self) -> bool {
        true
    }

    fn value(&self, spot: &Spot<'_>) -> TokenStream {
        spot.lent(&self.0)
    }
}
