//! `by = Inbound`: what a service's entry relies on that a server's struct in front of it has found out.

use quote::ToTokens;
use syn::{Expr, Type};

use crate::codes;
use crate::ctxt::Ctxt;

/// The type of the struct.
pub(crate) fn read_mount(cx: &Ctxt, expr: &Expr) -> Option<Type> {
    let ty = match expr {
        Expr::Path(_) => syn::parse2(expr.to_token_stream()).ok(),
        _ => None,
    };
    if ty.is_none() {
        cx.error_on(
            codes::NOT_A_NAME,
            expr,
            "`by` must be the type of the server's struct, such as `by = Inbound`",
        );
    }
    ty
}

/// As the plan shows it.
pub(crate) fn shown_mount(ty: &Type) -> String {
    let shown = ty.to_token_stream().to_string().replace(' ', "");
    shown.replace("::<", "<")
}
