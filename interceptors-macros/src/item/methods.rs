use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit};

use super::mount::Mount;
use crate::ctxt::Ctxt;
use crate::text::literals::literal;

/// Which methods an entry is for.
pub(crate) enum Selector {
    All,
    Only(Vec<MethodRef>),
    Except(Vec<MethodRef>),
}

/// A method, as a list names it.
pub(crate) struct MethodRef {
    pub(crate) span: Span,
    pub(crate) spelled: Spelled,
}

pub(crate) enum Spelled {
    /// `login`
    Rust(String),
    /// `"Login"`
    Rpc(String),
    /// `"/user.v1.UserService/Login"`
    Path { service: String, method: String },
    /// `idempotent`, on a channel: the methods that the descriptors mark so.
    Idempotent,
}

impl MethodRef {
    /// `/user.v1.UserService/Login` or `/user.v1.UserService/*`
    pub(crate) fn path(&self) -> Option<String> {
        match &self.spelled {
            Spelled::Path { service, method } => Some(format!("/{service}/{method}")),
            _ => None,
        }
    }

    /// Whether it names the method of this path, by itself or with its service.
    pub(crate) fn is_for(&self, path: &str) -> bool {
        self.path()
            .is_some_and(|named| match named.strip_suffix('*') {
                Some(service) => path.starts_with(service),
                None => path == named,
            })
    }
}

/// How a channel's lists name methods.
pub(crate) const FULL_PATH: &str = "a channel serves any service; write the method's full path, such as `\"/user.v1.UserService/Login\"`";

/// `[login, "Login", "/user.v1.UserService/Login"]`
pub(crate) fn methods(
    cx: &Ctxt,
    mount: Mount,
    key: &Ident,
    expr: &Expr,
    may_be_empty: bool,
) -> Vec<MethodRef> {
    let Expr::Array(list) = expr else {
        let message = format!("`{key}` must be a list of methods: `{key} = [login]`");
        cx.error_on(expr, message);
        return Vec::new();
    };
    if list.elems.is_empty() && !may_be_empty {
        let message = format!("`{key}` names no method; name one, or take it out");
        cx.error_on(expr, message);
    }
    let methods = list.elems.iter();
    methods
        .filter_map(|element| method(cx, mount, element))
        .collect()
}

fn method(cx: &Ctxt, mount: Mount, expr: &Expr) -> Option<MethodRef> {
    let spelled = match expr {
        Expr::Path(path) if mount == Mount::Channel && path.path.is_ident("idempotent") => {
            Some(Spelled::Idempotent)
        }
        Expr::Path(path) => path
            .path
            .get_ident()
            .map(|name| Spelled::Rust(name.unraw().to_string())),
        _ => match literal(expr) {
            Some(Lit::Str(text)) => match text.value().strip_prefix('/') {
                None => Some(Spelled::Rpc(text.value())),
                Some(path) => path.split_once('/').map(|(service, method)| Spelled::Path {
                    service: service.to_owned(),
                    method: method.to_owned(),
                }),
            },
            _ => None,
        },
    };
    let Some(spelled) = spelled else {
        cx.error_on(
            expr,
            match mount {
                Mount::Channel => FULL_PATH,
                _ => "expected a method: `login`, `\"Login\"` or `\"/user.v1.UserService/Login\"`",
            },
        );
        return None;
    };
    Some(MethodRef {
        span: expr.span(),
        spelled,
    })
}

pub(crate) fn is_identifier(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(legal) && !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit())
}

pub(crate) fn is_service_name(text: &str) -> bool {
    text.split('.').all(is_identifier)
}
