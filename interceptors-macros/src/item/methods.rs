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

#[derive(PartialEq, Eq)]
pub(crate) enum Spelled {
    /// `login`
    Rust(String),
    /// `"Login"`
    Rpc(String),
    /// `"/user.v1.UserService/Login"`
    Path { service: String, method: String },
    /// `"/user.v1.UserService/*"`
    Service(String),
    /// Whatever else is beneath a service; no list has it.
    Beneath(String),
    /// `"GET /healthz"`
    Http { method: String, path: String },
}

impl Spelled {
    /// As a list of a channel or a server has it.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Rust(name) | Self::Rpc(name) => name.clone(),
            Self::Path { service, method } => format!("/{service}/{method}"),
            Self::Service(service) => format!("/{service}/*"),
            Self::Beneath(service) => format!("/{service}/**"),
            Self::Http { method, path } => format!("{method} {path}"),
        }
    }
}

/// How a channel's lists name methods.
pub(crate) const FULL_PATH: &str = "a channel serves any service; write the method's full path, such as `\"/user.v1.UserService/Login\"`";

/// How a server's lists name what may be asked for.
pub(crate) const FORMS: &str = "a server has any service; write a method's full path (`\"/user.v1.UserService/Login\"`), all methods of a service (`\"/grpc.health.v1.Health/*\"`), or what is not gRPC (`\"GET /healthz\"`)";

/// `"/grpc.health.v1.Health/*"` or `"GET /healthz"`
fn form_of_server(text: &str) -> Option<Spelled> {
    if let Some((method, path)) = text.split_once(' ') {
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_legal = |byte: u8| byte.is_ascii_graphic() && !b"?#*".contains(&byte);
        return (is_method && path.starts_with('/') && path.bytes().all(is_legal)).then(|| {
            Spelled::Http {
                method: method.to_owned(),
                path: path.to_owned(),
            }
        });
    }
    let (service, method) = text.strip_prefix('/')?.split_once('/')?;
    match method {
        "*" if is_service_name(service) => Some(Spelled::Service(service.to_owned())),
        _ if is_service_name(service) && is_identifier(method) => Some(Spelled::Path {
            service: service.to_owned(),
            method: method.to_owned(),
        }),
        _ => None,
    }
}

/// `[login, "Login", "/user.v1.UserService/Login"]`
pub(crate) fn methods(
    cx: &Ctxt,
    mount: Mount,
    key: &Ident,
    expr: &Expr,
    may_be_empty: bool,
) -> Vec<MethodRef> {
    let Expr::Array(list) = expr else {
        let message = match mount {
            Mount::Server => {
                format!("`{key}` must be a list: `{key} = [\"/user.v1.UserService/Login\"]`")
            }
            _ => format!("`{key}` must be a list of methods: `{key} = [login]`"),
        };
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
        Expr::Path(_) if mount == Mount::Server => None,
        Expr::Path(path) => path
            .path
            .get_ident()
            .map(|name| Spelled::Rust(name.unraw().to_string())),
        _ => match literal(expr) {
            Some(Lit::Str(text)) if mount == Mount::Server => form_of_server(&text.value()),
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
                Mount::Server => FORMS,
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
