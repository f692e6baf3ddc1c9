use proc_macro2::TokenStream;
use syn::Expr;
use syn::parse::{ParseStream, Parser};

use super::entry::{Entry, Listed, ValueContext};
use super::reader::Reader;
use super::row::{Fit, Positional, Row, Sees, Start, Times};
use crate::codes;
use crate::text::source::source;
use crate::text::summary::summary;

pub(crate) static ROW: Row = Row {
    name: "with",
    aliases: &["interceptor", "use", "custom"],
    times: Times::Any,
    sees: Sees::Depends,
    doc: "an interceptor of yours, as a value",
    start: Start::Nothing,
    example: "with(self.audit)",
    positional: Positional::Own,
    fit: Fit::CheckedPerMethod,
    runs_user_code: true,
    ..Row::DEFAULT
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
            "a closure is not an interceptor; implement `Interceptor` for a type, and give `with` a value of it",
        );
        return None;
    }
    if let Expr::Assign(assign) = &expr {
        let value = source(&assign.right);
        let message = format!("`with` takes the interceptor without a name: `with({value})`");
        reader.cx.error_on(codes::UNEXPECTED_NAME, &expr, message);
        return None;
    }
    if let Some(second) = second_interceptor(&rest) {
        let (first, second_text) = (source(&expr), source(&second));
        let message = format!(
            "`with` takes one interceptor; list each: `with({first}), with({second_text})`"
        );
        reader
            .cx
            .error_on(codes::TWO_INTERCEPTORS, &second, message);
        return None;
    }
    let mut reading = reader.read(rest)?;
    reading.shown.push(("value".to_owned(), summary(&expr)));
    Some(reading.listed(With(expr)))
}

/// A second value without a name. Settings have names, so it has to be a second interceptor.
fn second_interceptor(rest: &TokenStream) -> Option<Expr> {
    let parser = |input: ParseStream<'_>| {
        let expr: Expr = input.parse()?;
        let _: TokenStream = input.parse()?;
        Ok(expr)
    };
    let expr = parser.parse2(rest.clone()).ok()?;
    let is_name = matches!(&expr, Expr::Path(path) if path.path.get_ident().is_some_and(|name| !name.to_string().starts_with(char::is_uppercase)));
    let is_setting = matches!(expr, Expr::Assign(_) | Expr::Lit(_));
    (!is_name && !is_setting).then_some(expr)
}

impl Entry for With {
    fn is_user_code(&self) -> bool {
        true
    }

    fn given(&self) -> Option<&Expr> {
        Some(&self.0)
    }

    fn is_given(&self) -> bool {
        true
    }

    fn value(&self, context: &ValueContext<'_>) -> TokenStream {
        context.borrowed(&self.0)
    }
}
