use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Lit, Member};

use super::mount::Mount;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::literals::literal;
use crate::text::words::pascal_case;

/// The methods that an entry is for.
pub(crate) enum Selector {
    All,
    Only(Vec<MethodRef>),
    Except(Vec<MethodRef>),
}

/// An element of a list of methods.
pub(crate) struct MethodRef {
    pub(crate) span: Span,
    pub(crate) spelling: Spelling,
}

pub(crate) enum Spelling {
    /// `login`
    Rust(String),
    /// `"Login"`
    Rpc(String),
    /// `"/user.v1.UserService/Login"`
    Path { service: String, method: String },
    /// `"GET /healthz"`: a plain HTTP request. Only on a server.
    Http { method: String, path: String },
    /// `idempotent`: the methods that are marked so in the descriptors. Only on a channel or a server.
    Idempotent,
}

impl MethodRef {
    /// The method's name as it was written. For a path, its last part.
    pub(crate) fn name(&self) -> &str {
        match &self.spelling {
            Spelling::Rust(name) | Spelling::Rpc(name) => name,
            Spelling::Path { method, .. } => method,
            Spelling::Http { path, .. } => path,
            Spelling::Idempotent => "idempotent",
        }
    }

    /// `/user.v1.UserService/Login` or `/user.v1.UserService/*`
    pub(crate) fn path(&self) -> Option<String> {
        match &self.spelling {
            Spelling::Path { service, method } => Some(format!("/{service}/{method}")),
            _ => None,
        }
    }

    /// The path, or `GET /healthz` for a plain HTTP request.
    pub(crate) fn pattern(&self) -> Option<String> {
        match &self.spelling {
            Spelling::Http { method, path } => Some(format!("{method} {path}")),
            _ => self.path(),
        }
    }

    /// Whether this is `/service/*` and the path of `pattern` begins with `/service/`.
    ///
    /// It also matches paths that cannot be RPCs. A router may serve some below the path of a service, and a policy for the
    /// whole service has to cover them too.
    pub(crate) fn is_service_of(&self, pattern: &str) -> bool {
        let asked = pattern.split_once(' ').map_or(pattern, |(_, path)| path);
        let path = self.path();
        let service = path.as_deref().and_then(|path| path.strip_suffix('*'));
        service.is_some_and(|service| asked.starts_with(service))
    }

    /// Whether this names the RPC or the HTTP request of `pattern`, alone or by its service.
    pub(crate) fn matches_request(&self, pattern: &str) -> bool {
        let Some(path) = self.path() else {
            let listed = self.pattern();
            // The handler of a `GET` request also answers `HEAD` requests.
            let get = pattern
                .strip_prefix("HEAD ")
                .map(|path| format!("GET {path}"));
            return listed.as_deref() == Some(pattern) || get.is_some() && listed == get;
        };
        let asked = pattern.split_once(' ').map_or(pattern, |(_, path)| path);
        match path.strip_suffix('*') {
            Some(service) => match asked.strip_prefix(service) {
                Some(method) => is_identifier(method) || method == "*",
                None => false,
            },
            None => path == asked,
        }
    }
}

/// The message for a channel's list that does not use full paths. `name` is what was written.
pub(crate) fn full_path(name: &str) -> String {
    let rpc = match is_identifier(name) {
        true => pascal_case(name),
        false => "Login".to_owned(),
    };
    format!(
        "a channel may call any service; write the method's full path, such as `\"/user.v1.UserService/{rpc}\"`"
    )
}

/// The message for an element of a server's list that has none of the three forms.
pub(crate) const SERVER_PATTERNS: &str = "a server may have several services; write a method's full path (`\"/user.v1.UserService/Login\"`), all methods of a service (`\"/grpc.health.v1.Health/*\"`), or what is not gRPC (`\"GET /healthz\"`)";

/// `"/grpc.health.v1.Health/*"` or `"GET /healthz"`
fn parse_server_pattern(text: &str) -> Option<Spelling> {
    if let Some((method, path)) = text.split_once(' ') {
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        // A parameter of axum, `/users/{id}`, would match nothing either.
        let is_legal = |byte: u8| byte.is_ascii_graphic() && !b"?#*{}".contains(&byte);
        return (is_method && path.starts_with('/') && path.bytes().all(is_legal)).then(|| {
            Spelling::Http {
                method: method.to_owned(),
                path: path.to_owned(),
            }
        });
    }
    let (service, method) = text.strip_prefix('/')?.split_once('/')?;
    let is_pattern = is_service_name(service) && (is_identifier(method) || method == "*");
    is_pattern.then(|| Spelling::Path {
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
    let spelling = match expr {
        Expr::Path(path) if mount.is_struct() && path.path.is_ident("idempotent") => {
            Some(Spelling::Idempotent)
        }
        Expr::Path(_) if mount == Mount::Server => None,
        Expr::Path(path) => path
            .path
            .get_ident()
            .map(|name| Spelling::Rust(name.unraw().to_string())),
        _ => match literal(expr) {
            Some(Lit::Str(text)) if mount == Mount::Server => parse_server_pattern(&text.value()),
            Some(Lit::Str(text)) => match text.value().strip_prefix('/') {
                None => Some(Spelling::Rpc(text.value())),
                Some(path) => path
                    .split_once('/')
                    .map(|(service, method)| Spelling::Path {
                        service: service.to_owned(),
                        method: method.to_owned(),
                    }),
            },
            _ => None,
        },
    };
    let Some(spelling) = spelling else {
        let message = match mount {
            Mount::Channel => full_path(&suggested_name(expr).unwrap_or_default().replace('"', "")),
            Mount::Server => SERVER_PATTERNS.to_owned(),
            _ => match suggested_name(expr) {
                Some(name) => format!("a list contains names of methods; write `{name}`"),
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
        spelling,
    })
}

/// What to write instead: `login` for `UserService::login`, `self.login` and `login()`; `"Login"` for `"/Login"`.
fn suggested_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name.to_string()),
            Member::Unnamed(_) => None,
        },
        Expr::Call(call) if call.args.is_empty() => suggested_name(&call.func),
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
