use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Expr, Lit, LitStr, Path};

use super::methods::{MethodRef, Spelling};
use super::service::Method;
use crate::codes;
use crate::ctxt::Ctxt;
use crate::text::literals::literal;
use crate::text::tokens::without_arguments;
use crate::text::words::{nearest, normalized, pascal_case};

/// The full name of a service, as far as the macro knows it.
pub(crate) enum ServiceName {
    /// `service = …`
    Given(Expr),
    /// The trait's path goes through this generated module, which has a constant `SERVICE_NAME`.
    Module(Path),
    /// Only the trait's identifier is known.
    Derived(String),
}

pub(crate) fn service_name(given: Option<Expr>, trait_path: Option<&Path>) -> ServiceName {
    let trait_path = match (given, trait_path) {
        (Some(expr), _) => return ServiceName::Given(expr),
        (None, Some(path)) => path,
        (None, None) => return ServiceName::Derived(String::new()),
    };
    let segments = &trait_path.segments;
    if segments.len() >= 2
        && segments[segments.len() - 2]
            .ident
            .to_string()
            .ends_with("_server")
        && segments[0].ident != "Self"
    {
        let mut module = without_arguments(trait_path.clone());
        module.segments.pop();
        module.segments.pop_punct();
        return ServiceName::Module(module);
    }
    let ident = segments
        .last()
        .map(|segment| segment.ident.unraw().to_string());
    ServiceName::Derived(ident.unwrap_or_default())
}

/// The RPC's name, and whether it was derived from the Rust name.
///
/// The associated type of a stream has the exact name of its RPC: tonic calls it `GetURLStream` for `GetURL`.
fn rpc_name(method: &Method, given: Option<&LitStr>) -> (String, bool) {
    if let Some(name) = given {
        return (name.value(), false);
    }
    let stream = method
        .stream
        .as_ref()
        .map(|stream| stream.unraw().to_string());
    if let Some(name) = stream
        .as_deref()
        .and_then(|stream| stream.strip_suffix("Stream"))
        && normalized(name) == normalized(&method.name)
    {
        return (name.to_owned(), false);
    }
    (pascal_case(&method.name), true)
}

/// The names of a method.
#[derive(Clone)]
pub(crate) struct MethodNames {
    pub(crate) name: String,
    pub(crate) rpc: String,
    pub(crate) is_derived: bool,
    /// Whether `rpc` has to be compared exactly: it was given, or another method's name differs only in case and underscores.
    pub(crate) is_exact: bool,
}

/// The names of a block's methods. Reports two methods with the same RPC name, unless both have a `#[cfg]`.
pub(crate) fn method_names<'a>(
    cx: &Ctxt,
    methods: impl Iterator<Item = (&'a Method, Option<&'a LitStr>)>,
) -> Vec<MethodNames> {
    let mut all: Vec<MethodNames> = Vec::new();
    let mut have_cfg: Vec<bool> = Vec::new();
    for (method, given) in methods {
        let mut named = MethodNames::of(method, given);
        let has_cfg = !method.cfgs.is_empty();
        for (other, &other_has_cfg) in all.iter_mut().zip(&have_cfg) {
            if other.name == named.name {
                continue;
            }
            if normalized(&other.rpc) == normalized(&named.rpc) {
                (other.is_exact, named.is_exact) = (true, true);
            }
            // With two `#[cfg]`s, perhaps only one of the methods is compiled.
            if other.rpc == named.rpc && !(has_cfg && other_has_cfg) {
                let (a, b, rpc) = (&other.name, &named.name, &named.rpc);
                cx.error_at(
                    codes::SAME_RPC,
                    method.ident().span(),
                    format!("`{a}` and `{b}` are both the RPC `{rpc}` here; say which is which with `#[intercept(name = \"…\")]`"),
                );
            }
        }
        all.push(named);
        have_cfg.push(has_cfg);
    }
    all
}

impl MethodNames {
    fn of(method: &Method, given: Option<&LitStr>) -> Self {
        let (rpc, is_derived) = rpc_name(method, given);
        Self {
            name: method.name.clone(),
            rpc,
            is_derived,
            is_exact: !is_derived,
        }
    }

    /// Whether the method has this RPC name. A derived name may have another case than the proto, so case is ignored.
    fn has_rpc_name(&self, written: &str) -> bool {
        match self.is_derived {
            false => self.rpc == written,
            true => normalized(&self.rpc) == normalized(written),
        }
    }
}

/// Finds the methods that lists name.
pub(crate) struct MethodResolver<'a> {
    pub(crate) cx: &'a Ctxt,
    service: &'a ServiceName,
    pub(crate) methods: &'a [MethodNames],
    /// Services in full paths that only the compiler can compare with this service.
    pub(crate) services_to_compare: Vec<(Span, String)>,
    /// Other services of the same package in full paths.
    pub(crate) package_services: Vec<(Span, String)>,
    /// The number of names that matched no method.
    pub(crate) unresolved: usize,
    /// Whether the policy applies to the clients of all services of a package.
    pub(crate) is_of_package: bool,
}

impl<'a> MethodResolver<'a> {
    pub(crate) fn new(cx: &'a Ctxt, service: &'a ServiceName, methods: &'a [MethodNames]) -> Self {
        Self {
            cx,
            service,
            methods,
            services_to_compare: Vec::new(),
            package_services: Vec::new(),
            unresolved: 0,
            is_of_package: false,
        }
    }

