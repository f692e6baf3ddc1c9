//! `by = Inbound`: an entry of a service uses the result of the same entry on a server's struct.

use quote::ToTokens;
use syn::{Expr, Type};

use crate::codes;
use crate::ctxt::Ctxt;

/// Reads the type of the struct.
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

/// The type, as the plan shows it.
pub(crate) fn shown_mount(ty: &Type) -> String {
    let shown = ty.to_token_stream().to_string().replace(' ', "");
    shown.replace("::<", "<")
}
