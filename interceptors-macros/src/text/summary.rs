use syn::{Expr, Path, UnOp};

/// How a plan shows an expression. Literals and arguments are left out, because they may be secrets.
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