    /// For each method, the place where the list names it.
    pub(crate) fn resolve(&mut self, list: &[MethodRef]) -> Vec<Option<Span>> {
        let mut named = vec![None; self.methods.len()];
        for method_ref in list {
            let indices = self.find(method_ref);
            if indices.iter().any(|&index| named[index].is_some()) {
                let message = format!(
                    "duplicate method `{}`; take one out",
                    self.methods[indices[0]].name
                );
                self.cx
                    .error_at(codes::DUPLICATE_METHOD, method_ref.span, message);
            }
            self.unresolved += usize::from(indices.is_empty());
            for index in indices {
                named[index] = Some(method_ref.span);
            }
        }
        named
    }

    /// The indices of the methods that a name means. There are several if a method is written once for each of several `#[cfg]`s.
    fn find(&mut self, method_ref: &MethodRef) -> Vec<usize> {
        let indices_where = |fits: &dyn Fn(&MethodNames) -> bool| -> Vec<usize> {
            (0..self.methods.len())
                .filter(|&index| fits(&self.methods[index]))
                .collect()
        };
        let (found, written) = match &method_ref.spelling {
            // Only the lists of a server can have these. They name no method of an `impl`.
            Spelling::Http { .. } => return Vec::new(),
            Spelling::Rust(name) => (indices_where(&|method| method.name == *name), name),
            Spelling::Rpc(name) => (indices_where(&|method| method.has_rpc_name(name)), name),
            Spelling::Path {
                service,
                method: name,
            } => {
                if !self.is_this_service(method_ref.span, service) {
                    return Vec::new();
                }
                (indices_where(&|method| method.has_rpc_name(name)), name)
            }
            // Only structs have descriptors.
            Spelling::Idempotent => return Vec::new(),
        };
        // An exact match wins over one that differs in case and underscores.
        let exact = |&index: &usize| self.methods[index].rpc == *written;
        let has_twin = |&index: &usize| self.methods[index].is_exact;
        let found = match &method_ref.spelling {
            Spelling::Rust(_) => found,
            _ if found.iter().any(exact) => found.into_iter().filter(exact).collect(),
            _ if found.iter().any(has_twin) => {
                indices_where(&|method| normalized(&method.rpc) == normalized(written))
            }
            _ => found,
        };
        if let [first, rest @ ..] = &found[..]
            && let Some(other) = rest
                .iter()
                .find(|&&i| self.methods[i].name != self.methods[*first].name)
        {
            let (a, b) = (&self.methods[*first].name, &self.methods[*other].name);
            self.cx.error_at(
                codes::AMBIGUOUS_METHOD,
                method_ref.span,
                format!("this could be `{a}` or `{b}`; write the method's Rust name"),
            );
        }
        if found.is_empty() {
            let code = match is_idempotent(&method_ref.spelling) {
                true => codes::DESCRIPTORS,
                false => codes::UNKNOWN_METHOD,
            };
            let message = self.no_such_method(&method_ref.spelling, written);
            self.cx.error_at(code, method_ref.span, message);
        }
        found
    }

    fn is_this_service(&mut self, span: Span, service: &str) -> bool {
        let own = match self.service {
            ServiceName::Given(expr) => match literal(expr) {
                Some(Lit::Str(own)) => own.value(),
                _ => {
                    self.services_to_compare.push((span, service.to_owned()));
                    return true;
                }
            },
            ServiceName::Module(_) => {
                self.services_to_compare.push((span, service.to_owned()));
                return true;
            }
            ServiceName::Derived(_) => {
                self.cx.error_at(
                    codes::UNKNOWN_SERVICE,
                    span,
                    format!("the full name of this service is not known here; add `service = \"{service}\"`, or name the method alone"),
                );
                return false;
            }
        };
        let package = |service: &str| {
            service
                .rsplit_once('.')
                .map(|(package, _)| package.to_owned())
        };
        if own != service && self.is_of_package && package(&own) == package(service) {
            // The same policy applies to the client of that service, which checks the method's name. The compiler finds
            // out whether the service exists.
            self.package_services.push((span, service.to_owned()));
            return false;
        }
        if own != service {
            self.cx.error_at(
                codes::OTHER_SERVICE,
                span,
                format!("this is the service `{own}`, not `{service}`; a path here begins with `/{own}/`"),
            );
        }
        own == service
    }

    fn no_such_method(&self, spelling: &Spelling, written: &str) -> String {
        let as_rust = matches!(spelling, Spelling::Rust(_));
        let known: Vec<String> = self
            .methods
            .iter()
            .map(|method| {
                if as_rust {
                    method.name.clone()
                } else {
                    method.rpc.clone()
                }
            })
            .collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        if is_idempotent(spelling) {
            return format!(
                "`idempotent` needs `descriptors`, which only a struct has; name the methods here; there is `{}`",
                known.join("`, `")
            );
        }
        match nearest(written, &known) {
            Some(near) => format!("no method `{written}` here; did you mean `{near}`?"),
            None => format!(
                "no method `{written}` here; there is `{}`",
                known.join("`, `")
            ),
        }
    }
}

/// Whether the name is `idempotent`, which only the lists of structs know.
fn is_idempotent(spelling: &Spelling) -> bool {
    matches!(spelling, Spelling::Rust(name) if name == "idempotent")
}
