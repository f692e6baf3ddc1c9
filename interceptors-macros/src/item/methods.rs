use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, Member};

use super::mount::Mount;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::literals::literal;
use crate::text::words::pascal_case;

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
    /// `"GET /healthz"`, on a server.
    Http { method: String, path: String },
    /// `idempotent`, on a channel or a server: the methods that the descriptors mark so.
    Idempotent,
}

impl MethodRef {
    /// `login`, or `Login` of a path.
    pub(crate) fn name(&self) -> &str {
        match &self.spelled {
            Spelled::Rust(name) | Spelled::Rpc(name) => name,
            Spelled::Path { method, .. } => method,
            Spelled::Http { path, .. } => path,
            Spelled::Idempotent => "idempotent",
        }
    }

    /// `/user.v1.UserService/Login` or `/user.v1.UserService/*`
    pub(crate) fn path(&self) -> Option<String> {
        match &self.spelled {
            Spelled::Path { service, method } => Some(format!("/{service}/{method}")),
            _ => None,
        }
    }

    /// The path, or `GET /healthz`.
    pub(crate) fn form(&self) -> Option<String> {
        match &self.spelled {
            Spelled::Http { method, path } => Some(format!("{method} {path}")),
            _ => self.path(),
        }
    }

    /// Whether it names a service, and what has this form is beneath that. A router may know paths that are the name of no RPC, and
    /// what is closed with a service is closed with all of it.
    pub(crate) fn is_above(&self, form: &str) -> bool {
        let asked = form.split_once(' ').map_or(form, |(_, path)| path);
        let path = self.path();
        let service = path.as_deref().and_then(|path| path.strip_suffix('*'));
        service.is_some_and(|service| asked.starts_with(service))
    }

    /// Whether it names what has this form, by itself or with its service.
    pub(crate) fn is_for(&self, form: &str) -> bool {
        let Some(path) = self.path() else {
            let listed = self.form();
            // The handler of a `GET` also answers a `HEAD`.
            let get = form.strip_prefix("HEAD ").map(|path| format!("GET {path}"));
            return listed.as_deref() == Some(form) || get.is_some() && listed == get;
        };
        let asked = form.split_once(' ').map_or(form, |(_, path)| path);
        match path.strip_suffix('*') {
            Some(service) => match asked.strip_prefix(service) {
                Some(method) => is_identifier(method) || method == "*",
                None => false,
            },
            None => path == asked,
        }
    }
}

/// How a channel's lists name methods. `name` is what was written.
pub(crate) fn full_path(name: &str) -> String {
    let rpc = match is_identifier(name) {
        true => pascal_case(name),
        false => "Login".to_owned(),
    };
    format!(
        "a channel may call any service; write the method's full path, such as `\"/user.v1.UserService/{rpc}\"`"
    )
}

/// How a server's lists name what may be asked for.
pub(crate) const FORMS: &str = "a server may have several services; write a method's full path (`\"/user.v1.UserService/Login\"`), all methods of a service (`\"/grpc.health.v1.Health/*\"`), or what is not gRPC (`\"GET /healthz\"`)";

/// `"/grpc.health.v1.Health/*"` or `"GET /healthz"`
fn form_of_server(text: &str) -> Option<Spelled> {
    if let Some((method, path)) = text.split_once(' ') {
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        // A parameter of axum, `/users/{id}`, would match nothing either.
        let is_legal = |byte: u8| byte.is_ascii_graphic() && !b"?#*{}".contains(&byte);
        return (is_method && path.starts_with('/') && path.bytes().all(is_legal)).then(|| {
            Spelled::Http {
                method: method.to_owned(),
                path: path.to_owned(),
            }
        });
    }
    let (service, method) = text.strip_prefix('/')?.split_once('/')?;
    let is_form = is_service_name(service) && (is_identifier(method) || method == "*");
    is_form.then(|| Spelled::Path {
        service: service.to_owned(),
        method: method.to_owned(),
    })
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
        cx.error_on(codes::NOT_A_METHOD, expr, message);
        return Vec::new();
    };
    if list.elems.is_empty() && !may_be_empty {
        let message = format!("`{key}` names no method; name one, or take it out");
        cx.error_on(codes::EMPTY, expr, message);
    }
    let methods = list.elems.iter();
    methods
        .filter_map(|element| method(cx, mount, element))
        .collect()
}

fn method(cx: &Ctxt, mount: Mount, expr: &Expr) -> Option<MethodRef> {
    let spelled = match expr {
        Expr::Path(path) if mount.is_struct() && path.path.is_ident("idempotent") => {
            Some(Spelled::Idempotent)
        }
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
        let message = match mount {
            Mount::Channel => full_path(&meant(expr).unwrap_or_default().replace('"', "")),
            Mount::Server => FORMS.to_owned(),
            _ => match meant(expr) {
                Some(name) => format!("a method is named by its name alone; write `{name}`"),
                None => {
                    "expected a method: `login`, `\"Login\"` or `\"/user.v1.UserService/Login\"`"
                        .to_owned()
                }
            },
        };
        cx.error_on(codes::NOT_A_METHOD, expr, message);
        return None;
    };
    Some(MethodRef {
        span: expr.span(),
        spelled,
    })
}

/// `login` of `UserService::login`, `self.login` and `login()`, and `"Login"` of `"/Login"`.
fn meant(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        },
        Expr::Call(call) if call.args.is_empty() => meant(&call.func),
        Expr::MethodCall(call) if call.args.is_empty() => Some(call.method.to_string()),
        _ => match literal(expr) {
            Some(Lit::Str(text)) => {
                let text = text.value();
                let name = text.strip_prefix('/').filter(|name| is_identifier(name))?;
                Some(format!("\"{name}\""))
            }
            _ => None,
        },
    }
}

pub(crate) fn is_identifier(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(legal) && !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit())
}

pub(crate) fn is_service_name(text: &str) -> bool {
    text.split('.').all(is_identifier)
}
